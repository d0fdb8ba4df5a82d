"""Shapes by rule are those that ONNX Runtime computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from tenfold.graph.file import Shape, read_model
from tenfold.graph.operators import RULES
from tenfold.graph.protobuf import GraphError
from tenfold.graph.shapes import measure
from tenfold.reader.networks import bundled_content

Constants = dict[str, Any]


def _file(
    operator: str, shape: list[int], constants: Constants, attributes: dict[str, Any]
) -> bytes:
    """One operator on ``x`` and constants, in a model file."""
    node = helper.make_node(operator, ["x", *constants], ["y"], **attributes)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items() if name],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def _f(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


CASES: list[tuple[str, list[int], Constants, dict[str, Any]]] = [
    ("Conv", [2, 4, 9, 8], {"w": _f(6, 4, 3, 3)}, {}),
    ("Conv", [2, 4, 9, 8], {"w": _f(6, 2, 3, 2)},
     {"group": 2, "strides": [2, 3], "pads": [1, 0, 2, 1], "dilations": [2, 1]}),
    ("Conv", [2, 4, 9], {"w": _f(6, 4, 5)}, {"auto_pad": "SAME_UPPER", "strides": [2]}),
    ("ConvTranspose", [2, 4, 9], {"w": _f(4, 3, 4)}, {"strides": [2], "pads": [1, 1]}),
    ("ConvTranspose", [2, 4, 5, 6], {"w": _f(4, 3, 3, 2)},
     {"group": 2, "strides": [3, 2], "output_padding": [1, 0], "dilations": [2, 1]}),
    ("MaxPool", [2, 4, 9, 8], {}, {"kernel_shape": [2, 3], "strides": [2, 2]}),
    ("AveragePool", [2, 4, 9, 8], {}, {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    ("GlobalAveragePool", [2, 4, 9, 8], {}, {}),
    ("Gemm", [3, 4], {"w": _f(5, 4), "b": _f(5)}, {"transB": 1}),
    ("Gemm", [4, 3], {"w": _f(4, 5)}, {"transA": 1}),
    ("MatMul", [2, 3, 4], {"w": _f(4, 5)}, {}),
    ("Add", [2, 3, 1], {"w": _f(3, 4)}, {}),
    ("Reshape", [2, 3, 4], {"to": [0, -1]}, {}),
    ("Reshape", [2, 3, 4], {"to": [4, 6]}, {"allowzero": 1}),
    ("Flatten", [2, 3, 4], {}, {"axis": 2}),
    ("Flatten", [2, 3, 4], {}, {"axis": -1}),
    ("Transpose", [2, 3, 4], {}, {}),
    ("Transpose", [2, 3, 4], {}, {"perm": [0, 2, 1]}),
    ("Unsqueeze", [2, 3], {"axes": [0, -1]}, {}),
    ("Squeeze", [2, 1, 3, 1], {"axes": [1, -1]}, {}),
    ("Slice", [9, 8], {"a": [0, -3], "b": [-1, 99]}, {}),
    ("Slice", [9, 8], {"a": [-1], "b": [-99], "axes": [1], "by": [-2]}, {}),
    ("Slice", [9, 8], {"a": [7], "b": [2], "axes": [-2], "by": [-3]}, {}),
    ("Gather", [2, 3, 4], {"at": np.array(-1)}, {"axis": 1}),
    ("Gather", [2, 3, 4], {"at": np.array([[0, 1]])}, {"axis": -1}),
    ("Concat", [2, 3], {"w": _f(2, 4)}, {"axis": 1}),
    ("ReduceMean", [2, 3, 4], {"axes": [1]}, {"keepdims": 0}),
    ("ReduceMax", [2, 3, 4], {"axes": [-1, 0]}, {}),
    ("ReduceMean", [2, 3, 4], {}, {}),
    ("Resize", [1, 2, 3, 4], {"": None, "by": np.array([1, 1, 2, 3], np.float32)}, {}),
    ("Softmax", [2, 3], {}, {"axis": 1}),
    ("Clip", [2, 3], {"low": np.float32(0), "high": np.float32(6)}, {}),
    ("BatchNormalization", [2, 3, 4], {"a": _f(3), "b": _f(3), "c": _f(3), "d": _f(3)}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "shape", "constants", "attributes"), CASES, ids=str)
def test_shapes_are_those_of_onnx_runtime(
    operator: str, shape: list[int], constants: Constants, attributes: dict[str, Any]
) -> None:
    content = _file(operator, shape, constants, attributes)
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": _f(*shape)})
    cost = measure(read_model(content)[1], {"x": tuple(shape)})
    assert cost.shapes["y"] == expected.shape
    assert cost.numbers >= expected.size


def test_each_rule_is_tried() -> None:
    tried = {operator for operator, *_ in CASES}
    rules = {RULES[operator] for operator in tried}
    assert rules == {*RULES.values()}


REFUSED: list[tuple[str, list[int], Constants, dict[str, Any]]] = [
    ("Loop", [2], {}, {}),
    ("ConstantOfShape", [1], {}, {}),
    ("Expand", [1], {"to": [1 << 30]}, {}),
    ("Conv", [1, 1, 4, 4], {"w": _f(1, 1, 2, 2)}, {"pads": [1 << 30] * 4}),
    ("Conv", [1, 1, 4, 4], {"w": _f(1, 1, 2, 2)}, {"strides": [0, 1]}),
    ("Conv", [1, 1, 4, 4], {"w": _f(1, 1, 2, 2)}, {"pads": [-1, 0, 0, 0]}),
    ("Conv", [1, 1, 4, 4], {"w": _f(1, 2, 2, 2)}, {}),
    ("Conv", [1, 1, 4, 4], {"w": _f(1, 1, 5, 2)}, {}),
    ("Conv", [1, 1, 4, 4], {}, {}),
    ("Reshape", [2, 3], {"to": [-1, -1]}, {}),
    ("Reshape", [2, 3], {"to": [4, -1]}, {}),
    ("Reshape", [2, 3], {"to": np.array([2, 3], np.int32)}, {}),
    ("Resize", [1, 2], {"": None, "by": np.array([1, 1e9], np.float32)}, {}),
    ("Resize", [1, 2], {"": None, "by": np.array([1, 0.5], np.float32)}, {}),
    ("Transpose", [2, 3], {}, {"perm": [0, 0]}),
    ("Squeeze", [2, 3], {"axes": [1]}, {}),
    ("Gather", [2, 3], {"at": np.array(0)}, {"axis": 5}),
    ("MatMul", [2, 3], {"w": _f(2, 3)}, {}),
    ("Add", [2, 3], {"w": _f(4)}, {}),
]


@pytest.mark.parametrize(("operator", "shape", "constants", "attributes"), REFUSED, ids=str)
def test_what_does_not_fit_or_asks_too_much_is_refused(
    operator: str, shape: list[int], constants: Constants, attributes: dict[str, Any]
) -> None:
    content = _file(operator, shape, constants, attributes)
    with pytest.raises(GraphError):
        measure(read_model(content)[1], {"x": tuple(shape)})


def test_what_doubles_and_doubles_is_counted_without_being_computed() -> None:
    names = [f"v{number}" for number in range(60)]
    nodes = [
        helper.make_node("Concat", [a, a], [b], axis=0)
        for a, b in zip(["x", *names], names, strict=False)
    ]
    graph = helper.make_graph(
        nodes,
        "bomb",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    assert measure(read_model(model.SerializeToString())[1], {"x": (1,)}).numbers >= 1 << 60


def test_values_are_counted_while_they_are_needed() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Add", ["c", "b"], ["d"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "chain", [value("x", 1, [10])], [value("d", 1, [10])]
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    # b, c and d at the same time; x and a are done by then.
    assert measure(read_model(model.SerializeToString())[1], {"x": (10,)}).numbers == 30


@pytest.mark.parametrize(("size", "work"), [(1, 11_888_839), (10, 118_888_390)])
def test_the_bundled_classifier_costs_what_it_costs(size: int, work: int) -> None:
    shape: Shape = (size, 28, 28)
    assert measure(read_model(bundled_content())[1], {"images": shape}).work == work
