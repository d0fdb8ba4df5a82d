"""A network, layer by layer, before there is one: shapes, parameters, how they reach the page.

The code that the lab writes and the layers that the page computes both come from here; a test holds
that the networks trained have exactly these shapes.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from tenfold.lab.experiment import FULL_INK, Experiment

Kind = Literal[
    "times", "conv", "norm", "relu", "swap", "pool", "dropout", "flatten", "dense", "softmax"
]
CLASSES = 10
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Parameters
    ----------
    kind : str
    out : tuple of int
        Shape of what it gives for one image: (channels, height, width), or (units,).
    weight, bias : tuple of int
        Shapes of its parameters; empty where it has none.
    padding : int
        Pixels of paper around what a convolution sees.
    number : float
        What "times" multiplies by, or the share that "dropout" leaves out.
    """

    kind: Kind
    out: Shape
    weight: Shape = ()
    bias: Shape = ()
    padding: int = 0
    number: float = 0.0

    @property
    def parameters(self) -> int:
        """How many parameters it has."""
        return sum(math.prod(shape) for shape in (self.weight, self.bias) if shape)

    def to_dict(self) -> dict[str, Any]:
        """Return it as the page takes it."""
        return asdict(self) | {"parameters": self.parameters}


def plan(experiment: Experiment) -> list[Layer]:
    """Return the layers of an experiment's network, dropout and softmax included.

    Examples
    --------
    >>> sum(layer.parameters for layer in plan(Experiment()))
    53002
    >>> sum(layer.parameters for layer in plan(Experiment(swapped=True)))
    251018
    """
    size = experiment.size
    makers = {"linear": _linear, "mlp": _mlp, "convnet": _convnet, "tutorial": _tutorial}
    layers = makers[experiment.network](experiment, (1, size, size))
    if not experiment.scaled:
        layers.insert(0, Layer("times", (1, size, size), number=FULL_INK[experiment.data]))
    return [*layers, Layer("softmax", (CLASSES,))]


def at_work(layers: list[Layer]) -> list[Layer]:
    """Return the layers that are left once training is over, as the page computes them.

    Dropout is gone, and batch normalisation is part of the convolution before it.
    """
    kept: list[Layer] = []
    for layer in layers:
        if layer.kind == "norm":
            kept[-1] = replace(kept[-1], bias=(kept[-1].out[0],))
        elif layer.kind != "dropout":
            kept.append(layer)
    return kept


def _linear(_experiment: Experiment, image: Shape) -> list[Layer]:
    pixels = math.prod(image)
    return [Layer("flatten", (pixels,)), _dense(pixels, CLASSES)]


def _mlp(experiment: Experiment, image: Shape) -> list[Layer]:
    pixels, hidden = math.prod(image), experiment.hidden
    return [
        Layer("flatten", (pixels,)),
        _dense(pixels, hidden),
        Layer("relu", (hidden,)),
        _dense(hidden, CLASSES),
    ]


def _convnet(experiment: Experiment, image: Shape) -> list[Layer]:
    layers: list[Layer] = []
    shape = image
    for stage, width in enumerate((experiment.channels, 2 * experiment.channels)):
        layers.append(_conv(shape, width, padding=1, biased=False))
        shape = layers[-1].out
        layers += [Layer("norm", shape, (width,), (width,)), Layer("relu", shape)]
        if stage == 0 or shape[1] > 13:  # as the recipe's last_map has it
            layers.append(_pool(shape))
            shape = layers[-1].out
    features = math.prod(shape)
    return [*layers, Layer("flatten", (features,)), _dense(features, CLASSES)]


def _tutorial(experiment: Experiment, image: Shape) -> list[Layer]:
    layers = [_conv(image, 32), Layer("relu", (32, image[1] - 2, image[2] - 2))]
    shape = layers[-1].out
    if experiment.swapped:  # (channels, height, width), taken for (height, width, channels)
        shape = (shape[2], shape[0], shape[1])
        layers.append(Layer("swap", shape))
    layers.append(_conv(shape, 64))
    layers += [Layer("relu", layers[-1].out), _pool(layers[-1].out)]
    shape = layers[-1].out
    features = math.prod(shape)
    return [
        *layers,
        Layer("dropout", shape, number=0.25),
        Layer("flatten", (features,)),
        _dense(features, 128),
        Layer("relu", (128,)),
        Layer("dropout", (128,), number=0.5),
        _dense(128, CLASSES),
    ]


def _conv(shape: Shape, width: int, padding: int = 0, *, biased: bool = True) -> Layer:
    channels, height, across = shape
    lost = 2 - 2 * padding
    return Layer(
        "conv",
        (width, height - lost, across - lost),
        (width, channels, 3, 3),
        (width,) if biased else (),
        padding,
    )


def _pool(shape: Shape) -> Layer:
    return Layer("pool", (shape[0], shape[1] // 2, shape[2] // 2))


def _dense(inputs: int, units: int) -> Layer:
    return Layer("dense", (units,), (units, inputs), (units,))
