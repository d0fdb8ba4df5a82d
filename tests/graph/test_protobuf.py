from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto

from tenfold.graph.file import TENSOR
from tenfold.graph.protobuf import GraphError, Table, parse

TABLE: Table = {
    1: ("n", "int"), 2: ("s", "bytes"), 3: ("many", "ints"), 4: ("f", "float"), 5: ("e", "bytes*"),
}  # fmt: skip


def test_it_reads_what_protobuf_writes() -> None:
    tensor = TensorProto(
        dims=[2, 3], data_type=1, float_data=[0.5, -1, 2, 3, 4, 1e9], int64_data=[-1, 1 << 62],
        double_data=[0.1], name="weights",
    )  # fmt: skip
    found = parse(memoryview(tensor.SerializeToString()), TENSOR)
    assert found["dims"] == [2, 3]
    assert found["float_data"] == [0.5, -1, 2, 3, 4, 1e9]
    assert found["int64_data"] == [-1, 1 << 62]
    assert found["double_data"] == [0.1]
    (name,) = found["name"]
    assert isinstance(name, memoryview)
    assert bytes(name) == b"weights"
    assert found["raw_data"] == []


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x30\x01", "field 6"),
        (b"\x00\x01", "field 0"),
        (b"\x0a\x01A", "a n of the wrong type"),
        (b"\x10\x01", "a s of the wrong type"),
        (b"\x08\x01\x08\x02", "two of n"),
        (b"\x12\x01A\x12\x01B", "two of s"),
        (b"\x12\x05AB", "beyond the end"),
        (b"\x25\x00\x00", "beyond the end"),
        (b"\x08", "does not end"),
        (b"\x08\xff", "does not end"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "does not end"),
        (b"\x0b\x0c", "wire type 3"),
        (b"\x1a\x01\xff", "does not end"),
    ],
)
def test_what_is_no_message_of_the_table_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(GraphError, match=what):
        parse(memoryview(data), TABLE)


def test_numbers_in_a_row_may_be_packed_or_not() -> None:
    assert parse(memoryview(b"\x18\x01\x1a\x02\x02\x03\x18\x04"), TABLE)["many"] == [1, 2, 3, 4]


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    with contextlib.suppress(GraphError):
        assert parse(memoryview(data), TABLE).keys() == {"n", "s", "many", "f", "e"}
