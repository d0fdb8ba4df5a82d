"""Take a model file apart: its metadata, and its graph as nodes, constants, inputs and outputs.

Of ONNX it takes what a network needs. Graphs inside nodes (loops, branches), functions, training,
sparse tensors and data outside the file have no field in these tables, so they are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import TypeAlias, cast

import numpy as np

from tenfold.graph.protobuf import GraphError, Message, Table, Value, parse

MAX_BYTES = 1 << 28  # of a file: 256 MB
MAX_NODES = 4000
MAX_DIMENSIONS = 8
FEW = 64  # numbers of a constant that may say a shape

Shape: TypeAlias = tuple[int, ...]
Attribute: TypeAlias = int | float | bytes | tuple[int, ...] | None

# After onnx.proto; the numbers are those of the format.
MODEL: Table = {
    1: ("ir_version", "int"), 2: ("producer_name", "bytes"), 3: ("producer_version", "bytes"),
    4: ("domain", "bytes"), 5: ("model_version", "int"), 6: ("doc_string", "bytes"),
    7: ("graph", "bytes"), 8: ("opset_import", "bytes*"), 14: ("metadata_props", "bytes*"),
}  # fmt: skip
ENTRY: Table = {1: ("key", "bytes"), 2: ("value", "bytes")}
GRAPH: Table = {
    1: ("node", "bytes*"), 2: ("name", "bytes"), 5: ("initializer", "bytes*"),
    10: ("doc_string", "bytes"), 11: ("input", "bytes*"), 12: ("output", "bytes*"),
    13: ("value_info", "bytes*"), 16: ("metadata_props", "bytes*"),
}  # fmt: skip
NODE: Table = {
    1: ("input", "bytes*"), 2: ("output", "bytes*"), 3: ("name", "bytes"), 4: ("op_type", "bytes"),
    5: ("attribute", "bytes*"), 6: ("doc_string", "bytes"), 7: ("domain", "bytes"),
    8: ("overload", "bytes"), 9: ("metadata_props", "bytes*"),
}  # fmt: skip
ATTRIBUTE: Table = {
    1: ("name", "bytes"), 2: ("f", "float"), 3: ("i", "int"), 4: ("s", "bytes"),
    7: ("floats", "floats"), 8: ("ints", "ints"), 13: ("doc_string", "bytes"), 20: ("type", "int"),
}  # fmt: skip
TENSOR: Table = {
    1: ("dims", "ints"), 2: ("data_type", "int"), 4: ("float_data", "floats"),
    5: ("int32_data", "ints"), 7: ("int64_data", "ints"), 8: ("name", "bytes"),
    9: ("raw_data", "bytes"), 10: ("double_data", "doubles"), 12: ("doc_string", "bytes"),
    16: ("metadata_props", "bytes*"),
}  # fmt: skip
VALUE: Table = {
    1: ("name", "bytes"), 2: ("type", "bytes"), 3: ("doc_string", "bytes"),
    4: ("metadata_props", "bytes*"),
}  # fmt: skip
TYPE: Table = {1: ("tensor_type", "bytes"), 6: ("denotation", "bytes")}
TENSOR_TYPE: Table = {1: ("elem_type", "int"), 2: ("shape", "bytes")}
SHAPE: Table = {1: ("dim", "bytes*")}
DIMENSION: Table = {
    1: ("dim_value", "int"), 2: ("dim_param", "bytes"), 3: ("denotation", "bytes"),
}  # fmt: skip
# Of each type of number: bytes, and where numbers lie that are not raw.
TYPES = {
    1: (4, "float_data"), 2: (1, "int32_data"), 3: (1, "int32_data"), 6: (4, "int32_data"),
    7: (8, "int64_data"), 9: (1, "int32_data"), 10: (2, "int32_data"), 11: (8, "double_data"),
}  # fmt: skip
FORMATS = {1: "<f4", 7: "<i8"}  # of shapes, axes and factors
OPSETS = range(18, 26)  # versions of ONNX whose operators are those of `tenfold.graph.operators`
OPSET: Table = {1: ("domain", "bytes"), 2: ("version", "int")}


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the graph; empty names of inputs are left out ones."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor in the file; ``values`` where they may say a shape: few whole numbers in a row."""

    shape: Shape
    values: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Graph:
    """A network: ``inputs`` has −1 for lengths that are free."""

    nodes: tuple[Node, ...]
    constants: dict[str, Constant]
    inputs: dict[str, Shape]
    outputs: tuple[str, ...]


def read_model(content: bytes) -> tuple[dict[str, str], Graph]:
    """Return a model file's metadata and its graph.

    Raises
    ------
    GraphError
        If it is no ONNX model, is too large, or holds what model files must not.
    """
    if len(content) > MAX_BYTES:
        raise GraphError(f"more than {MAX_BYTES >> 20} MB")
    model = parse(memoryview(content), MODEL)
    if not model["graph"]:
        raise GraphError("no graph")
    opsets = [parse(_bytes(opset), OPSET) for opset in model["opset_import"]]
    versions = [opset["version"] for opset in opsets if _text(opset, "domain") in ("", "ai.onnx")]
    if len(versions) != 1 or not versions[0] or versions[0][0] not in OPSETS:
        raise GraphError(f"operators of version {versions}; {OPSETS[0]} to {OPSETS[-1]} are known")
    entries = [parse(_bytes(entry), ENTRY) for entry in model["metadata_props"]]
    metadata = {_text(entry, "key"): _text(entry, "value") for entry in entries}
    if len(metadata) < len(entries):
        raise GraphError("metadata that says a thing twice")
    return metadata, _graph(parse(_bytes(model["graph"][0]), GRAPH))


def _graph(graph: Message) -> Graph:
    if len(graph["node"]) > MAX_NODES:
        raise GraphError(f"more than {MAX_NODES} nodes")
    constants = dict(_constant(parse(_bytes(tensor), TENSOR)) for tensor in graph["initializer"])
    inputs = dict(_input(parse(_bytes(value), VALUE)) for value in graph["input"])
    if len({*constants, *inputs}) < len(graph["initializer"]) + len(graph["input"]):
        raise GraphError("two values of one name")
    outputs = tuple(_text(parse(_bytes(value), VALUE), "name") for value in graph["output"])
    nodes = tuple(_node(parse(_bytes(node), NODE)) for node in graph["node"])
    return Graph(nodes, constants, inputs, outputs)


def _node(node: Message) -> Node:
    operator = _text(node, "op_type")
    if _text(node, "domain") not in ("", "ai.onnx"):
        raise GraphError(f"the operator {operator!r} of a foreign domain")
    attributes: dict[str, Attribute] = {}
    for data in node["attribute"]:
        attribute = parse(_bytes(data), ATTRIBUTE)
        name = _text(attribute, "name")
        if name in attributes:
            raise GraphError(f"two attributes {name!r}")
        attributes[name] = _attribute(attribute)
    inputs, outputs = (tuple(map(_decoded, node[side])) for side in ("input", "output"))
    return Node(operator, inputs, outputs, attributes)


def _attribute(attribute: Message) -> Attribute:
    if attribute["ints"]:
        return cast(tuple[int, ...], tuple(attribute["ints"]))
    for name in ("i", "f"):
        if attribute[name]:
            return cast(float, attribute[name][0])
    return bytes(_bytes(attribute["s"][0])) if attribute["s"] else None


def _constant(tensor: Message) -> tuple[str, Constant]:
    name, shape = _text(tensor, "name"), _shape(cast(list[int], tensor["dims"]))
    kind = cast(int, (tensor["data_type"] or [0])[0])
    if kind not in TYPES:
        raise GraphError(f"the constant {name!r} of a type that networks do not need")
    size, unpacked = TYPES[kind]
    raw = _bytes(tensor["raw_data"][0]) if tensor["raw_data"] else None
    others = ("float_data", "int32_data", "int64_data", "double_data")
    filled = {other for other in others if tensor[other]}
    # Few and many: a file that promises more than it holds asks for memory that it does not fill.
    count = len(tensor[unpacked]) if raw is None else len(raw) / size
    if count != prod(shape) or filled - ({unpacked} if raw is None else set()):
        raise GraphError(f"the constant {name!r}, which holds other numbers than it promises")
    if kind not in FORMATS or len(shape) > 1 or count > FEW:
        return name, Constant(shape, None)
    numbers = tensor[unpacked] if raw is None else np.frombuffer(raw, FORMATS[kind]).tolist()
    whole = tuple(int(number) for number in numbers if float(number).is_integer())
    return name, Constant(shape, whole if len(whole) == len(numbers) else None)


def _input(value: Message) -> tuple[str, Shape]:
    name = _text(value, "name")
    types = [parse(_bytes(kind), TYPE) for kind in value["type"]]
    tensors = [parse(_bytes(kind), TENSOR_TYPE) for found in types for kind in found["tensor_type"]]
    shapes = [parse(_bytes(shape), SHAPE) for tensor in tensors for shape in tensor["shape"]]
    if not shapes:
        raise GraphError(f"the input {name!r} without a shape")
    dimensions = [parse(_bytes(dimension), DIMENSION) for dimension in shapes[0]["dim"]]
    lengths = (dimension["dim_value"] or [-1] for dimension in dimensions)
    shape = [cast(int, length[0]) for length in lengths]
    _shape([abs(length) for length in shape])
    return name, tuple(-1 if length < 1 else length for length in shape)


def _shape(lengths: Iterable[int]) -> Shape:
    shape = tuple(lengths)
    if len(shape) > MAX_DIMENSIONS or any(not 0 <= length <= MAX_BYTES for length in shape):
        raise GraphError(f"the shape {shape}")
    return shape


def _text(message: Message, name: str) -> str:
    return _decoded(message[name][0]) if message[name] else ""


def _decoded(value: Value) -> str:
    try:
        return bytes(_bytes(value)).decode()
    except UnicodeDecodeError as error:
        raise GraphError("a name that is no text") from error


def _bytes(value: Value) -> memoryview:
    if not isinstance(value, memoryview):
        raise GraphError("a number where bytes belong")
    return value
