"""Take a model file's network apart: its layers in order, each with its weights.

What a graph holds besides (pictures scaled on the way in, how sure a picture is a digit on the way
out) is recognised and said in words. Whatever is not known is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray

from tenfold.errors import ModelError
from tenfold.export.network import CLASSIFIER, FINDER, LINE, Array, Layer, Network
from tenfold.modelfile import MAX_WORK, SIDE, checked

OUTPUTS = {("kinds", "places"): FINDER, ("frames",): LINE}


def read_network(content: bytes, where: str) -> Network:
    """Take a model file apart.

    Parameters
    ----------
    content : bytes
        The file.
    where : str
        Its name, for messages.

    Raises
    ------
    ModelError
        If it is no model file of tenfold's, or its graph holds what no exporter knows.
    """
    info, _, cost = checked(content, where, free=SIDE, work=MAX_WORK)
    graph = onnx.load_model_from_string(content).graph
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    walk = _Walk(where, constants, cost.shapes)
    outputs = tuple(each.name for each in graph.output)
    kind = OUTPUTS.get(outputs, CLASSIFIER)
    nodes, name = list(graph.node), graph.input[0].name
    has_digitness = "digitness" in outputs
    if kind == CLASSIFIER:
        nodes, name = walk.without_scaling(nodes, name)
        nodes, outputs = walk.without_digitness(nodes) if has_digitness else (nodes, ("logits",))
    for node in nodes:
        walk.take(node)
    found = Network(kind, tuple(walk.layers), name, outputs, has_digitness, info, where, content)
    if missing := {*outputs} - {each.output for each in found.layers}:
        raise walk.unknown(f"no layer that gives {min(missing)!r}")
    return found


class _Walk:
    """Goes through the nodes of a graph and turns them into layers."""

    def __init__(
        self, where: str, constants: dict[str, NDArray[Any]], shapes: dict[str, tuple[int, ...]]
    ) -> None:
        self.where, self.constants, self.shapes = where, constants, shapes
        self.layers: list[Layer] = []

    def unknown(self, what: str) -> ModelError:
        return ModelError(
            f"{self.where}: its graph holds {what}, which 'tenfold export' does not know. "
            "Export files that 'tenfold train' wrote."
        )

    def demand(self, holds: bool, what: str) -> None:
        if not holds:
            raise self.unknown(what)

    def without_scaling(
        self, nodes: list[onnx.NodeProto], name: str
    ) -> tuple[list[onnx.NodeProto], str]:
        """Leave out what turns bytes into numbers from 0 to 1 with one channel."""
        operators = [node.op_type for node in nodes[:3]]
        self.demand(operators == ["Unsqueeze", "Cast", "Div"], "pictures that are not scaled")
        chain = [name, *(node.output[0] for node in nodes[:3])]
        same = all(node.input[0] == before for node, before in zip(nodes, chain, strict=False))
        divisor = self.constants.get(nodes[2].input[1], np.zeros(1))
        self.demand(same and divisor.size == 1 and float(divisor) == 255, "another scaling")
        return nodes[3:], chain[-1]

    def without_digitness(
        self, nodes: list[onnx.NodeProto]
    ) -> tuple[list[onnx.NodeProto], tuple[str, ...]]:
        """Leave out what parts the logits of the classes from that of "no digit"."""
        operators = [node.op_type for node in nodes[-4:]]
        self.demand(operators == ["Slice", "Softmax", "Gather", "Sub"], "another digitness")
        logits = nodes[-4].input[0]
        self.demand(nodes[-3].input[0] == logits, "a digitness of other logits")
        return nodes[:-4], (logits,)

    def take(self, node: onnx.NodeProto) -> None:
        """Add a node's layer, or compute it where all that goes into it is constant."""
        inputs = [self.constants[name] for name in node.input if name in self.constants]
        if len(inputs) == len(node.input) and node.op_type in ("Cast", "Mul"):
            result = inputs[0].astype(np.float32)
            for factor in inputs[1:]:
                result = result * factor
            self.constants[node.output[0]] = result
            return
        self.demand(node.op_type in _LAYERS, f"the operator {node.op_type!r}")
        kind, describe = _LAYERS[node.op_type]
        options = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        free = [name for name in node.input if name and name not in self.constants]
        self.demand(len(free) == 1 + (kind == "add"), f"{node.op_type} of no layer")
        weights, kept = describe(self, node, options)
        shape = (1, *self.shapes[free[0]][1:])
        self.layers.append(Layer(kind, tuple(free), node.output[0], shape, weights, kept))

    def array(self, node: onnx.NodeProto, number: int, name: str) -> dict[str, Array]:
        """Return a constant that goes into a node under the name of a weight, if it is there."""
        if number >= len(node.input) or not node.input[number]:
            return {}
        self.demand(node.input[number] in self.constants, f"{node.op_type} of no constant")
        return {name: np.asarray(self.constants[node.input[number]], np.float32)}

    def convolution(self, node: onnx.NodeProto, options: dict[str, Any]) -> _Described:
        axes = len(self.shapes[node.input[0]]) - 2
        pads = list(options.get("pads", [0] * 2 * axes))
        sound = pads[:axes] == pads[axes:] and options.get("auto_pad", b"NOTSET") == b"NOTSET"
        self.demand(sound, f"{node.op_type} with uneven borders")
        self.demand(not any(options.get("output_padding", [])), "output_padding")
        kept = {
            "strides": tuple(options.get("strides", [1] * axes)),
            "pads": tuple(pads[:axes]),
            "dilations": tuple(options.get("dilations", [1] * axes)),
            "groups": int(options.get("group", 1)),
        }
        weights = self.array(node, 1, "weight") | self.array(node, 2, "bias")
        # Graphs give every convolution a bias; the layers are simpler to compare if all have one.
        outputs = self.shapes[node.output[0]][1]
        return {"bias": np.zeros(outputs, np.float32), **weights}, kept

    def normalisation(self, node: onnx.NodeProto, options: dict[str, Any]) -> _Described:
        names = ("weight", "bias", "mean", "variance")
        arrays = [self.array(node, number, name) for number, name in enumerate(names, 1)]
        weights = {name: array for each in arrays for name, array in each.items()}
        return weights, {"epsilon": float(options.get("epsilon", 1e-5))}

    def pooling(self, _node: onnx.NodeProto, options: dict[str, Any]) -> _Described:
        sound = list(options["kernel_shape"]) == [2, 2] == list(options.get("strides", []))
        sound = sound and not any(options.get("pads", []))
        self.demand(sound and not options.get("ceil_mode", 0), "MaxPool of other windows than 2×2")
        return {}, {}

    def matrix(self, node: onnx.NodeProto, options: dict[str, Any]) -> _Described:
        plain = options.get("alpha", 1.0) == 1 == options.get("beta", 1.0)
        self.demand(plain and not options.get("transA", 0), "another Gemm")
        weights = self.array(node, 1, "weight") | self.array(node, 2, "bias")
        if not options.get("transB", 0):
            weights["weight"] = weights["weight"].T
        return {"bias": np.zeros(len(weights["weight"]), np.float32), **weights}, {}

    def flattening(self, node: onnx.NodeProto, _options: dict[str, Any]) -> _Described:
        out, n = self.shapes[node.output[0]], self.shapes[node.input[0]][0]
        self.demand(len(out) == 2 and out[0] == n, "another Reshape")
        return {}, {}

    def doubling(self, node: onnx.NodeProto, options: dict[str, Any]) -> _Described:
        factors = self.constants[node.input[2]].tolist() if len(node.input) > 2 else None
        nearest = options.get("mode") == b"nearest" and options.get("nearest_mode") == b"floor"
        self.demand(nearest and factors == [1, 1, 2, 2], "another Resize")
        return {}, {}

    def first_row(self, node: onnx.NodeProto, options: dict[str, Any]) -> _Described:
        index = self.constants[node.input[1]]
        sound = index.ndim == 0 and int(index) == 0 and options.get("axis", 0) == 2
        self.demand(sound and self.shapes[node.input[0]][2] == 1, "another Gather")
        return {}, {}

    def swapping(self, _node: onnx.NodeProto, options: dict[str, Any]) -> _Described:
        self.demand(list(options.get("perm", [])) == [0, 2, 1], "another Transpose")
        return {}, {}

    def nothing(self, _node: onnx.NodeProto, _options: dict[str, Any]) -> _Described:
        return {}, {}


_Described: TypeAlias = tuple[dict[str, Array], dict[str, Any]]
_Describe: TypeAlias = Callable[[_Walk, onnx.NodeProto, dict[str, Any]], _Described]
_LAYERS: dict[str, tuple[str, _Describe]] = {
    "Conv": ("conv", _Walk.convolution),
    "ConvTranspose": ("conv_transpose", _Walk.convolution),
    "BatchNormalization": ("norm", _Walk.normalisation),
    "Relu": ("relu", _Walk.nothing),
    "MaxPool": ("max_pool", _Walk.pooling),
    "Add": ("add", _Walk.nothing),
    "Gemm": ("dense", _Walk.matrix),
    "Reshape": ("flatten", _Walk.flattening),
    "Resize": ("double", _Walk.doubling),
    "Gather": ("first_row", _Walk.first_row),
    "Transpose": ("swap", _Walk.swapping),
}
