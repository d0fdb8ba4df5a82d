"""A plain network as stages that a few loops compute, in floats or in whole numbers of 8 bits.

A stage is a convolution, of its windows two by two the largest where the picture is halved, then a
factor and a summand for each output (bias and batch normalisation), and all but the last make
negative numbers 0. A fully connected layer is a convolution as large as its input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tenfold.errors import UsageError
from tenfold.export.network import CLASSIFIER, Array, Layer, Network

SHIFT = 24  # bits behind the point of the factors
CLIPPED = np.linspace(0.3, 1, 36)  # shares of the largest value that levels may reach up to


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One stage; arrays have their channels last.

    Parameters
    ----------
    weights : float32 array, shape (outputs, kernel, kernel, inputs)
    factor, summand : float32 array, shape (outputs,)
    size, stride, pad : int
        Side of the picture that comes in, step of the windows, border of zeros.
    pool : bool
        Whether the largest of four windows counts.
    """

    weights: Array
    factor: Array
    summand: Array
    size: int
    stride: int
    pad: int
    pool: bool

    @property
    def left(self) -> int:
        """Side of the picture that goes out."""
        kernel = self.weights.shape[1]
        side = (self.size + 2 * self.pad - kernel) // self.stride + 1
        return int(side // 2 if self.pool else side)

    @property
    def multiply_adds(self) -> int:
        """Multiplications with an addition for one picture."""
        windows = self.left**2 * (4 if self.pool else 1)
        return windows * self.weights.size

    def sums(self, values: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
        """Return windows times weights, the largest of four where the picture is halved.

        Parameters
        ----------
        values : array, shape (n, size, size, inputs)
        weights : array
            Its own, or what stands for them.

        Returns
        -------
        array, shape (n, left, left, outputs)
        """
        border = (self.pad, self.pad)
        padded = np.pad(values, ((0, 0), border, border, (0, 0)))
        kernel = weights.shape[1]
        windows = sliding_window_view(padded, (kernel, kernel), (1, 2))
        windows = windows[:, :: self.stride, :: self.stride].transpose(0, 1, 2, 4, 5, 3)
        rows = windows.reshape(*windows.shape[:3], -1) @ weights.reshape(len(weights), -1).T
        if not self.pool:
            return np.asarray(rows)
        left = self.left
        rows = rows[:, : 2 * left, : 2 * left].reshape(len(rows), left, 2, left, 2, -1)
        return np.asarray(rows.max((2, 4)))


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A stage in whole numbers: bytes in, bytes out.

    Parameters
    ----------
    weights : int8 array
        As those of the stage.
    factor, summand : int64 array, shape (outputs,)
        In parts of 2**SHIFT; they turn a sum into the next stage's level. Of the last stage floats,
        which turn it into a logit.
    """

    weights: NDArray[np.int8]
    factor: NDArray[Any]
    summand: NDArray[Any]


def stages_of(network: Network) -> list[Stage]:
    """Return a classifier's stages.

    Raises
    ------
    UsageError
        If its layers branch, or follow each other in an order that stages do not have.
    """
    if network.kind != CLASSIFIER:
        raise _no_stages(network, "it is no classifier")
    groups: list[list[Layer]] = []
    flat, before = None, network.input
    for layer in network.layers:
        if layer.kind == "add" or layer.inputs != (before,):
            raise _no_stages(network, "its layers branch, as residual ones do")
        before = layer.output
        if layer.kind == "flatten":
            flat = layer.shape[1:]
        elif layer.kind in ("conv", "dense"):
            groups.append([layer])
        elif groups:
            groups[-1].append(layer)
    stages = []
    for group in groups:
        stages.append(_stage(network, group, flat if group[0].kind == "dense" else None))
        flat = None if group[0].kind == "dense" else flat
    kinds = [layer.kind for layer in groups[-1]]
    if kinds != ["dense"]:
        raise _no_stages(network, "it does not end with a fully connected layer")
    return stages


def _no_stages(network: Network, why: str) -> UsageError:
    return UsageError(
        f"{network.where}: is not written in C, for {why}. Networks of recipe 'small' are, and "
        "others of plain convolutions and fully connected layers."
    )


def _stage(network: Network, group: list[Layer], flat: tuple[int, ...] | None) -> Stage:
    first, kinds = group[0], [layer.kind for layer in group[1:]]
    allowed: tuple[list[str], ...] = (
        [],
        ["relu"],
        ["max_pool", "relu"],
        ["relu", "max_pool"],
        ["max_pool", "norm", "relu"],
    )
    if kinds not in allowed:
        raise _no_stages(network, f"{', '.join(['a convolution', *kinds])} is no order it knows")
    weights, bias = first.weights["weight"], first.weights["bias"]
    size, stride, pad = 1, 1, 0
    if first.kind == "dense":
        channels, size, width = flat or (weights.shape[1], 1, 1)
        weights = weights.reshape(len(weights), channels, size, width)
        if size != width:
            raise _no_stages(network, "its pictures are not square")
    else:
        options, size = first.options, first.shape[2]
        square = {*options["strides"]}, {*options["pads"]}
        plain = options["groups"] == 1 and {*options["dilations"]} == {1}
        if not plain or any(len(each) > 1 for each in square) or len({*weights.shape[2:]}) > 1:
            raise _no_stages(network, "its convolutions have groups, gaps or uneven sides")
        stride, pad = options["strides"][0], options["pads"][0]
    factor, summand = np.ones_like(bias), bias
    for layer in group[1:]:
        if layer.kind == "norm":
            own = layer.weights
            factor = own["weight"] / np.sqrt(own["variance"] + np.float32(layer.options["epsilon"]))
            summand = (bias - own["mean"]) * factor + own["bias"]
    ordered = np.ascontiguousarray(weights.transpose(0, 2, 3, 1))
    return Stage(ordered, factor, summand, size, stride, pad, "max_pool" in kinds)


def run_floats(stages: list[Stage], images: NDArray[np.uint8]) -> list[Array]:
    """Return what comes out of each stage for pictures ``(n, size, size)``; the last are logits."""
    values: Array = images[..., None].astype(np.float32) / np.float32(255)
    found = []
    for stage in stages:
        sums = stage.sums(_shaped(values, stage), stage.weights)
        values = sums * stage.factor + stage.summand
        values = values if stage is stages[-1] else np.maximum(values, 0)
        found.append(values)
    return [*found[:-1], found[-1].reshape(len(images), -1)]


def _shaped(values: NDArray[Any], stage: Stage) -> NDArray[Any]:
    """Hand a row of numbers, which a fully connected stage gives, on as a picture of one pixel."""
    return values.reshape(len(values), stage.size, stage.size, -1)


def quantise(stages: list[Stage], images: NDArray[np.uint8]) -> list[Whole]:
    """Turn stages into whole numbers: weights of 8 bits with a step of their own for each output.

    Levels between stages are bytes; their step is the one that changes these pictures' values the
    least (as Banner et al. 2019 clip, arXiv 1810.05723, but by trying).

    Parameters
    ----------
    stages : list of Stage
    images : uint8 array, shape (n, size, size)
        Pictures of the kind that the network is for, some hundred.
    """
    values, step_in = run_floats(stages, images), 1 / 255
    found = []
    for number, stage in enumerate(stages):
        flat = np.abs(stage.weights).reshape(len(stage.weights), -1)
        steps = np.maximum(flat.max(axis=1), 1e-12).astype(np.float64) / 127
        weights = np.rint(stage.weights / steps[:, None, None, None]).astype(np.int8)
        unit = stage.factor.astype(np.float64) * steps * step_in  # what a sum of 1 stands for
        if number == len(stages) - 1:
            found.append(Whole(weights, unit.astype(np.float32), stage.summand))
            break
        step_out = _best_step(values[number])
        factor = np.rint(unit / step_out * 2**SHIFT).astype(np.int64)
        summand = np.rint((stage.summand / step_out + 0.5) * 2**SHIFT).astype(np.int64)
        found.append(Whole(weights, factor, summand))
        step_in = step_out
    return found


def _best_step(values: Array) -> float:
    """Return the step of 255 levels that changes values the least, in squares."""
    sample = values.ravel()[:: max(1, values.size // 200_000)].astype(np.float64)
    steps = [max(float(sample.max()), 1e-6) * share / 255 for share in CLIPPED]
    errors = [
        float(np.square(np.clip(np.rint(sample / step), 0, 255) * step - sample).sum())
        for step in steps
    ]
    return float(steps[int(np.argmin(errors))])


def run_whole(stages: list[Stage], whole: list[Whole], images: NDArray[np.uint8]) -> Array:
    """Return the logits of pictures ``(n, size, size)`` as the whole numbers give them."""
    levels: NDArray[Any] = images[..., None]
    for stage, own in zip(stages, whole, strict=True):
        # Matrix products are fast in floats; sums of whole numbers are exact in 53 bits.
        weights, shaped = own.weights.astype(np.float64), _shaped(levels, stage).astype(np.float64)
        sums = stage.sums(shaped, weights)
        if stage is stages[-1]:
            logits: Array = sums.astype(np.float32) * own.factor + own.summand
            return logits.reshape(len(images), -1)
        found = sums.astype(np.int64) * own.factor + own.summand
        levels = np.clip(np.maximum(found, 0) >> SHIFT, 0, 255)
    raise AssertionError("no stages")
