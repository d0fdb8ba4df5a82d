from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.data.folder import load_picture_folder
from tenfold.errors import DataError
from tenfold.server.bodies import Lesson, check
from tenfold.server.collection import Collection


def _record(digit: object = 7, level: int = 200) -> dict[str, Any]:
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 12:16] = level
    return {"digit": digit, "glyph": base64.b64encode(glyph.tobytes()).decode()}


def _lesson(digit: int = 7, level: int = 200) -> Lesson:
    return check(Lesson, _record(digit, level))


def test_what_is_taught_is_a_data_set(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "taught")
    names = [collection.add(_lesson(digit, 100 + digit)) for digit in (7, 1, 7)]
    assert collection.count == len(set(names)) == 3
    data, test = load_picture_folder(tmp_path / "taught", "taught")
    assert test is None
    assert data.targets.tolist() == [1, 7, 7]
    assert sorted(data.images.max(axis=(1, 2)).tolist()) == [101, 107, 107]
    assert Collection(tmp_path / "taught").count == 3  # after a new start


def test_a_lesson_can_be_taken_back_and_leaves_nothing(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    name = collection.add(_lesson())
    assert collection.remove(name)
    assert not collection.remove(name)
    assert (collection.count, list(tmp_path.iterdir())) == (0, [])


def test_names_are_no_paths(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(b"x")
    collection = Collection(tmp_path / "taught")
    assert not collection.remove("../../outside")
    assert outside.exists()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "digit: it is missing"),
        (_record(10), "digit: "),
        (_record(True), "digit: "),
        (_record("7"), "digit: "),
        ({"digit": 7}, "glyph: it is missing"),
        ({"digit": 7, "glyph": "eA=="}, "glyph: 1 bytes; a glyph is 28×28"),
        ({"digit": 7, "glyph": "?"}, "glyph: this is no base64"),
        (_record() | {"label": 7}, "label: there is no such field; there are digit, glyph"),
    ],
)
def test_what_is_no_lesson_is_refused(record: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        check(Lesson, record)
