from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from tenfold.reader.draw import BETWEEN, DOUBTFUL, REFUSED, STRUCK, SURE, annotate
from tenfold.reader.explain import explain
from tenfold.reader.reader import Reader
from tenfold.reader.reading import Mark


def _colours(drawn: Image.Image) -> set[str]:
    colours: list[tuple[int, tuple[int, int, int]]] = drawn.getcolors(1 << 24) or []  # type: ignore[assignment]
    return {f"#{bytes(colour).hex()}" for _, colour in colours}


def test_boxes_are_drawn_in_the_colour_of_their_confidence(hand: ModuleType) -> None:
    trace = Reader().trace(hand.write("4078"))
    drawn = annotate(trace.picture, trace.reading)
    assert _colours(drawn) & {SURE, DOUBTFUL, REFUSED, STRUCK, BETWEEN} == {SURE}
    assert 480 <= max(drawn.size) <= 1600


def test_struck_out_digits_and_marks_are_told_from_others(hand: ModuleType) -> None:
    trace = Reader().trace(hand.write("42"))
    four, two = trace.reading.digits
    struck = replace(trace.reading, digits=(replace(four, refused="struck out"), two))
    assert _colours(annotate(trace.picture, struck)) >= {SURE, STRUCK}
    printed = replace(trace.reading, digits=(replace(four, refused="printed"), two))
    assert _colours(annotate(trace.picture, printed)) >= {SURE, REFUSED}
    height, width = trace.picture.pixels.shape[:2]
    for where in ((0, 0, 1, 1), (width - 1, height - 1, 1, 1)):  # there is room at every edge
        marks = (Mark(",", 0.9, where, 0, in_text=True), Mark(".", 0.3, where, 0, in_text=False))
        for mark, colour in zip(marks, (BETWEEN, REFUSED), strict=True):
            drawn = annotate(trace.picture, replace(trace.reading, marks=(mark,)))
            assert _colours(drawn) & {BETWEEN, REFUSED} == {colour}


def test_tiny_and_empty_pictures_are_drawn() -> None:
    trace = Reader().trace(np.zeros((28, 28), np.uint8))
    assert max(annotate(trace.picture, trace.reading).size) == 480


def test_every_step_is_written(hand: ModuleType, tmp_path: Path) -> None:
    for page in (hand.photo(hand.write("40718\n293")), np.full((50, 60), 255, np.uint8)):
        paths = explain(Reader().trace(page), tmp_path / "steps")
        assert [path.name[0] for path in paths] == list("123456")
        for path in paths:
            with Image.open(path) as image:
                image.load()
