"""How a model holds up when pictures go bad: corruptions, and shifts, turns and sizes.

All conditions are measured on the same few thousand pictures, spread evenly over the data set, so
that a whole report takes a minute.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.model import Model
from tenfold.modelinfo import ModelInfo
from tenfold.synthesis.degrade import shape
from tenfold.synthesis.degrade.corruptions import KINDS, SEVERITIES, corrupt

CORRUPTED, SWEPT = 2000, 1000  # pictures for each condition
SHIFTS = tuple(step / 20 for step in range(-6, 7))  # share of the width
ANGLES = tuple(range(-90, 91, 15))  # degrees
SCALES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
CONDITIONS = len(KINDS) * len(SEVERITIES) + 2 * len(SHIFTS) + len(ANGLES) + len(SCALES)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Corruptions:
    """Accuracy under corruption.

    Parameters
    ----------
    count, seed : int
        Pictures for each condition, and the seed of the corruptions.
    clean_accuracy, mean_corruption_accuracy : float
        Accuracy on these images as they are, and the mean over all kinds and severities, 0 to 1.
    accuracies : dict of str to tuple of float
        By kind, from severity 1 to 5.
    """

    count: int
    seed: int
    clean_accuracy: float
    mean_corruption_accuracy: float
    accuracies: dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Accuracy along one way of moving pictures.

    Parameters
    ----------
    name, unit : str
        Such as ``"rotation"`` in ``"degrees"``.
    values, accuracies : tuple of float
        How far, and the accuracy there (0 to 1).
    trained : pair of float or None
        Between which values the recipe varied its training pictures; None where it did not.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    accuracies: tuple[float, ...]
    trained: tuple[float, float] | None


def sample(data: Dataset, count: int) -> Dataset:
    """Return so many pictures spread evenly over a data set; all of them if it has no more."""
    rows = np.linspace(0, len(data) - 1, min(count, len(data))).round().astype(np.int64)
    return data.take(rows)


def under_corruption(
    model: Model, data: Dataset, seed: int = 0, tell: Tell = lambda _: None
) -> Corruptions:
    """Measure accuracy under each corruption; ``tell`` hears of each condition done."""
    few = sample(data, CORRUPTED)
    found: dict[str, tuple[float, ...]] = {}
    for kind in KINDS:
        values = []
        for severity in SEVERITIES:
            values.append(_accuracy(model, corrupt(few.images, kind, severity, seed), few))
            tell(kind)
        found[kind] = tuple(values)
    mean = float(np.mean(list(found.values())))
    return Corruptions(len(few), seed, _accuracy(model, few.images, few), mean, found)


def sweeps(model: Model, data: Dataset, tell: Tell = lambda _: None) -> tuple[Sweep, ...]:
    """Measure accuracy as all pictures are shifted, turned and scaled further and further."""
    few = sample(data, SWEPT)
    floats = few.images / np.float32(255)
    n, size = len(few), few.size
    still = shape.scaling(n, 1.0)
    learned = trained_ranges(model.info)

    def sweep(
        name: str,
        unit: str,
        values: tuple[float, ...],
        move: Callable[[float], NDArray[np.floating]],
    ) -> Sweep:
        accuracies = []
        for value in values:
            moved = np.rint(move(value) * 255).astype(np.uint8)
            accuracies.append(_accuracy(model, moved, few))
            tell(name)
        return Sweep(name, unit, values, tuple(accuracies), learned.get(name.partition(" ")[0]))

    def sideways(share: float) -> NDArray[np.floating]:
        return shape.warp(floats, still, np.tile([share * size, 0.0], (n, 1)))

    def upright(share: float) -> NDArray[np.floating]:
        return shape.warp(floats, still, np.tile([0.0, share * size], (n, 1)))

    return (
        sweep("shift to the right", "share of the width", SHIFTS, sideways),
        sweep("shift down", "share of the height", SHIFTS, upright),
        sweep(
            "rotation",
            "degrees, counterclockwise",
            ANGLES,
            lambda angle: shape.warp(floats, shape.rotation(np.full(n, float(angle)))),
        ),
        sweep(
            "scale",
            "times the size",
            SCALES,
            lambda factor: shape.warp(floats, shape.scaling(n, factor)),
        ),
    )


def trained_ranges(info: ModelInfo) -> dict[str, tuple[float, float]]:
    """Read from a model's recipe how far its training pictures were varied.

    Keys are ``"shift"``, ``"rotation"`` and ``"scale"``; what was not varied is missing.
    """
    try:
        augment = tomllib.loads(info.recipe).get("augment", {})
    except tomllib.TOMLDecodeError:
        return {}
    centres = {"shift": 0.0, "rotation": 0.0, "scale": 1.0}
    amounts = {name: augment.get(name) for name in centres}
    return {
        name: (centres[name] - amount, centres[name] + amount)
        for name, amount in amounts.items()
        if isinstance(amount, int | float) and amount > 0
    }


def _accuracy(model: Model, images: NDArray[np.uint8], truth: Dataset) -> float:
    return float((model.predict(images) == truth.targets).mean())
