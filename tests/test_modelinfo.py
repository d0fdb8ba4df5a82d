from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tenfold.errors import ModelError
from tenfold.modelinfo import ALWAYS, FORMAT_VERSION, RULES, ModelInfo, check_seal, sealed

INFO = ModelInfo(
    classes=tuple("0123456789"),
    size=8,
    data="digits",
    data_count=285,
    recipe='name = "Größe"\n',
    seed=3,
    rejection_threshold=0.4,
    results={"test_accuracy": 0.99},
    versions={"torch": "2.9"},
    parameters=1000,
)


def _record() -> dict[str, Any]:
    record: dict[str, Any] = json.loads(INFO.to_json())
    return record


def _refused(text: str) -> str:
    """Why this text is refused, in one line that names the file."""
    with pytest.raises(ModelError) as caught:
        ModelInfo.from_json(text, "some.onnx")
    message = str(caught.value)
    assert message.startswith("some.onnx: ")
    assert "\n" not in message
    return message


def test_what_was_written_is_read_back() -> None:
    assert ModelInfo.from_json(INFO.to_json(), "some.onnx") == INFO
    assert "Größe" in INFO.to_json()  # people read it too


def test_a_newer_format_is_refused_with_advice() -> None:
    record = _record() | {"format_version": FORMAT_VERSION + 1, "invented": True}
    message = _refused(json.dumps(record))
    assert f"written in model format {FORMAT_VERSION + 1}" in message
    assert "pip install --upgrade tenfold" in message


def test_keys_that_are_not_known_are_left_alone() -> None:
    text = json.dumps(_record() | {"invented_later": 1})
    assert ModelInfo.from_json(text, "some.onnx") == INFO


_DAMAGE: list[dict[str, object]] = [
    {"temperature": 0},
    {"temperature": -1.0},
    {"temperature": float("nan")},
    {"temperature": float("inf")},
    {"temperature": "hot"},
    {"temperature": None},
    {"temperature": True},
    {"temperature": 1e-40},
    {"temperature": 1e30},
    {"temperature": 10**400},
    {"size": 8.0},
    {"size": 5000},
    {"size": True},
    {"classes": ["0"]},
    {"classes": ["0", "1", "1"]},
    {"classes": ["0", ""]},
    {"classes": ["0", 1]},
    {"classes": "0123456789"},
    {"data": 3},
    {"data_count": -1},
    {"data_count": 2.5},
    {"data_fingerprint": "abc"},
    {"data_fingerprint": "g" * 64},
    {"calibration_fingerprint": None},
    {"recipe": None},
    {"recipe": "x" * 1_000_001},
    {"seed": "3"},
    {"rejection_threshold": 1.5},
    {"rejection_threshold": float("nan")},
    {"results": []},
    {"results": {"test_accuracy": float("nan")}},
    {"results": {"test_accuracy": "0.99"}},
    {"string_calibration": [1.0, 2.0]},
    {"string_calibration": [1.0, 2.0, 3.0, float("inf")]},
    {"string_calibration": None},
    {"versions": {"torch": 2.9}},
    {"versions": None},
    {"parameters": -5},
    {"format_version": 0},
    {"format_version": -1},
    {"format_version": 1.0},
    {"format_version": True},
    {"size": 0},
    {"size": "8"},
    {"size": None},
    {"classes": []},
    {"classes": None},
    {"classes": 10},
    {"format_version": "one"},
    {"format_version": None},
]


@pytest.mark.parametrize("change", _DAMAGE, ids=str)
def test_damaged_values_are_refused(change: dict[str, object]) -> None:
    assert "its tenfold metadata is damaged" in _refused(json.dumps(_record() | change))


@pytest.mark.parametrize("key", ["classes", "size", "data", "recipe", "seed", "format_version"])
def test_missing_values_are_refused(key: str) -> None:
    record = {name: value for name, value in _record().items() if name != key}
    message = _refused(json.dumps(record))
    assert "metadata is damaged" in message
    assert f"'{key}'" in message


def test_every_value_has_a_rule() -> None:
    assert RULES.keys() == _record().keys()


@pytest.mark.parametrize("change", [change for change in _DAMAGE if "format" not in str(change)])
def test_what_breaks_a_rule_is_not_written(change: dict[str, Any]) -> None:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in change.items()}
    with pytest.raises(ValueError, match="it must be"):
        replace(INFO, **values).to_json()


def test_a_key_that_comes_twice_is_refused() -> None:
    text = INFO.to_json().replace('"seed": 3', '"seed": 3, "temperature": 2.0')
    assert "a key comes twice" in _refused(text)


def test_format_1_is_read_only_where_its_keys_are_all_there() -> None:
    first = {key: _record()[key] for key in ALWAYS} | {"format_version": 1}
    assert ModelInfo.from_json(json.dumps(first), "old").format_version == 1
    for key in ALWAYS - {"format_version"}:
        # As if one bit of the name had been flipped: the default must not pass for the value.
        damaged = {chr(ord(k[0]) ^ 1) + k[1:] if k == key else k: v for k, v in first.items()}
        assert f"'{key}' is missing" in _refused(json.dumps(damaged))
    assert "'later' is no key of format 1" in _refused(json.dumps(first | {"later": 1}))


def test_the_digest_covers_every_byte() -> None:
    content = sealed(bytes(range(200)))
    assert check_seal(content, "some.onnx")
    assert sealed(content) == content  # an older one makes room
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 4
        try:
            assert not check_seal(bytes(damaged), "some.onnx")  # the seal itself is broken
            assert place >= 200
        except ModelError as error:
            assert str(error).startswith("some.onnx: damaged or changed")  # noqa: PT017
    assert not check_seal(bytes(range(200)), "some.onnx")
    assert not check_seal(b"", "some.onnx")


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", '"x"', "[" * 100_000], ids=len)
def test_text_that_is_no_record_is_refused(text: str) -> None:
    assert "metadata is damaged" in _refused(text)
