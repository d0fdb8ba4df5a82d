"""Walk a protobuf message strictly: what is not in its table of fields is refused, not skipped.

Ordinary readers keep what they do not know and take the last of a field that comes twice, so that
two of them may see two different graphs in one file. Here a message says one thing or nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import TypeAlias

VARINT, WORD, BYTES, FLOAT = 0, 1, 2, 5  # wire types
LONGEST = 10  # bytes of a varint
SINGLE = {"int": VARINT, "bytes": BYTES, "float": FLOAT}
PACKED = {"ints": VARINT, "floats": FLOAT, "doubles": WORD}
FORMATS = {"floats": "<f", "doubles": "<d"}

Value: TypeAlias = int | float | memoryview
Message: TypeAlias = dict[str, list[Value]]
# Field number → name and kind: int, bytes, float (at most once); bytes*, ints, floats, doubles.
Table: TypeAlias = Mapping[int, tuple[str, str]]


class GraphError(ValueError):
    """The bytes are no such message, or it holds what a model file must not; says which."""


def parse(data: memoryview, table: Table) -> Message:
    """Return a message's fields by name, each a list in order of appearance.

    Raises
    ------
    GraphError
        If the bytes are no message of this table.

    Examples
    --------
    >>> parse(memoryview(bytes([8, 150, 1, 18, 1, 65])), {1: ("n", "int"), 2: ("s", "bytes")})["n"]
    [150]
    """
    message: Message = {name: [] for name, _ in table.values()}
    for number, wire, value in _fields(data):
        if number not in table:
            raise GraphError(f"field {number} of a kind that model files do not have")
        name, kind = table[number]
        if wire == BYTES and kind in PACKED:
            assert isinstance(value, memoryview)  # noqa: S101 - for the type checker
            message[name] += _unpacked(value, kind)
        elif wire != {**SINGLE, **PACKED, "bytes*": BYTES}[kind]:
            raise GraphError(f"a {name} of the wrong type")
        elif kind in SINGLE and message[name]:
            raise GraphError(f"two of {name}")
        else:
            message[name].append(_number(value, kind))
    return message


def _fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    lengths = {WORD: 8, FLOAT: 4}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, wire, _signed(value)
            continue
        if wire == BYTES:
            length, at = _varint(data, at)
        elif wire in lengths:
            length = lengths[wire]
        else:
            raise GraphError(f"wire type {wire}")
        if length > len(data) - at:
            raise GraphError("a field that goes on beyond the end")
        yield number, wire, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + LONGEST]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if value >> 64:
                break
            return value, at + place + 1
    raise GraphError("a number that does not end")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _number(value: int | memoryview, kind: str) -> Value:
    if kind in ("float", "floats", "doubles") and isinstance(value, memoryview):
        number: float = struct.unpack(FORMATS.get(kind, "<f"), value)[0]
        return number
    return value


def _unpacked(value: memoryview, kind: str) -> list[Value]:
    if kind == "ints":
        numbers: list[Value] = []
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            numbers.append(_signed(number))
        return numbers
    size = struct.calcsize(FORMATS[kind])
    if len(value) % size:
        raise GraphError("numbers that are cut off")
    return [number for (number,) in struct.iter_unpack(FORMATS[kind], value)]
