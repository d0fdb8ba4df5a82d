"""A network out of its model file, in torch again: the weights that fine-tuning starts from.

Checkpoints are not installed, model files are. `tenfold.export.read` takes one apart; what it finds
is built anew, its weights ready to learn. Normalisation is already part of the convolutions there,
so nothing but weights changes, however few the samples are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from tenfold.errors import UsageError
from tenfold.export.network import Layer, Network
from tenfold.modelinfo import ModelInfo
from tenfold.training.export import smaller, with_info

Weights: TypeAlias = dict[str, Tensor]
# The inputs of a node that are weights, in their order.
NAMES = {
    "Conv": ("weight", "bias"),
    "ConvTranspose": ("weight", "bias"),
    "Gemm": ("weight", "bias"),
    "BatchNormalization": ("weight", "bias", "mean", "variance"),
}


class Layers(nn.Module):
    """A network's layers in their order; a classifier takes float ``(n, 1, size, size)``.

    Parameters
    ----------
    network : Network
        As `tenfold.export.read.read_network` finds it.

    Raises
    ------
    UsageError
        If it does not end in a layer with weights, or holds one that is not taught.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.layers = nn.ModuleDict()
        for number, layer in enumerate(network.layers):
            if layer.kind not in _RUN:
                raise UsageError(
                    f"{network.where}: holds a layer of kind {layer.kind}, which cannot be taught. "
                    "Train on your samples instead: tenfold train --data ..."
                )
            if layer.weights:
                own = {
                    name: nn.Parameter(torch.tensor(w), name not in ("mean", "variance"))
                    for name, w in layer.weights.items()
                }
                self.layers[str(number)] = nn.ParameterDict(own)

    def forward(self, x: Tensor, first: int = 0, last: int | None = None) -> Any:
        """Return the outputs; or what layer ``last`` would be given, from what ``first`` is."""
        layers = self.network.layers
        end = len(layers) if last is None else last
        values = {layers[first].inputs[0]: x}
        for number in range(first, end):
            layer = layers[number]
            own: Any = self.layers[str(number)] if layer.weights else {}
            given = [values[name] for name in layer.inputs]
            values[layer.output] = _RUN[layer.kind](layer, cast("Mapping[str, Tensor]", own), given)
        if last is not None:
            return values[layers[last].inputs[0]]
        found = tuple(values[name] for name in self.network.outputs)
        return found[0] if len(found) == 1 else found

    def weights(self) -> Weights:
        """Return a copy of all weights by name."""
        return {name: value.detach().clone() for name, value in self.state_dict().items()}


def between(old: Weights, new: Weights, alpha: float) -> Weights:
    """Go from old weights towards new ones: WiSE-FT (Wortsman et al. 2022, arXiv 2109.01903).

    Parameters
    ----------
    alpha : float
        0 gives the old weights, 1 the new ones.

    Examples
    --------
    >>> between({"w": torch.tensor([0.0])}, {"w": torch.tensor([2.0])}, 0.25)["w"]
    tensor([0.5000])
    """
    return {name: torch.lerp(old[name], new[name], alpha) for name in old}


def written(layers: Layers, info: ModelInfo) -> bytes:
    """Return the model file that the network came from, with its weights of now.

    The graph stays as it is, so whatever opened the old file opens the new one; weights that were
    stored in 8 and 16 bits are again.

    Parameters
    ----------
    layers : Layers
    info : ModelInfo
        What the file is to say of itself.
    """
    model = onnx.load_model_from_string(layers.network.content)
    graph = model.graph
    packed = _unpack(graph)
    taught = (number for number, layer in enumerate(layers.network.layers) if layer.weights)
    kept = {each.name: each for each in graph.initializer}
    for node in graph.node:
        if node.op_type not in NAMES:
            continue
        own = cast("Mapping[str, Tensor]", layers.layers[str(next(taught))])
        options = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        for place, name in enumerate(NAMES[node.op_type], 1):
            array = own[name].detach().numpy()
            if node.op_type == "Gemm" and name == "weight" and not options.get("transB", 0):
                array = array.T
            if place == len(node.input):
                node.input.append(f"{node.output[0]}.{name}")
            kept[node.input[place]] = numpy_helper.from_array(
                np.ascontiguousarray(array), node.input[place]
            )
    used = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(each for name, each in kept.items() if name in used)
    return with_info((smaller(model) if packed else model).SerializeToString(), info)


def _unpack(graph: onnx.GraphProto) -> bool:
    """Take away the nodes that widen stored weights; return whether there were any."""
    constant = {each.name for each in graph.initializer}
    widening = []
    for node in graph.node:
        if node.op_type in ("Cast", "Mul") and constant.issuperset(node.input):
            constant.update(node.output)
            widening.append(node)
    for node in widening:
        graph.node.remove(node)
    return bool(widening)


def _convolution(layer: Layer, own: Mapping[str, Tensor], x: list[Tensor]) -> Tensor:
    o, flat = layer.options, len(layer.shape) == 3
    if layer.kind == "conv":
        run = functional.conv1d if flat else functional.conv2d
        return run(
            x[0], own["weight"], own["bias"], o["strides"], o["pads"], o["dilations"], o["groups"]
        )
    widen = functional.conv_transpose1d if flat else functional.conv_transpose2d
    return widen(
        x[0], own["weight"], own["bias"], o["strides"], o["pads"], 0, o["groups"], o["dilations"]
    )


def _normalisation(layer: Layer, own: Mapping[str, Tensor], x: list[Tensor]) -> Tensor:
    return functional.batch_norm(
        x[0], own["mean"], own["variance"], own["weight"], own["bias"],
        eps=layer.options["epsilon"],
    )  # fmt: skip


_RUN: dict[str, Any] = {
    "norm": _normalisation,
    "conv": _convolution,
    "conv_transpose": _convolution,
    "relu": lambda _, __, x: functional.relu(x[0]),
    "max_pool": lambda _, __, x: functional.max_pool2d(x[0], 2),
    "flatten": lambda _, __, x: x[0].flatten(1),
    "dense": lambda _, own, x: functional.linear(x[0], own["weight"], own["bias"]),
    "first_row": lambda _, __, x: x[0][:, :, 0],
    "swap": lambda _, __, x: x[0].transpose(1, 2),
    "add": lambda _, __, x: x[0] + x[1],
}


def floats(images: NDArray[np.uint8]) -> Tensor:
    """Bytes to what a classifier's layers take: float32 ``(n, 1, size, size)`` in [0, 1]."""
    return torch.from_numpy(images).unsqueeze(1).float() / 255
