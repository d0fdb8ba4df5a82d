"""Networks by name: pictures in [0, 1], ``(n, 1, size, size)``, to logits, ``(n, classes)``."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tenfold.errors import UsageError
from tenfold.training.recipe_sections import Network


def tutorial(size: int, classes: int) -> nn.Sequential:
    """Build the seed tutorial's network; 53,002 weights for 8×8 pictures and ten classes.

    The last softmax lives in the loss and in the model file, where it is numerically safe.
    """
    features = 64 * ((size - 4) // 2) ** 2
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(features, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, classes),
    )
    # Keras starts from Glorot's uniform distribution and zero biases.
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network


def convnet(size: int, classes: int, how: Network) -> nn.Sequential:
    """Stack stages of 3×3 convolutions with batch normalisation, halving the picture in between.

    The last feature map is flattened rather than averaged: where a stroke lies tells 6 from 9.
    """
    layers: list[nn.Module] = []
    left, width = size, 1
    # Small pictures have nothing to give away: neither a border nor every other pixel.
    kernel, stride = (how.kernel, how.stride) if size >= 20 else (3, 1)
    for stage, stage_width in enumerate(how.channels, 1):
        for number in range(1, how.depth + 1):
            border = kernel == 3
            unit = _unit(
                width,
                stage_width,
                kernel,
                stride,
                border=border,
                separable=how.separable and width > 1,
            )
            left = (left - (1 if border else kernel)) // stride + 1
            kernel, stride, width = 3, 1, stage_width
            halve = stage < len(how.channels) or left > how.last_map
            if number == how.depth and halve:
                # The greatest of four is the greatest when normalised, too; that is less work.
                unit.insert(-2 if how.pool_first else len(unit), nn.MaxPool2d(2))
                left //= 2
            layers += unit
    # Batch normalisation needs more than one value a channel, even in a batch of one picture.
    if left < 2:
        raise UsageError(
            f"network.channels: {len(how.channels)} stages halve pictures of {size}×{size} to "
            "nothing; give fewer."
        )
    layers += [nn.Flatten(), nn.Dropout(how.dropout), nn.Linear(width * left * left, classes)]
    return nn.Sequential(*layers)


class Block(nn.Module):
    """Two 3×3 convolutions whose result is added to what went in (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(*_unit(width, width), *_unit(width, width)[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """Keep the shape, ``(n, width, size, size)``."""
        return functional.relu(features + self.inner(features))


def residual(
    size: int, classes: int, channels: tuple[int, ...], depth: int, dropout: float
) -> nn.Sequential:
    """Stack stages of residual blocks, each behind a convolution that halves the picture.

    The first convolution is 5×5 and halves too: most of the time would go into full size.
    """
    layers: list[nn.Module] = []
    width = 1
    for stage_width in channels:
        layers += _unit(width, stage_width, kernel=5 if width == 1 else 3, stride=2)
        layers += [Block(stage_width) for _ in range(depth)]
        width, size = stage_width, (size + 1) // 2
    layers += [nn.Flatten(), nn.Dropout(dropout), nn.Linear(width * size * size, classes)]
    return nn.Sequential(*layers)


def _unit(
    width: int,
    out: int,
    kernel: int = 3,
    stride: int = 1,
    *,
    border: bool = True,
    separable: bool = False,
) -> list[nn.Module]:
    padding = kernel // 2 if border else 0
    if separable:
        apart = nn.Conv2d(width, width, kernel, stride, padding, groups=width, bias=False)
        convolutions = [apart, nn.Conv2d(width, out, 1, bias=False)]
    else:
        convolutions = [nn.Conv2d(width, out, kernel, stride, padding, bias=False)]
    return [*convolutions, nn.BatchNorm2d(out), nn.ReLU()]


def mlp(size: int, classes: int, hidden: int, depth: int, dropout: float) -> nn.Sequential:
    """Hidden layers over the pixels as one row, without any notion of neighbourhood."""
    layers: list[nn.Module] = [nn.Flatten()]
    width = size * size
    for _ in range(depth):
        layers += [nn.Linear(width, hidden), nn.ReLU()]
        width = hidden
    return nn.Sequential(*layers, nn.Dropout(dropout), nn.Linear(width, classes))


def make_network(network: Network, size: int, classes: int) -> nn.Sequential:
    """Build the network a recipe names, with fresh weights from torch's current random state."""
    if network.name == "tutorial":
        return tutorial(size, classes)
    if network.name == "convnet":
        return convnet(size, classes, network)
    if network.name == "residual":
        return residual(size, classes, network.channels, network.depth, network.dropout)
    depth = network.depth if network.name == "mlp" else 0
    return mlp(size, classes, network.hidden, depth, network.dropout)


def count_parameters(network: nn.Module) -> int:
    """How many weights the network has."""
    return sum(parameter.numel() for parameter in network.parameters())


def scale(images: Tensor) -> Tensor:
    """Bytes to what networks take: uint8 ``(n, size, size)`` to float32 ``(n, 1, size, size)``."""
    return images.unsqueeze(1).to(torch.float32) / 255
