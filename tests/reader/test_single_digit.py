from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.model import Model
from tenfold.preprocess.binarize import Ink, find_ink
from tenfold.reader.ctc import Network
from tenfold.reader.find import Finding, Found, Level
from tenfold.reader.networks import bundled_model
from tenfold.reader.reader import Reader
from tenfold.reader.recognise import Symbol
from tenfold.reader.settings import SETTINGS
from tenfold.reader.single_digit import Opinion, by_ink, by_line, lies_alone, read_one
from tenfold.signature import CHARS, HAND

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Answer = tuple[Floats, Floats]

READER = Reader(layout="digit")


def test_no_ink_is_no_digit() -> None:
    assert by_ink(find_ink(np.zeros((28, 28), np.uint8)), bundled_model()) is None
    assert READER.read(np.zeros((28, 28), np.uint8)).digits == ()


def test_dirt_beside_the_digit_is_left_out(hand: ModuleType) -> None:
    page = hand.write("6", height=80, pen=8)
    cv2.circle(page, (page.shape[1] - 12, page.shape[0] - 12), 5, 40, -1)
    page[:3] = 60
    reading = READER.read(page)
    assert reading.text == "6"
    assert reading.digits[0].box[3] < 110


def test_a_broken_digit_is_read_whole(hand: ModuleType) -> None:
    page = hand.write("5", height=80, pen=6)
    rows = np.flatnonzero((page < 128).any(axis=1))
    top = int(rows[0])
    page[top + 12 : top + 20] = 235  # the bar floats
    assert READER.read(page).text == "5"


class _Saying(Model):
    """A classifier made of a function, that counts the glyphs of each call."""

    def __init__(self, answer: Callable[[int], Answer]) -> None:
        self.answer = answer
        self.asked: list[int] = []

    def predict_with_digitness(self, images: Pixels) -> Answer:
        self.asked.append(len(images))
        return self.answer(len(images))


def _chances(first: float = 0.1, log_odds: float | None = None) -> Floats:
    """Probabilities of a 3, the others sharing the rest; or of a 3 against a 5."""
    if log_odds is None:
        chances = np.full(10, (1 - first) / 9, np.float32)
        chances[3] = first
        return chances
    chances = np.full(10, 0.00125, np.float32)
    chances[3] = 0.99 / (1 + np.exp(-log_odds))
    chances[5] = 0.99 - chances[3]
    return chances


def _found(
    x: float, y: float, height: float = 30.0, score: float = 0.9, digits: Floats | None = None
) -> Found:
    kinds = np.zeros(4, np.float32)
    kinds[HAND] = 1
    named = _chances() if digits is None else digits
    width = height / 1.5
    return Found(x - width / 2, y - height / 2, width, height, score, named, kinds, 0)


def _silent(strips: Floats) -> Floats:
    """Read nothing."""
    return _frames(strips, np.full(10, 1e-9, np.float32))


def _frames(strips: Floats, digits: Floats) -> Floats:
    """Read digits, so probable, in the first frame of each strip and nothing further."""
    frames = np.full((len(strips), strips.shape[3] // 2, 1 + len(CHARS)), -40, np.float32)
    frames[:, :, 0] = 0
    frames[:, 0, 1:11] = np.log(digits)
    frames[:, 0, 0] = -40
    return frames


# What the classifier is shown of a picture's ink.


def _ink(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (400, 600)) -> Ink:
    """Ink in boxes x, y, width, height."""
    mask = np.zeros(shape, np.uint8)
    for x, y, width, height in boxes:
        mask[y : y + height, x : x + width] = 1
    return Ink(np.asarray(200 * mask, np.uint8), mask, light_on_dark=False)


def _shown(ink: Ink) -> int:
    """How many glyphs the classifier is shown of it."""
    model = _Saying(lambda count: (np.tile(_chances(), (count, 1)), np.ones(count, np.float32)))
    assert by_ink(ink, model) is not None
    (count,) = model.asked
    return count


@pytest.mark.parametrize(("width", "glyphs"), [(13, 1), (18, 3)])
def test_marks_of_less_than_a_fiftieth_of_the_largest_are_dirt(width: int, glyphs: int) -> None:
    # 169 and 234 pixels beside 10000: with the second, both and each alone are tried.
    assert _shown(_ink((50, 50, 100, 100), (400, 50, width, 13))) == glyphs


@pytest.mark.parametrize(("gap", "glyphs"), [(13, 5), (17, 4)])
def test_pieces_that_lie_close_for_their_size_are_tried_as_one(gap: int, glyphs: int) -> None:
    # All three, each alone, and perhaps the first two together.
    ink = _ink((50, 50, 100, 100), (150 + gap, 50, 20, 100), (500, 50, 20, 100))
    assert _shown(ink) == glyphs


def test_of_many_pieces_all_together_and_the_four_largest_are_tried() -> None:
    assert _shown(_ink(*((20 + 80 * k, 50, 10, 40 + 5 * k) for k in range(7)))) == 1 + 4


@pytest.mark.parametrize(("both", "width"), [(0.52, 80), (0.62, 430)])
def test_what_leaves_ink_out_must_be_so_much_more_like_a_digit(both: float, width: int) -> None:
    # Of two pieces the first holds four fifths of the ink; it is sure, both together are not.
    def answer(count: int) -> Answer:
        assert count == 3  # both, the larger, the smaller
        chances = np.stack([_chances(p) for p in (both, 0.99, 0.11)])
        return chances, np.ones(3, np.float32)

    opinion = by_ink(_ink((50, 50, 80, 100), (460, 50, 20, 100)), _Saying(answer))
    assert opinion is not None
    assert opinion.box == (50, 50, width, 100)


# Whether and where there is a digit.


def _read(
    page: Pixels,
    found: list[Found],
    *,
    by_all: Floats | None = None,
    by_place: Floats | None = None,
    recogniser: Network = _silent,
    promised: bool = False,
) -> Symbol | None:
    """Read a picture whose ink is all a digit's; the classifier first sees all of the ink."""
    answers = [
        _chances() if by_all is None else by_all,
        _chances() if by_place is None else by_place,
    ]
    turn = iter(answers if (page < 128).any() else answers[1:])

    def answer(count: int) -> Answer:
        return np.tile(next(turn), (count, 1)), np.ones(count, np.float32)

    kinds = np.zeros((5, *page.shape), np.float32)
    kinds[HAND] = 1
    seen = Finding(found, [Level(2.0, kinds)], [])
    # One height, so that each digit's frame is exactly what was given.
    settings = replace(SETTINGS, views=((1.0, 0.0),))
    model = _Saying(answer)
    ink = find_ink(page)
    whole = by_ink(ink, model)
    alone = lies_alone(ink, whole)
    read = read_one(page, page, whole, alone, seen, model, lambda: recogniser, settings, promised)
    return None if read is None else read[0]


def _paper(side: int = 200) -> Pixels:
    return np.full((side, side), 255, np.uint8)


def _bar() -> Pixels:
    page = _paper()
    page[70:130, 92:108] = 0
    return page


@pytest.mark.parametrize(("score", "seen"), [(0.26, False), (0.34, True)])
def test_without_ink_the_finder_must_be_a_little_sure_that_there_is_a_digit(
    score: float, seen: bool
) -> None:
    found = [_found(100, 100, 60, score)]
    assert (_read(_paper(), found) is not None) == seen
    assert (_read(_paper(), found, promised=True) is not None) == seen


@pytest.mark.parametrize("promised", [True, False])
def test_a_doubtful_place_with_ink_counts_where_a_digit_is_promised(promised: bool) -> None:
    page, three, five = _bar(), _chances(log_odds=9.0), _chances(log_odds=-9.0)
    page[:, :4] = 0  # so that the ink is not the digit's alone
    found = [_found(100, 100, 60, 0.1, five)]
    symbol = _read(page, found, by_all=three, by_place=five, promised=promised)
    assert symbol is not None
    assert symbol.char == ("5" if promised else "3")


@pytest.mark.parametrize(("score", "width"), [(0.26, 16), (0.34, 40)])
def test_a_digits_box_is_the_finders_where_that_is_a_little_sure(score: float, width: int) -> None:
    symbol = _read(_bar(), [_found(100, 100, 60, score)])
    assert symbol is not None
    assert symbol.box[2] == width  # of the ink, and of what was found


@pytest.mark.parametrize(("height", "large"), [(60, True), (75, False)])
def test_a_small_digit_must_be_surer_than_a_large_one(height: float, large: bool) -> None:
    # Of a picture 1000 pixels wide: half the height that is large enough, or less.
    found = [_found(300, 500, 300, 0.6), _found(800, 500, height, 0.9)]
    symbol = _read(_paper(1000), found)
    assert symbol is not None
    assert (symbol.box[3] == 300) == large


@pytest.mark.parametrize(("aside", "shown"), [(16, True), (22, False)])
def test_a_lone_digit_is_read_as_a_line_with_half_a_digits_paper_around(
    aside: int, shown: bool
) -> None:
    page = _paper()
    page[95:105, 90 - aside : 92 - aside] = 0  # the digit, 30 high, begins at 90
    strips: list[Floats] = []

    def recogniser(batch: Floats) -> Floats:
        strips.append(batch)
        return _silent(batch)

    by_line(page, _found(100, 100), recogniser, SETTINGS)
    assert bool(min(batch.min() for batch in strips) < -1) == shown


def test_ink_that_lies_alone_is_read_by_the_classifier_alone() -> None:
    seven, five = _chances(), _chances(log_odds=-9.0)
    seven[:], seven[7] = 0.01, 0.91
    found = [_found(100, 100, 60, 1.0, five)]
    alone = _read(_bar(), found, by_all=seven, by_place=five)
    framed = _bar()
    framed[:, :4] = 0
    beside = _read(framed, found, by_all=seven, by_place=five)
    assert alone is not None
    assert beside is not None
    assert (alone.char, beside.char) == ("7", "5")
    assert alone.confidence == pytest.approx(0.91, abs=0.01)
    assert (alone.box[2], beside.box[2]) == (16, 40)


# Pooling: each opinion against the classifier's on the ink found, the other undecided.


@pytest.mark.parametrize(("share", "char"), [(1.15, "3"), (1 / 1.15, "5")])
@pytest.mark.parametrize(("opinion", "weight"), [("line", 1.0), ("finder", 0.4)])
def test_opinions_on_a_lone_digit_have_their_weights(
    opinion: str, weight: float, share: float, char: str
) -> None:
    own = _chances(log_odds=1.2 * share / weight)
    undecided = _chances(log_odds=0.0)
    line = own if opinion == "line" else undecided
    found = _found(100, 100, 60, 1.0, own if opinion == "finder" else undecided)
    symbol = _read(
        _bar(),
        [found],
        by_place=_chances(log_odds=-1.2),
        recogniser=lambda strips: _frames(strips, line),
    )
    assert symbol is not None
    assert symbol.char == char


@pytest.mark.parametrize(("log_odds", "char"), [(1.2 * 1.15, "3"), (1.2 / 1.15, "5")])
def test_all_of_the_ink_weighs_as_much_as_the_ink_found(log_odds: float, char: str) -> None:
    page, undecided = _bar(), _chances(log_odds=0.0)
    page[:, :4] = 0  # so that the ink is not the digit's alone
    symbol = _read(
        page,
        [_found(100, 100, 60, 1.0, undecided)],
        by_all=_chances(log_odds=log_odds),
        by_place=_chances(log_odds=-1.2),
        recogniser=lambda strips: _frames(strips, undecided),
    )
    assert symbol is not None
    assert symbol.char == char


@pytest.mark.parametrize(("sureness", "char"), [(0.45, "5"), (0.55, "7")])
def test_ink_that_looks_little_like_a_digit_has_no_say(sureness: float, char: str) -> None:
    page, even = _bar(), np.full(10, 0.1, np.float32)
    page[:, :4] = 0
    seven = np.full(10, (1 - sureness) / 9, np.float32)
    seven[7] = sureness
    symbol = _read(
        page,
        [_found(100, 100, 60, 1.0, even)],
        by_all=seven,
        by_place=even + 0.05 * np.eye(10, dtype=np.float32)[5],
        recogniser=lambda strips: _frames(strips, even),
    )
    assert symbol is not None
    assert symbol.char == char


def test_opinions_that_agree_are_surer_together_but_not_twice_as_sure() -> None:
    one = _chances(log_odds=float(np.log(4)))
    symbol = _read(
        _bar(),
        [_found(100, 100, 60, 1.0, one)],
        by_place=one,
        recogniser=lambda strips: _frames(strips, one),
    )
    assert symbol is not None
    odds = symbol.probabilities[3] / symbol.probabilities[5]
    assert 1.2 * 4 < odds < 2 * 4


SEVEN = np.eye(10, dtype=np.float32)[7]


def _box(left: int, top: int, right: int, bottom: int) -> tuple[float, float, float, float]:
    return float(left), float(top), float(right - left), float(bottom - top)


@pytest.mark.parametrize(("sureness", "alone"), [(0.4, False), (0.6, True)])
def test_ink_lies_alone_where_it_looks_at_least_a_little_like_a_digit(
    sureness: float, alone: bool
) -> None:
    opinion = Opinion(SEVEN, sureness, _box(92, 70, 108, 130))
    assert lies_alone(find_ink(_bar()), opinion) == alone


@pytest.mark.parametrize(("height", "alone"), [(1, True), (3, False)])
def test_ink_beside_the_digit_must_be_found(height: int, alone: bool) -> None:
    page = _bar()
    page[20 : 20 + height, 90:100] = 0  # 1 % of the bar's ink, or 3
    opinion = Opinion(SEVEN, 1.0, _box(92, 70, 108, 130))
    assert lies_alone(Ink(255 - page, (page < 128).astype(np.uint8), False), opinion) == alone


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_ink_over_the_edge_may_be_a_frame(side: str) -> None:
    page = _paper()
    boxes = {
        "left": (0, 70, 16, 130), "top": (92, 0, 108, 60),
        "right": (184, 70, 200, 130), "bottom": (92, 140, 108, 200),
    }  # fmt: skip
    left, top, right, bottom = boxes[side]
    page[top:bottom, left:right] = 0
    ink = Ink(255 - page, (page < 128).astype(np.uint8), False)
    assert lies_alone(find_ink(_bar()), Opinion(SEVEN, 1.0, _box(92, 70, 108, 130)))
    assert not lies_alone(ink, Opinion(SEVEN, 1.0, _box(left, top, right, bottom)))


def test_a_small_cell_with_its_frame_is_read() -> None:
    cell = np.full((40, 40), 175, np.uint8)
    cell[:3], cell[:, :2] = 60, 60
    cell[10:32, 19:22] = 80
    assert Reader(layout="digit").read(cell).text == "1"
