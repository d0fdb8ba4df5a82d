from __future__ import annotations

import json
from typing import Any

import pytest

from tenfold.errors import ModelError
from tenfold.modelinfo import FORMAT_VERSION, ModelInfo

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


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null", '"x"', "[" * 100_000], ids=len)
def test_text_that_is_no_record_is_refused(text: str) -> None:
    assert "metadata is damaged" in _refused(text)
