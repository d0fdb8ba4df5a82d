from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.reader.ctc import Spelled
from tenfold.reader.find import Finding, Found, Level
from tenfold.reader.lines import Part, parts
from tenfold.reader.recognise import (
    ReadPart,
    Symbol,
    ink_at,
    read_parts,
    surest,
    symbols_of,
    without_doubles,
)
from tenfold.reader.settings import SETTINGS
from tenfold.signature import CHARS, DIGIT, HAND, KINDS, PRINT, RUNNING, SIGN

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


def _at(place: int) -> Place:
    """The same frame of every strip."""
    return lambda _: place


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


@pytest.mark.parametrize("most", [90, 180, 400, 800])
def test_no_more_strips_are_shown_than_there_is_room_for(most: int) -> None:
    # Doubtful, so that all views are wanted, and with a digit beyond, so that it goes on further.
    recogniser = _Recogniser(lambda count: count - 4, 0.65)
    part = _part(80, 60)
    read_parts(_paper(), [part], NOTHING_SEEN, recogniser, replace(SETTINGS, most_shown=most))
    shown = sum(strips.shape[0] * strips.shape[3] for strips in recogniser.shown)
    assert 80 <= shown <= 1.18 * most  # a view is larger by that much at most
    assert (len(recogniser.shown) > 1) == (most > 90)


def test_of_parts_with_too_many_columns_the_surest_are_chosen() -> None:
    flat = [
        replace(part, found=[replace(part.found[0], score=score)])
        for part, score in zip([_part(80), _part(120), _part(60)], (0.5, 0.9, 0.7), strict=True)
    ]
    for room, chosen in ((260, [0, 1, 2]), (259, [1, 2]), (120, [1]), (119, [])):
        assert surest(flat, room) == [flat[k] for k in chosen]


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


@pytest.mark.parametrize(
    ("place", "least", "most", "start", "end", "readings"),
    [
        # The first strip shows 86 pixels in 88 columns. The digit read is 9 wide; beyond it the
        # strip goes on for a digit's height and a tenth, 33.
        (4, 38.0, 1000.0, 67 + 9 * 86 / 88 - 4.5 - 33, 153.0, 2),
        (36, 0.0, 174.0, 67.0, 174.0, 2),
        (4, 60.0, 1000.0, 60.0, 153.0, 2),
        (36, 0.0, 170.0, 67.0, 170.0, 2),
    ],
)
def test_a_line_is_read_further_on_either_side_and_not_beyond_its_neighbours(
    place: int, least: float, most: float, start: float, end: float, readings: int
) -> None:
    part = Part([_found(110, 50)], 30.0, 67.0, 153.0, 110.0, 50.0, 0.0, least, most)
    recogniser = _Recogniser(_at(place))
    (read,) = read_parts(_paper(), [part], NOTHING_SEEN, recogniser, ONE_VIEW)
    assert (read.part.start, read.part.end) == pytest.approx((start, end))
    assert len(recogniser.shown) == readings


@pytest.mark.parametrize(("room", "again"), [(5.5, False), (6.5, True)])
def test_a_strip_is_not_read_again_for_less_than_a_fifth_of_a_digit(
    room: float, again: bool
) -> None:
    for place, least, most in ((4, 67 - room, 153.0), (36, 67.0, 153 + room)):
        part = Part([_found(110, 50)], 30.0, 67.0, 153.0, 110.0, 50.0, 0.0, least, most)
        recogniser = _Recogniser(_at(place))
        read_parts(_paper(), [part], NOTHING_SEEN, recogniser, ONE_VIEW)
        assert (len(recogniser.shown) > 1) == again


def test_a_part_in_which_nothing_was_found_is_read_once() -> None:
    part = replace(_part(80, 60), found=[])
    recogniser = _Recogniser(lambda count: count - 2)
    (read,) = read_parts(_paper(), [part], NOTHING_SEEN, recogniser, ONE_VIEW)
    assert (len(recogniser.shown), read.part) == (1, part)


class _Lengths:
    """A line recogniser that reads a strip's ink: so many columns of it, so likely a digit."""

    def __init__(self) -> None:
        self.shown: list[Floats] = []

    def __call__(self, strips: Floats) -> Floats:
        self.shown.append(strips)
        frames = np.full((len(strips), strips.shape[3] // 2, 1 + len(CHARS)), -20, np.float32)
        frames[:, :, 0] = 0
        for own, dark in zip(frames, _dark(strips), strict=True):
            columns = int(dark.any(axis=0).sum())
            own[1, 0], own[1, 1 + min(9, round(columns / 10))] = -20, 0
        return frames


def test_every_part_gets_what_was_read_in_its_own_strip() -> None:
    page = _paper()
    flat = []
    for k, (wide, ink) in enumerate([(120, 30), (40, 10), (200, 50), (80, 20)]):
        start = 250.0 * k
        page[40:60, int(start) + 10 : int(start) + 10 + ink] = 0
        middle = start + wide / 2
        # Without a digit found nothing is read again.
        flat.append(Part([], 30.0, start, start + wide, middle, 50.0, 0.0))
    recogniser = _Lengths()
    read = read_parts(page, flat, NOTHING_SEEN, recogniser, ONE_VIEW)
    assert [one.spelled.text for one in read] == ["3", "1", "5", "2"]
    assert [one.part for one in read] == flat
    assert [one.strip.shape for one in read] == [(48, 120), (48, 40), (48, 200), (48, 80)]
    assert [len(one.symbols) for one in read] == [1] * 4
    assert read[2].symbols[0].box[0] == pytest.approx(500 + 3 - 4.5)  # frame 1 ends at column 4


def test_what_is_settled_keeps_its_reading_while_others_are_shown_again() -> None:
    sure, doubtful = _part(80, 60), _part(120, 300)
    recogniser = _Recogniser()

    def network(strips: Floats) -> Floats:
        frames = recogniser(strips)
        inked = [bool((strip < -0.5).any()) for strip in strips]
        for own, dark in zip(frames, inked, strict=True):
            own[20, CHARS.index("7") + 1] = np.log(0.95 if dark else 0.55)
            own[20, 0] = np.log(0.05 if dark else 0.45)
        return frames

    page = _paper()
    page[40:60, 98:102] = 0
    one, other = read_parts(page, [sure, doubtful], NOTHING_SEEN, network, SETTINGS)
    assert [len(strips) for strips in recogniser.shown] == [2, 8]
    assert (one.spelled.text, other.spelled.text) == ("7", "7")
    assert one.spelled.probability == pytest.approx(0.95, abs=0.01)
    assert other.spelled.probability == pytest.approx(0.55, abs=0.01)


# Where symbols stand, and what is known of them.


def _spelled(text: str, *spans: tuple[float, float], confidence: float = 0.6) -> Spelled:
    """Characters in these columns, so sure; a fifth speaks for the blank, the rest for a 2."""
    rows = np.zeros((len(text), 1 + len(CHARS)), np.float32)
    for row, char in zip(rows, text, strict=True):
        row[0], row[CHARS.index("2") + 1] = 0.2, 0.8 - confidence
        row[CHARS.index(char) + 1] += confidence
    return Spelled(text, 0.0, list(spans), rows)


def _placed(spelled: Spelled, found: list[Found], seen: Finding = NOTHING_SEEN) -> list[Symbol]:
    """Place it in a line 40 pixels high that begins at 100 and falls by a tenth: 2 columns each."""
    part = Part(found, 40.0, 100.0, 300.0, 150.0, 60.0, 0.1)
    return symbols_of(part, spelled, 2.0, seen)


def test_a_digit_on_one_that_was_found_takes_its_box_kind_and_score() -> None:
    kinds = np.zeros(4, np.float32)
    kinds[PRINT] = 1
    one, other = _found(120, 50), replace(_found(160, 50), kinds=kinds, score=0.7)
    (symbol,) = _placed(_spelled("7", (108, 128)), [one, other])  # at 154 to 164
    assert symbol.found is other
    assert symbol.box == (other.x, other.y, other.width, other.height)
    assert (symbol.char, symbol.kind, symbol.support) == ("7", PRINT, 0.7)
    assert symbol.confidence == pytest.approx(0.6)
    assert symbol.certainty == pytest.approx(0.8)
    np.testing.assert_allclose(symbol.probabilities[[7, 2]], [0.75, 0.25], rtol=1e-6)
    assert symbol.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("width", "aside", "matched"),
    [(20, 9.9, True), (20, 10.0, False), (8, 6.9, True), (8, 7.1, False), (20, -9.9, True)],
)
def test_a_digit_stands_on_one_found_half_its_width_away_or_less(
    width: float, aside: float, matched: bool
) -> None:
    # A narrow one, such as a 1, is taken to be at least a third of the line's height wide.
    found = replace(_found(150, 50), x=150 + aside - width / 2, width=width)
    (symbol,) = _placed(_spelled("7", (96, 104)), [found])  # its middle at 150
    assert (symbol.found is found) == matched
    assert symbol.support == (0.9 if matched else 0.0)


def test_a_digit_where_none_was_found_lies_on_the_line_and_is_no_narrower_than_a_third() -> None:
    kinds = np.zeros((KINDS, 60, 100), np.float32)
    kinds[PRINT, :, 40:60] = 0.5
    seen = Finding([], [Level(1.0, kinds)], [])
    narrow, wide = _placed(_spelled("73", (0, 4), (100, 140)), [], seen)
    assert narrow.box == pytest.approx((101 - 6, 60 - 0.1 * 49 - 20, 12, 40))
    assert wide.box == pytest.approx((150, 60 + 0.1 * 10 - 20, 20, 40))
    assert (narrow.found, narrow.kind) == (None, HAND)
    assert narrow.support == pytest.approx(0.5)
    assert narrow.confidence == wide.confidence == pytest.approx(0.6)
    (nobody,) = _placed(_spelled("7", (300, 340)), [], seen)
    assert nobody.support == 0


def test_a_sign_has_no_digits_and_needs_no_support() -> None:
    found = replace(_found(150, 50), kinds=np.eye(4, dtype=np.float32)[PRINT])
    on, off = _placed(_spelled("-.", (96, 104), (196, 200)), [found])
    assert on.box == pytest.approx((150 - 6, 60 - 20, 12, 40))
    for symbol, char, kind in ((on, "-", PRINT), (off, ".", HAND)):
        assert (symbol.char, symbol.found, symbol.support) == (char, None, 1.0)
        assert symbol.kind == kind
        assert symbol.confidence == pytest.approx(0.6)
        assert symbol.probabilities.shape == (10,)
        assert not symbol.probabilities.any()
        assert symbol.certainty == pytest.approx(0.2)


def _level(scale: float, **ink: float) -> Level:
    """A level of 100 by 60 cells; of each kind of ink so much in columns 20 to 39."""
    names = {"hand": HAND, "print": PRINT, "running": RUNNING, "sign": SIGN}
    kinds = np.zeros((KINDS, 60, 100), np.float32)
    for name, level in ink.items():
        kinds[names[name], 10:30, 20:40] = level
    return Level(scale, kinds)


def _ink(*levels: Level, box: tuple[float, float, float, float] = (40, 20, 38, 38)) -> float:
    return ink_at(Finding([], list(levels), []), box)


def test_digit_ink_is_that_by_hand_or_in_print_at_the_level_that_shows_most() -> None:
    assert _ink(_level(1.0, hand=0.3)) == pytest.approx(0.3)
    assert _ink(_level(1.0, hand=0.3, print=0.4)) == pytest.approx(0.4)
    assert _ink(_level(1.0, running=0.9, sign=0.9)) == 0
    assert _ink(_level(1.0, hand=0.3), _level(1.0, hand=0.6)) == pytest.approx(0.6)
    assert _ink(_level(1.0, hand=0.6), _level(1.0, hand=0.3)) == pytest.approx(0.6)
    assert _ink() == 0


@pytest.mark.parametrize(
    ("scale", "seen"), [(0.15, False), (0.16, True), (3.6, True), (3.7, False)]
)
def test_a_level_at_which_a_digit_is_tiny_or_huge_says_nothing(scale: float, seen: bool) -> None:
    # 38 pixels high: 3 and 70 cells at scales of 0.158 and 3.68.
    kinds = np.full((KINDS, 120, 120), 0.5, np.float32)
    assert (_ink(Level(scale, kinds), box=(0, 0, 30, 38)) > 0) == seen


@pytest.mark.parametrize(
    ("box", "ink"),
    [
        ((40, 20, 38, 38), 0.6),  # all of its 20 by 20 cells
        ((78, 20, 36, 38), 0.6 * 20 / 63),  # one column, of 20, where a sixth is 63 cells
        ((80, 20, 38, 38), 0.0),
        ((2, 20, 37, 38), 0.0),
        ((2, 20, 38, 38), 0.6 * 20 / 66),
        ((40, -60, 38, 76), 0.0),  # above it
        ((40, -60, 38, 80), 0.6 * 20 / 36),  # its highest row
        ((40, 60, 38, 38), 0.0),
        ((-30, 20, 72, 38), 0.6 * 40 / 73),  # beyond the edge there is nothing to count
        ((300, 20, 38, 38), 0.0),
    ],
)
def test_ink_is_the_mean_of_the_darkest_sixth_of_a_box(
    box: tuple[float, float, float, float], ink: float
) -> None:
    assert _ink(_level(1.0, hand=0.6), box=box) == pytest.approx(ink, abs=1e-6)


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


def _symbol(
    char: str, x: float, *, found: Found | None = None, support: float = 0.5, y: float = 50.0
) -> Symbol:
    chances = np.full(10, 0.1, np.float32)
    return Symbol(char, (x, y, 20.0, 30.0), chances, 0.9, support, HAND, found=found)


def _read_part(symbols: list[Symbol], digits: int = 1) -> ReadPart:
    """A part in which so many digits were found, and what was read in it."""
    part = replace(_part(60), found=[_found(110.0, 50)] * digits)
    spelled = Spelled("", 0.0, [], np.zeros((0, 21), np.float32))
    return ReadPart(part, np.zeros((48, 8), np.uint8), spelled, symbols)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("kept", "gone"),
    [
        ({"found": True, "support": 0.1}, {"support": 0.9, "digits": 9}),
        ({"digits": 3, "support": 0.1}, {"digits": 2, "support": 0.9}),
        ({"support": 0.6}, {"support": 0.5}),
    ],
)
def test_of_doubles_that_on_a_digit_found_stays_then_the_longer_lines_then_the_surer(
    kept: dict[str, float], gone: dict[str, float], swapped: bool
) -> None:
    lines = []
    for char, own in (("7", kept), ("1", gone)):
        symbol = _symbol(
            char, 100, found=_found(110, 50) if "found" in own else None, support=own["support"]
        )
        lines.append([_read_part([symbol], int(own.get("digits", 1)))])
    left = without_doubles(lines[::-1] if swapped else lines)
    assert [s.char for line in left for read in line for s in read.symbols] == ["7"]
    assert [len(line) for line in left] == [1, 1]


def test_digits_of_one_part_and_signs_are_no_doubles() -> None:
    both = _read_part([_symbol("7", 100), _symbol("1", 104), _symbol("-", 130)])
    other = _read_part([_symbol("-", 130), _symbol("3", 160)])
    lines = [[both, other]]
    assert without_doubles(lines) is lines
    alone = [[_read_part([_symbol("-", 130)]), _read_part([_symbol("-", 130), _symbol("3", 100)])]]
    assert without_doubles(alone) is alone


def test_a_digit_that_was_dropped_drops_no_other() -> None:
    # The second lies near the first and the third; those are not near each other.
    rows = [_symbol("1", 100, support=0.9), _symbol("2", 108, support=0.5), _symbol("3", 116)]
    rows[2] = replace(rows[2], support=0.4)
    left = without_doubles([[_read_part([row]) for row in rows]])
    assert ["".join(s.char for s in read.symbols) for read in left[0]] == ["1", "", "3"]


def test_after_a_digit_that_was_dropped_doubles_are_still_dropped() -> None:
    places = ((100.0, 0.9), (102.0, 0.8), (300.0, 0.7), (302.0, 0.6))
    rows = [_symbol(str(k), x, support=support) for k, (x, support) in enumerate(places)]
    left = without_doubles([[_read_part([row]) for row in rows]])
    assert ["".join(s.char for s in read.symbols) for read in left[0]] == ["0", "", "2", ""]


def test_a_level_that_says_nothing_hides_no_other() -> None:
    assert _ink(_level(0.01, hand=0.9), _level(1.0, hand=0.3)) == pytest.approx(0.3)


@pytest.mark.parametrize("digit", "059")
def test_every_digit_counts_to_how_surely_there_is_one(digit: str) -> None:
    (symbol,) = _placed(_spelled(digit, (20.0, 40.0), confidence=0.6), [])
    assert symbol.certainty >= 0.6 - 1e-6
    assert symbol.probabilities.sum() == pytest.approx(1.0)
    assert int(symbol.probabilities.argmax()) == int(digit)
