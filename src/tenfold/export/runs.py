"""Which layers follow each other with nothing between, and what they are called in torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from tenfold.export.network import Array, Layer, Network

NO_MODULE = ("add", "swap")  # what is written out in ``forward``
NORM = {"weight": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}


@dataclass(slots=True)
class Run:
    """Layers that follow each other with nothing between."""

    name: str
    input: str
    output: str
    modules: list[str] = field(default_factory=list)


class Runs:
    """Parts a network into runs; its weights get the names that torch gives them.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.weights: dict[str, Array] = {}
        self.residual = False
        self.uses = Counter(name for layer in network.layers for name in layer.inputs)
        self.uses.update(network.outputs)
        self.steps = self._parted()

    def _parted(self) -> list[Run | Layer]:
        """Part the layers into runs, and what stands between them."""
        steps: list[Run | Layer] = []
        layers, at = self.network.layers, 0
        while at < len(layers):
            layer = layers[at]
            block = self._block_at(at)
            if not block and layer.kind in NO_MODULE:
                steps.append(layer)
                at += 1
                continue
            run = steps[-1] if steps else None
            follows = isinstance(run, Run) and run.output == layer.inputs[0]
            # A block looks at its input twice, but it is one user.
            if not follows or self.uses[layer.inputs[0]] > (2 if block else 1):
                number = 1 + sum(isinstance(step, Run) for step in steps)
                run = Run(f"stage{number}", layer.inputs[0], "")
                steps.append(run)
            assert isinstance(run, Run)  # noqa: S101
            taken = block or [layer]
            self._add(run, taken)
            run.output = taken[-1].output
            at += len(taken)
        found = [step for step in steps if isinstance(step, Run)]
        if len(found) == 1:
            for name in list(self.weights):
                self.weights[name.replace("stage1", "layers", 1)] = self.weights.pop(name)
            found[0].name = "layers"
        return steps

    def _block_at(self, at: int) -> list[Layer]:
        """Return the layers of a residual block that begins here; none if none does."""
        layers = list(self.network.layers[at : at + 5])
        if [layer.kind for layer in layers] != ["conv", "relu", "conv", "add", "relu"]:
            return []
        first, _, second, add, _ = layers
        start = first.inputs[0]
        shape = first.weights["weight"].shape
        dilation = first.options["dilations"][0]
        axes = len(shape) - 2
        fits = set(add.inputs) == {start, second.output} and set(shape[2:]) == {3}
        fits = fits and shape == second.weights["weight"].shape and shape[0] == shape[1]
        for conv, spread in ((first, dilation), (second, 1)):
            spreads = (conv.options["dilations"], conv.options["pads"])
            fits = fits and all(each == (spread,) * axes for each in spreads)
            fits = fits and conv.options["strides"] == (1,) * axes and conv.options["groups"] == 1
        inner = [layer.output for layer in layers[:-1]]
        return layers if fits and all(self.uses[name] == 1 for name in inner) else []

    def _add(self, run: Run, layers: list[Layer]) -> None:
        """Add a layer or a residual block to a run, and name its weights."""
        prefix = f"{run.name}.{len(run.modules)}"
        if len(layers) == 1:
            run.modules.append(_module(layers[0]))
            names = NORM if layers[0].kind == "norm" else {}
            for name, array in layers[0].weights.items():
                self.weights[f"{prefix}.{names.get(name, name)}"] = np.ascontiguousarray(array)
            return
        self.residual = True
        width, axes = layers[0].shape[1], len(layers[0].shape) - 2
        dilation = layers[0].options["dilations"][0]
        spread = f", dilation={dilation}" if dilation > 1 else ""
        run.modules.append(f"Residual(nn.Conv{axes}d, {width}{spread})")
        for part, layer in (("first", layers[0]), ("second", layers[2])):
            for name, array in layer.weights.items():
                self.weights[f"{prefix}.{part}.{name}"] = np.ascontiguousarray(array)


def _module(layer: Layer) -> str:
    """Return how a layer is made in torch."""
    axes = len(layer.shape) - 2
    if layer.kind in ("conv", "conv_transpose"):
        return _convolution(layer, axes)
    if layer.kind == "dense":
        outputs, inputs = layer.weights["weight"].shape
        return f"nn.Linear({inputs}, {outputs})"
    if layer.kind == "norm":
        epsilon = layer.options["epsilon"]
        more = "" if abs(epsilon - 1e-5) < 1e-9 else f", eps={epsilon:g}"
        return f"nn.BatchNorm{axes}d({layer.shape[1]}{more})"
    return {
        "relu": "nn.ReLU()",
        "max_pool": "nn.MaxPool2d(2)",
        "double": "nn.Upsample(scale_factor=2)",
        "flatten": "nn.Flatten()",
        "first_row": "nn.Flatten(1, 2)",
    }[layer.kind]


def _convolution(layer: Layer, axes: int) -> str:
    weight, options = layer.weights["weight"], layer.options
    inputs, outputs = layer.shape[1], weight.shape[0]
    name = f"nn.Conv{axes}d"
    if layer.kind == "conv_transpose":
        outputs, name = weight.shape[1], f"nn.ConvTranspose{axes}d"
    written = [str(inputs), str(outputs), _one(weight.shape[2:])]
    for key, word, usual in (
        ("strides", "stride", 1),
        ("pads", "padding", 0),
        ("dilations", "dilation", 1),
    ):
        if set(options[key]) != {usual}:
            written.append(f"{word}={_one(options[key])}")
    if options["groups"] > 1:
        written.append(f"groups={options['groups']}")
    return f"{name}({', '.join(written)})"


def _one(numbers: tuple[int, ...]) -> str:
    """One number where all are the same, else all of them."""
    return str(numbers[0]) if len({*numbers}) == 1 else str(tuple(numbers))
