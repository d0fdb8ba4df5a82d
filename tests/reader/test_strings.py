from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.reader.find import Finding, Found
from tenfold.reader.lines import Part, parts
from tenfold.reader.recognise import Spelled
from tenfold.reader.settings import SETTINGS
from tenfold.reader.strings import ReadPart, Symbol, read_parts, without_doubles
from tenfold.signature import CHARS, DIGIT, HAND

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Place = Callable[[int], int]

NOTHING_SEEN = Finding([], [], [])
ONE_VIEW = replace(SETTINGS, views=((1.0, 0.0),))


class _Recogniser:
    """A line recogniser that reads a 7 at one frame of every strip, or nothing; it counts."""

    def __init__(self, place: Place | None = None, confidence: float = 0.99) -> None:
        self.place, self.confidence = place, confidence
        self.shown: list[Floats] = []

    def __call__(self, strips: Floats) -> Floats:
        self.shown.append(strips)
        count = strips.shape[3] // 2
        frames = np.full((len(strips), count, 1 + len(CHARS)), -20, np.float32)
        frames[:, :, 0] = 0
        if self.place is not None:
            at = self.place(count)
            frames[:, at, 0] = np.log(1 - self.confidence)
            frames[:, at, CHARS.index("7") + 1] = np.log(self.confidence)
        return frames


def _found(x: float, y: float, height: float = 30.0) -> Found:
    kinds = np.zeros(4, np.float32)
    kinds[HAND] = 1
    chances = np.full(10, 0.1, np.float32)
    return Found(x - height / 3, y - height / 2, height / 1.5, height, 0.9, chances, kinds, 0)


def _paper(width: int = 1000) -> Pixels:
    return np.full((100, width), 255, np.uint8)


def _part(width: float, start: float = 0.0, height: float = 30.0) -> Part:
    middle = start + width / 2
    return Part([_found(middle, 50)], height, start, start + width, middle, 50.0, 0.0)


def _read_beyond(recogniser: _Recogniser) -> tuple[Part, Part]:
    """Read a part of one digit, and return the part before and after."""
    (before,) = parts([_found(110, 50)], SETTINGS.gap, 1000.0)
    (read,) = read_parts(_paper(), [before], NOTHING_SEEN, recogniser, ONE_VIEW)
    return before, read.part


def _doubtful() -> _Recogniser:
    """One that is never sure, so that everything is shown to it in every view."""
    return _Recogniser(lambda count: count // 2, 0.6)


@pytest.mark.parametrize("told", [1.0, 0.85, 1.175])
def test_a_digit_is_shown_at_its_size_also_where_that_was_told_wrong_by_a_sixth(
    told: float,
) -> None:
    page = _paper(200)
    page[30:70, 95:105] = 0
    recogniser = _doubtful()
    read_parts(page, [_part(80, 60, told * 40)], NOTHING_SEEN, recogniser, SETTINGS)
    heights = [
        int(strip.any(axis=1).sum()) for strips in recogniser.shown for strip in _dark(strips)
    ]
    assert min(abs(height - DIGIT) for height in heights) <= 1.5


def _dark(strips: Floats) -> NDArray[np.bool_]:
    """Where strips show ink, brought to one width."""
    dark = strips[:, 0] < (strips.min() + strips.max()) / 2
    return np.pad(dark, ((0, 0), (0, 0), (0, 400 - dark.shape[2])))


@pytest.mark.parametrize("lean", [0.0, 0.28, -0.28])
def test_a_stroke_that_leans_by_a_third_stands_upright_in_one_view(lean: float) -> None:
    page = _paper(200)
    cv2.line(page, (round(100 + 20 * lean), 30), (round(100 - 20 * lean), 70), 0, 4)
    recogniser = _doubtful()
    read_parts(page, [_part(80, 60, 40)], NOTHING_SEEN, recogniser, SETTINGS)
    widths = [
        int(strip.any(axis=0).sum()) for strips in recogniser.shown for strip in _dark(strips)
    ]
    assert min(widths) <= 5


@pytest.mark.parametrize(("confidence", "views"), [(0.91, 1), (0.89, 9)])
def test_what_is_settled_is_shown_once(confidence: float, views: int) -> None:
    recogniser = _Recogniser(lambda count: count // 2, confidence)
    read_parts(_paper(), [_part(80, 60)], NOTHING_SEEN, recogniser, SETTINGS)
    assert sum(len(strips) for strips in recogniser.shown) == views


@pytest.mark.parametrize(("count", "views"), [(2, 9), (4, 4), (6, 3), (9, 2), (10, 1)])
def test_the_more_is_written_in_a_picture_the_fewer_views_are_shown(count: int, views: int) -> None:
    flat = [_part(2180) for _ in range(count)]
    recogniser = _doubtful()
    read_parts(_paper(2200), flat, NOTHING_SEEN, recogniser, SETTINGS)
    assert sum(len(strips) for strips in recogniser.shown) == count * views


@pytest.mark.parametrize(("count", "calls"), [(24, 1), (25, 2)])
def test_so_many_strips_are_read_at_once_and_one_more_by_itself(count: int, calls: int) -> None:
    recogniser = _Recogniser()
    read_parts(_paper(), [_part(60, 90)] * count, NOTHING_SEEN, recogniser, SETTINGS)
    assert len(recogniser.shown) == calls


@pytest.mark.parametrize(("confidence", "longer"), [(0.55, False), (0.65, True)])
def test_a_line_is_read_further_where_a_digit_stands_surely_beyond_those_found(
    confidence: float, longer: bool
) -> None:
    # The strip has a column for each pixel from 67 on: frame 36 is at 140, the digit ends at 120.
    before, after = _read_beyond(_Recogniser(lambda _: 36, confidence))
    assert (after.end > before.end) == longer
    assert after.start == before.start


def test_a_line_that_never_ends_is_made_longer_three_times() -> None:
    recogniser = _Recogniser(lambda count: count - 5)
    before, after = _read_beyond(recogniser)
    assert len(recogniser.shown) == 1 + 3
    assert before.end < after.end < 400


@pytest.mark.parametrize(("aside", "below"), [(0.4, 0.0), (0.0, 0.4), (0.5, 0.0), (0.0, 0.5)])
def test_what_two_parts_read_less_than_half_a_digit_apart_is_one(
    aside: float, below: float
) -> None:
    symbols = []
    for dx, dy in ((0.0, 0.0), (aside * 20, below * 30)):
        box = (100 + dx, 50 + dy, 20.0, 30.0)
        symbols.append(Symbol("7", box, np.full(10, 0.1, np.float32), 0.9, 0.9, HAND))
    spelled = Spelled("7", 0.0, [], np.zeros((0, 21), np.float32))
    lines = [
        [ReadPart(_part(60), np.zeros((48, 8), np.uint8), spelled, [symbol])] for symbol in symbols
    ]
    left = [symbol for line in without_doubles(lines) for read in line for symbol in read.symbols]
    assert len(left) == (1 if max(aside, below) < 0.45 else 2)
