"""Networks broken on purpose: unscaled images, swapped axes, shuffled labels (needs torch)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor, nn

from tenfold.data.dataset import Dataset
from tenfold.lab.experiment import FULL_INK, Experiment
from tenfold.training.networks import make_network
from tenfold.training.recipe_sections import Network


class Times(nn.Module):
    """Undo the scaling: multiply by what the images were divided by."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        return x * self.number


class Swap(nn.Module):
    """Take channels for height, height for width and width for channels.

    That is what a convolution that looks for channels last makes of what one that gives them first
    hands over: ``(n, channels, height, width)`` is read as ``(n, height, width, channels)``.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Turn ``(n, c, h, w)`` into ``(n, w, c, h)``."""
        return x.permute(0, 3, 1, 2)


def make_maker(experiment: Experiment) -> Callable[[Network, int, int], nn.Module]:
    """Return what makes the experiment's network, as `Training` asks for it."""

    def make(section: Network, size: int, classes: int) -> nn.Module:
        layers = list(make_network(section, size, classes).children())
        if experiment.swapped:
            layers = _swapped(layers, size, classes)
        if not experiment.scaled:
            layers.insert(0, Times(FULL_INK[experiment.data]))
        return nn.Sequential(*layers)

    return make


def _swapped(layers: list[nn.Module], size: int, classes: int) -> list[nn.Module]:
    """Put `Swap` behind the tutorial's first convolution, and fit what follows to its shape."""
    across = size - 2
    features = 64 * ((32 - 2) // 2) * ((across - 2) // 2)
    head = [*layers[:2], Swap(), nn.Conv2d(across, 64, 3), *layers[3:7]]
    made = [*head, nn.Linear(features, 128), *layers[8:10], nn.Linear(128, classes)]
    for layer in (made[3], made[8], made[11]):  # as Keras starts: Glorot, zero biases
        for parameter in layer.parameters():
            _ = nn.init.xavier_uniform_(parameter) if parameter.ndim > 1 else parameter.data.zero_()
    return made


def shuffle(dataset: Dataset, seed: int) -> Dataset:
    """Return the data set with its labels shuffled: nothing about the images tells them."""
    labels = np.random.default_rng(seed).permutation(dataset.targets)
    return replace(dataset, labels=labels)
