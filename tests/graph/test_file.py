from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tenfold.graph import file
from tenfold.graph.file import read_model
from tenfold.graph.protobuf import GraphError
from tenfold.reader.networks import DIGITS, FINDER, LINE, bundled_content

CONTENT = bundled_content(DIGITS)


@pytest.mark.parametrize("name", [DIGITS, FINDER, LINE])
def test_it_sees_what_onnx_sees(name: str) -> None:
    content = bundled_content(name)
    metadata, graph = read_model(content)
    model = onnx.load_model_from_string(content)
    assert metadata == {entry.key: entry.value for entry in model.metadata_props}
    assert [node.operator for node in graph.nodes] == [node.op_type for node in model.graph.node]
    for node, theirs in zip(graph.nodes, model.graph.node, strict=True):
        assert (list(node.inputs), list(node.outputs)) == (theirs.input, theirs.output)
        for attribute in theirs.attribute:
            value = helper.get_attribute_value(attribute)
            assert node.attributes[attribute.name] == (
                tuple(value) if isinstance(value, list) else value
            )
    for tensor in model.graph.initializer:
        array, constant = numpy_helper.to_array(tensor), graph.constants[tensor.name]
        assert constant.shape == array.shape
        if array.dtype == np.int64:
            assert constant.values == tuple(array.reshape(-1).tolist())
    assert graph.outputs == tuple(output.name for output in model.graph.output)


def _with_branch(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    model.graph.node[0].attribute.append(helper.make_attribute("then_branch", inner))


def _with_function(model: onnx.ModelProto) -> None:
    imports = [helper.make_opsetid("", 20)]
    model.functions.append(helper.make_function("own", "f", ["a"], ["b"], [], imports))


def _with_data_outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "/etc/passwd")


def _with_sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.append(onnx.SparseTensorProto(dims=[1 << 40]))


def _with_training(model: onnx.ModelProto) -> None:
    model.training_info.append(onnx.TrainingInfoProto())


def _with_custom(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.example"


def _with_promise(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 1 << 27


def _with_text(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.array(["a"], object), "words"))


def _with_complex(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_type = TensorProto.COMPLEX64


def _with_twins(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(model.graph.initializer[0])


def _with_two_records(model: onnx.ModelProto) -> None:
    model.metadata_props.append(model.metadata_props[0])


def _with_old_operators(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 12


def _with_many_nodes(model: onnx.ModelProto) -> None:
    model.graph.node.extend([helper.make_node("Relu", ["a"], ["b"])] * file.MAX_NODES)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_with_branch, "field 6"),
        (_with_function, "field 25"),
        (_with_data_outside, "field 13|field 14"),
        (_with_sparse, "field 15"),
        (_with_training, "field 20"),
        (_with_custom, "foreign domain"),
        (_with_promise, "other numbers than it promises"),
        (_with_text, "field 6"),
        (_with_complex, "type that networks do not need"),
        (_with_twins, "two values of one name"),
        (_with_two_records, "says a thing twice"),
        (_with_old_operators, "operators of version"),
        (_with_many_nodes, "more than 4000 nodes"),
    ],
)
def test_what_no_network_needs_is_refused(
    change: Callable[[onnx.ModelProto], None], what: str
) -> None:
    model = onnx.load_model_from_string(CONTENT)
    change(model)
    with pytest.raises(GraphError, match=what):
        read_model(model.SerializeToString())


def test_inputs_say_their_shape() -> None:
    shapes: list[list[int | str | None]] = [["n", 8, None], [0, 3, -2]]
    for shape, expected in zip(shapes, [(-1, 8, -1), (-1, 3, -1)], strict=True):
        value = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
        model = helper.make_model(
            helper.make_graph([], "g", [value], [value]),
            opset_imports=[helper.make_opsetid("", 20)],
        )
        assert read_model(model.SerializeToString())[1].inputs == {"x": expected}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 255)), min_size=1, max_size=5))
def test_damage_is_refused_or_read_but_never_a_fault(damage: list[tuple[int, int]]) -> None:
    content = bytearray(CONTENT)
    for place, byte in damage:
        content[place if place < 15_000 else len(content) - place + 14_999] = byte
    with contextlib.suppress(GraphError):
        read_model(bytes(content))
