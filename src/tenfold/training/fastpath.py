"""The fast path for tiny batches: a step's gradients without autograd.

In a batch of ten 8×8 pictures a network's arithmetic takes less time than autograd takes to keep
book of it, and an optimizer's less than the calls for each layer. Here all parameters lie in one
vector, each layer knows its own derivative, ``forward`` keeps what ``backward`` needs, and
``backward`` writes the parameters' gradients straight into a vector like theirs. The same numbers
as autograd's (a test holds that) in less than half the time; there is nothing else to it, and the
training loop does without it just as well.

Pictures travel as ``(n, height, width, channels)`` in between, so that a convolution is one matrix
product over its windows.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from tenfold.errors import UsageError
from tenfold.training.losses import make_loss
from tenfold.training.recipe import Recipe


class FastPath:
    """Computes the loss and all gradients of a sequential network by hand.

    Parameters
    ----------
    network : torch.nn.Sequential
        Of convolutions (stride 1, no padding), ReLU, max pooling, dropout, flatten and linear
        layers. Its parameters are moved into one vector and stay usable as before; their ``grad``
        is overwritten by each call.
    recipe : Recipe
        Whose loss is minimised.

    Raises
    ------
    UsageError
        If the network has another kind of layer, or it is not all float32 on the processor.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        if recipe.precision != "float32" or next(network.parameters()).device.type != "cpu":
            raise UsageError("fast_path needs precision = 'float32' and the device cpu.")
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.flat = FlatParameters(network)
        self.loss = make_loss(recipe.loss)
        self._log_cosh = recipe.loss.name == "log-cosh"
        modules = list(network.children())
        weighted = [isinstance(module, nn.Conv2d | nn.Linear) for module in modules]
        self._lowest = weighted.index(True)  # below it nothing needs a gradient
        self._layers = [_layer(module, i == self._lowest) for i, module in enumerate(modules)]

    def __call__(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Leave all gradients in the parameters' ``grad``; return logits and loss.

        Takes pictures ``(n, 1, size, size)`` and targets ``(n, classes)``.
        """
        logits = self.forward(images)
        by_hand = _log_cosh if self._log_cosh else self._by_autograd
        loss, gradient = by_hand(logits, targets)
        self.backward(gradient)
        return logits, loss

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """Turn pictures ``(n, 1, size, size)`` into logits ``(n, classes)``."""
        x = images.permute(0, 2, 3, 1)
        for layer in self._layers:
            x = layer.forward(x)
        return x

    @torch.inference_mode()
    def backward(self, gradient: Tensor) -> None:
        """Write all parameters' gradients, from the loss's gradient by the logits."""
        for layer in reversed(self._layers[self._lowest :]):
            gradient = layer.backward(gradient)

    def _by_autograd(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = logits.clone().requires_grad_()
        loss = self.loss(logits, targets)
        return loss.detach(), torch.autograd.grad(loss, logits)[0]


class FlatParameters:
    """All parameters of a network as views into one vector, with their gradients likewise.

    Parameters
    ----------
    network : torch.nn.Module
        Its parameters are moved into the vector and stay usable as before.

    Attributes
    ----------
    values, gradients : Tensor, shape (count,)
        The parameters and their gradients; kernels and matrices first, then biases and the like.
    whole, matrices, vectors : torch.nn.Parameter
        All of ``values`` and its two parts: what weight decay applies to, and what it does not.
    """

    def __init__(self, network: nn.Module) -> None:
        # A stable sort keeps the layers in order within each part.
        members = sorted(network.parameters(), key=lambda p: p.ndim < 2)
        count = sum(p.numel() for p in members)
        self.values = torch.empty(count, device=members[0].device)
        self.gradients = torch.zeros_like(self.values)
        offset = 0
        for p in members:
            part = slice(offset, offset + p.numel())
            value = _view(self.values[part], p)
            value.copy_(p.detach())
            p.data = value
            p.grad = _view(self.gradients[part], p)
            offset = part.stop
        split = sum(p.numel() for p in members if p.ndim >= 2)
        self.matrices = nn.Parameter(self.values[:split])
        self.vectors = nn.Parameter(self.values[split:])
        self.whole = nn.Parameter(self.values)
        self.whole.grad = self.gradients
        self.matrices.grad = self.gradients[:split]
        self.vectors.grad = self.gradients[split:]

    def groups(self, decay: float) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Return what weight decay applies to and what it does not, in as few parts as it takes."""
        return ([self.matrices], [self.vectors]) if decay else ([self.whole], [])


def _view(part: Tensor, like: Tensor) -> Tensor:
    """Shape a stretch of the vector like a weight, channels-last where the weight is."""
    if like.ndim == 4 and not like.is_contiguous():
        o, i, h, w = like.shape
        return part.view(o, h, w, i).permute(0, 3, 1, 2)
    return part.view_as(like)


@torch.inference_mode()
def _log_cosh(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return log-cosh and its gradient by the logits: half of autograd's operations."""
    probabilities = functional.softmax(logits, dim=1)
    error = probabilities - targets
    # log(cosh(x)) = x + softplus(-2x) - log 2
    loss = (error + functional.softplus(-2 * error)).mean() - math.log(2)
    weighted = error.tanh_().mul_(probabilities).div_(error.numel())
    through_softmax = weighted.addcmul_(probabilities, weighted.sum(dim=1, keepdim=True), value=-1)
    return loss, through_softmax


class Layer(Protocol):
    """One step of the network, forth and back."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output for a batch."""

    def backward(self, gradient: Tensor) -> Tensor:
        """Take the loss's gradient by the output, return that by the input."""


def _layer(module: nn.Module, first: bool) -> Layer:
    if isinstance(module, nn.Conv2d) and module.stride == (1, 1) and module.padding == (0, 0):
        return _Convolution(module, first)
    if isinstance(module, nn.Linear):
        return _Linear(module, first)
    if isinstance(module, nn.MaxPool2d):
        return _MaxPool(int(module.kernel_size))  # type: ignore[arg-type]
    if isinstance(module, nn.Dropout):
        return _Dropout(module.p)
    plain: dict[type[nn.Module], type[Layer]] = {nn.ReLU: _ReLU, nn.Flatten: _Flatten}
    if type(module) not in plain:
        raise UsageError(
            f"fast_path does not know {type(module).__name__}; leave it out, or take the networks "
            "tutorial, mlp or linear."
        )
    return plain[type(module)]()


class _Linear:
    def __init__(self, module: nn.Linear, first: bool) -> None:
        self._weight, self._bias, self._first = module.weight.detach(), module.bias.detach(), first
        self._to_weight, self._to_bias = _gradient(module.weight), _gradient(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        self._x = x
        return torch.addmm(self._bias, x, self._weight.t())

    def backward(self, gradient: Tensor) -> Tensor:
        torch.mm(gradient.t(), self._x, out=self._to_weight)
        torch.sum(gradient, 0, out=self._to_bias)
        return gradient if self._first else torch.mm(gradient, self._weight)


class _Convolution:
    def __init__(self, module: nn.Conv2d, first: bool) -> None:
        if module.bias is None:
            raise UsageError("fast_path needs convolutions with a bias.")
        self._outputs, self._inputs, self._side, _ = module.weight.shape
        self._weight, self._bias, self._first = _rows(module.weight), module.bias.detach(), first
        self._to_weight, self._to_bias = _rows(_gradient(module.weight)), _gradient(module.bias)
        self._cut_from: dict[int, Tensor] = {}  # by batch size

    def forward(self, x: Tensor) -> Tensor:
        n, height, width, channels = self._shape = x.shape
        side, (a, b, c, d) = self._side, x.stride()
        h, w = height - side + 1, width - side + 1
        windows = x.as_strided((n, h, w, side, side, channels), (a, b, c, b, c, d))
        self._windows = windows.reshape(n * h * w, side * side * channels)
        out = torch.addmm(self._bias, self._windows, self._weight.t())
        return out.view(n, h, w, self._outputs)

    def backward(self, gradient: Tensor) -> Tensor:
        n, h, w, _ = gradient.shape
        rows = gradient.reshape(n * h * w, self._outputs)
        torch.mm(rows.t(), self._windows, out=self._to_weight)
        torch.sum(rows, 0, out=self._to_bias)
        if self._first:
            return gradient
        # Each window's gradient goes back to the pixels it was cut from.
        windows = torch.mm(rows, self._weight).view(-1, self._inputs)
        pixels = windows.new_zeros(self._shape)
        pixels.view(-1, self._inputs).index_add_(0, self._places(n), windows)
        return pixels

    def _places(self, n: int) -> Tensor:
        """For each pixel of each window, in order, the pixel of the batch it was cut from."""
        if n not in self._cut_from:
            _, height, width, _ = self._shape
            h, w = height - self._side + 1, width - self._side + 1
            pixels = torch.arange(n * height * width).view(n, height, width)
            a, b, c = pixels.stride()
            cut = pixels.as_strided((n, h, w, self._side, self._side), (a, b, c, b, c))
            self._cut_from[n] = cut.flatten()
        return self._cut_from[n]


class _ReLU:
    def forward(self, x: Tensor) -> Tensor:
        self._out = x.relu_()
        return self._out

    def backward(self, gradient: Tensor) -> Tensor:
        return torch.ops.aten.threshold_backward(gradient, self._out, 0)  # type: ignore[no-any-return]


class _MaxPool:
    def __init__(self, side: int) -> None:
        self._side = side

    def forward(self, x: Tensor) -> Tensor:
        self._x = x.permute(0, 3, 1, 2)
        out, self._where = nn.functional.max_pool2d_with_indices(self._x, [self._side, self._side])
        return out.permute(0, 2, 3, 1)

    def backward(self, gradient: Tensor) -> Tensor:
        sides = [self._side, self._side]
        spread: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            gradient.permute(0, 3, 1, 2), self._x, sides, sides, [0, 0], [1, 1], False, self._where
        )
        return spread.permute(0, 2, 3, 1)


class _Dropout:
    def __init__(self, share: float) -> None:
        self._share = share

    def forward(self, x: Tensor) -> Tensor:
        # What is kept is scaled up, so that the sum stays the same on average.
        self._kept = torch.rand(x.shape).ge_(self._share).mul_(1 / (1 - self._share))
        return x * self._kept

    def backward(self, gradient: Tensor) -> Tensor:
        return gradient * self._kept


class _Flatten:
    def forward(self, x: Tensor) -> Tensor:
        self._shape = x.shape
        # in torch's order, channels first, which is that of the weights behind it
        return x.permute(0, 3, 1, 2).reshape(len(x), -1)

    def backward(self, gradient: Tensor) -> Tensor:
        n, height, width, channels = self._shape
        return gradient.view(n, channels, height, width).permute(0, 2, 3, 1).contiguous()


def _gradient(parameter: Tensor) -> Tensor:
    if parameter.grad is None:
        raise ValueError("the parameters' gradients must be set")
    return parameter.grad


def _rows(kernels: Tensor) -> Tensor:
    """View channels-last kernels ``(o, i, h, w)`` as one row ``(h, w, i)`` an output."""
    return kernels.detach().permute(0, 2, 3, 1).view(len(kernels), -1)
