"""Backpropagation by hand, for small plain networks in small batches.

In a batch of ten 8×8 pictures a network's arithmetic takes less time than autograd takes to keep
book of it. Here each layer knows its own derivative: ``forward`` keeps what ``backward`` needs,
``backward`` writes the weights' gradients straight into the flat vector and hands the gradient of
its input down. Same numbers as autograd (a test holds that), half the time.

Pictures travel as ``(n, height, width, channels)`` in between, so that a convolution is one matrix
product over its windows.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from tenfold.errors import UsageError
from tenfold.training.recipe import Recipe


class Layer(Protocol):
    """One step of the network, forth and back."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output for a batch."""

    def backward(self, gradient: Tensor) -> Tensor:
        """Take the loss's gradient by the output, return that by the input."""


class ByHand:
    """A sequential network that backpropagates without autograd.

    Parameters
    ----------
    network : torch.nn.Sequential
        Of convolutions (stride 1, no padding), ReLU, max pooling, dropout, flatten and linear
        layers. Its parameters' ``grad`` must be set already (`FlatParameters` does); they are
        overwritten by each `backward`.

    Raises
    ------
    UsageError
        If it has another kind of layer.
    """

    def __init__(self, network: nn.Module) -> None:
        modules = list(network.children())
        weighted = [isinstance(module, nn.Conv2d | nn.Linear) for module in modules]
        self._lowest = weighted.index(True)  # below it nothing needs a gradient
        self._layers = [_layer(module, i == self._lowest) for i, module in enumerate(modules)]

    @torch.inference_mode()
    def forward(self, images: Tensor) -> Tensor:
        """Turn pictures ``(n, 1, size, size)`` into logits ``(n, classes)``."""
        x = images.permute(0, 2, 3, 1)
        for layer in self._layers:
            x = layer.forward(x)
        return x

    @torch.inference_mode()
    def backward(self, gradient: Tensor) -> None:
        """Write all weights' gradients, from the loss's gradient by the logits."""
        for layer in reversed(self._layers[self._lowest :]):
            gradient = layer.backward(gradient)


def by_hand(recipe: Recipe, network: nn.Module, device: torch.device) -> ByHand | None:
    """Return what backpropagates by hand if the recipe says so; raises UsageError if it cannot."""
    if recipe.backpropagation == "autograd":
        return None
    if device.type != "cpu" or recipe.precision != "float32" or not recipe.channels_last:
        raise UsageError(
            "backpropagation = 'by-hand' needs precision = 'float32', channels_last = true "
            "and the CPU (--device cpu)."
        )
    return ByHand(network)


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
            f"backpropagation = 'by-hand' does not know {type(module).__name__}; "
            "use 'autograd', or the networks tutorial, mlp or linear."
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
            raise UsageError("backpropagation = 'by-hand' needs convolutions with a bias.")
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
