from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.model import Model
from tenfold.modelinfo import TAUGHT
from tenfold.reader import find
from tenfold.reader.ctc import Network, Spelled
from tenfold.reader.find import Finding, Found, Level
from tenfold.reader.lines import parts
from tenfold.reader.networks import bundled_line, bundled_model
from tenfold.reader.pipeline import (
    SHARES,
    as_on_page,
    ask_classifier,
    best_turn,
    look,
    of_one_kind,
    read_lines,
    without_weak,
)
from tenfold.reader.reader import Reader
from tenfold.reader.recognise import ReadPart, Symbol
from tenfold.reader.settings import SETTINGS
from tenfold.signature import CHARS, DIGIT_KINDS, HAND, PLACES, PRINT, STRUCK
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.pages import PageMaker

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Promise = Callable[[find.Network], Reader]

READER = Reader(layout="digit")


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def _chances(**named: float) -> Floats:
    """Probabilities of the ten digits; what is not named (``d3=0.7``) shares the rest."""
    rest = (1 - sum(named.values())) / (10 - len(named))
    return np.array([named.get(f"d{digit}", rest) for digit in range(10)], np.float32)


def _found(
    x: float, y: float, height: float = 30.0, score: float = 0.9, digits: Floats | None = None
) -> Found:
    kinds = np.zeros(4, np.float32)
    kinds[HAND] = 1
    named = _chances(d7=1.0) if digits is None else digits
    width = height / 1.5
    return Found(x - width / 2, y - height / 2, width, height, score, named, kinds, 0)


def _nothing(x: Floats) -> tuple[Floats, Floats]:
    """What a finder says of an empty picture: no ink of any kind, no digit anywhere."""
    height, width = x.shape[2:]
    kinds = np.full((5, height // 2, width // 2), -9, np.float32)
    places = np.zeros((PLACES, height // 4, width // 4), np.float32)
    places[0] = -9
    return kinds, places


def _digit(
    places: Floats, row: int, column: int, score: float, width: float, height: float
) -> None:
    """Mark a 7 in a cell of the places."""
    places[0, row, column] = _logit(score)
    places[3:5, row, column] = np.log(width), np.log(height)
    places[5 + 7, row, column] = 12


def _knowing(low: float, high: float) -> find.Network:
    """Find the dark bar, if it is between so many pixels high as the finder sees it."""

    def network(x: Floats) -> tuple[Floats, Floats]:
        kinds, places = _nothing(x)
        dark = np.argwhere(x[0, 0] < 0)
        if len(dark):
            (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0) + 1
            if low <= bottom - top < high:
                row, column = int(top + bottom) // 8, int(left + right) // 8
                _digit(places, row, column, 0.98, float(right - left), float(bottom - top))
        return kinds, places

    return network


def _seeing(score: float) -> find.Network:
    """Find a digit in the middle of whatever is shown, so surely."""

    def network(x: Floats) -> tuple[Floats, Floats]:
        kinds, places = _nothing(x)
        _digit(places, places.shape[1] // 2, places.shape[2] // 2, score, 20.0, 30.0)
        return kinds, places

    return network


def _silent(strips: Floats) -> Floats:
    """Read nothing."""
    frames = np.zeros((len(strips), strips.shape[3] // 2, 1 + len(CHARS)), np.float32)
    frames[:, :, 0] = 20
    return frames


def _bar(side: int, height: int) -> Pixels:
    """A page so long with a bar so high."""
    page = np.full((336, side), 255, np.uint8)
    page[24 : 24 + height, 64:128] = 0
    return page


def _blank(height: int = 320, width: int = 768) -> Pixels:
    return np.full((height, width), 255, np.uint8)


@pytest.fixture
def promise(monkeypatch: pytest.MonkeyPatch) -> Promise:
    """A reader that was promised one digit, with another finder and a line recogniser of none."""

    def reader(finder: find.Network) -> Reader:
        monkeypatch.setattr("tenfold.reader.reader.bundled_finder", lambda: finder)
        monkeypatch.setattr("tenfold.reader.reader.bundled_line", lambda: _silent)
        return READER

    return reader


# Looking for digits.


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("height", [20, 34])
def test_a_finder_that_knows_one_octave_of_sizes_finds_digits_of_four(
    height: int, size: int
) -> None:
    seen = look(_bar(768, height * size), _knowing(18, 36), SETTINGS)
    (found,) = seen.found
    assert found.height == pytest.approx(height * size, rel=0.05)


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("height", [20, 34])
def test_a_promised_digit_is_looked_for_at_as_many_sizes(
    promise: Promise, height: int, size: int
) -> None:
    trace = promise(_knowing(18, 36)).trace(_bar(768, height * size))
    (found,) = trace.finding.found
    assert found.height == pytest.approx(height * size, rel=0.05)


@pytest.mark.parametrize("height", [20, 34])
def test_where_nothing_is_found_the_finder_looks_twice_as_close(height: int) -> None:
    assert look(_bar(1536, height), _knowing(18, 36), SETTINGS).found


@pytest.mark.parametrize(("height", "closer"), [(14, True), (18, False)])
def test_small_digits_are_looked_at_once_more_and_large_ones_are_not(
    height: int, closer: bool
) -> None:
    shown: list[int] = []
    inner = _knowing(10, 30)

    def network(x: Floats) -> tuple[Floats, Floats]:
        shown.append(x.shape[3])
        return inner(x)

    assert look(_bar(1536, 2 * height), network, SETTINGS).found  # so high at half the size
    assert (max(shown) > 1000) == closer


@pytest.mark.parametrize(("score", "count"), [(0.26, 0), (0.34, 1)])
def test_what_the_finder_hardly_believes_is_not_found(score: float, count: int) -> None:
    assert len(look(_blank(), _seeing(score), SETTINGS).found) == count


@pytest.mark.parametrize(("score", "count"), [(0.043, 0), (0.058, 1)])
def test_where_a_digit_is_promised_a_doubtful_place_is_found(
    promise: Promise, score: float, count: int
) -> None:
    trace = promise(_seeing(score)).trace(_blank())
    assert len(trace.finding.found) == count
    assert not trace.reading.digits  # and is none without ink


@pytest.mark.parametrize(("shared", "count"), [(0.26, 2), (0.34, 1)])
def test_boxes_that_share_a_third_of_their_union_are_one_digit(shared: float, count: int) -> None:
    # Two equal boxes that share s of their width share s / (2 - s) of their union.
    step = 1 - 2 * shared / (1 + shared)

    def network(x: Floats) -> tuple[Floats, Floats]:
        kinds, places = _nothing(x)
        if x.shape[3] > 700:
            for column, score in ((50, 0.9), (60, 0.8)):
                _digit(places, 40, column, score, 40 / step, 40.0)
        return kinds, places

    assert len(look(_blank(), network, SETTINGS).found) == count


# Turning.


def _page_on_its_head() -> Pixels:
    """A page whose dark corner, at the top left, belongs at the bottom right."""
    page = _blank(192, 192)
    page[:32, :32] = 0
    return page


def _upright(score: float, count: int = 4) -> find.Network:
    """Find so many digits, so surely, where the dark corner lies at the bottom right."""

    def network(x: Floats) -> tuple[Floats, Floats]:
        kinds, places = _nothing(x)
        if x[0, 0, -4:, -4:].max() < 0:
            rows, columns = places.shape[1:]
            for k in range(count):
                place = round((k + 0.5) * columns / count)
                _digit(places, rows // 2, place, score, 0.1 * x.shape[3], 0.15 * x.shape[2])
        return kinds, places

    return network


def _lying(score: float, count: int = 4) -> Finding:
    return Finding([_found(30.0 * k + 20, 60, score=score) for k in range(count)], [], [])


@pytest.mark.parametrize(("count", "turn"), [(3, 0), (4, 180)])
def test_three_digits_do_not_turn_a_page_and_four_do(count: int, turn: int) -> None:
    network = _upright(0.95, count)
    assert best_turn(_page_on_its_head(), _lying(0.4, 1), network, SETTINGS) == turn


def test_a_page_is_not_turned_where_half_of_its_digits_would_be_lost() -> None:
    for count, turn in ((8, 180), (9, 0)):
        seen = _lying(0.4, count)
        assert best_turn(_page_on_its_head(), seen, _upright(0.95), SETTINGS) == turn


@pytest.mark.parametrize(("score", "turn"), [(0.58, 180), (0.66, 0)])
def test_a_page_that_reads_well_enough_is_left_as_it_lies(score: float, turn: int) -> None:
    assert best_turn(_page_on_its_head(), _lying(score), _upright(0.95), SETTINGS) == turn


@pytest.mark.parametrize(("gain", "turn"), [(0.135, 0), (0.165, 180)])
def test_a_page_is_turned_only_where_it_gains_enough(gain: float, turn: int) -> None:
    finder = _upright(0.5 + gain)
    assert best_turn(_page_on_its_head(), _lying(0.5), finder, SETTINGS) == turn


# Lines.


def _lines(
    grey: Pixels, found: list[Found], recogniser: Network = _silent, *, one_line: bool = False
) -> list[list[ReadPart]]:
    seen = Finding(found, [], [])
    return read_lines(grey, seen, recogniser, SETTINGS, one_line, "auto")[0]


@pytest.mark.parametrize(("gap", "count"), [(1.8, 1), (2.2, 2)])
def test_a_gap_wider_than_two_digit_heights_parts_a_line(gap: float, count: int) -> None:
    found = [_found(100, 200), _found(120 + 30 * gap, 200)]
    (line,) = _lines(_blank(400), found)
    assert len(line) == count


@pytest.mark.parametrize(("height", "count"), [(68, 2), (78, 1)])
def test_digits_so_high_that_a_second_line_has_no_room_are_one(height: int, count: int) -> None:
    found = [_found(100, 80, height), _found(300, 130, height)]
    assert len(_lines(_blank(200), found)) == count


@pytest.mark.parametrize(("count", "whole"), [(1, False), (2, True)])
def test_one_high_digit_does_not_make_a_picture_one_line_and_two_do(
    count: int, whole: bool
) -> None:
    found = [_found(300 + 100 * k, 100, 100) for k in range(count)]
    ((read,),) = _lines(_blank(200), found)
    assert ((read.part.start, read.part.end) == (0, 768)) == whole


@pytest.mark.parametrize(("room", "read"), [(1000, [1, 2, 3]), (200, [1, 3]), (100, [3])])
def test_of_lines_that_hold_too_much_the_surest_are_read_and_it_is_said(
    room: int, read: list[int]
) -> None:
    scores = {1: 0.8, 2: 0.7, 3: 0.9}
    found = [_found(300, 150 * k, score=score) for k, score in scores.items()]
    settings = replace(SETTINGS, most_shown=room)
    seen = Finding(found, [], [])
    lines, _, note = read_lines(_blank(600), seen, _silent, settings, False, "auto")
    assert [line[0].part.y / 150 for line in lines] == read
    assert ("only the most confident were read" in note) == (len(read) < 3)


# Support.


@pytest.mark.parametrize(
    ("ink", "read", "refused"),
    [
        (0.06, 0.8, "not a digit"),
        (0.1, 0.8, None),
        (0.0, 0.88, "not a digit"),
        (0.0, 0.92, None),  # the line recogniser is sure by itself
    ],
)
def test_what_is_read_where_the_finder_sees_no_digit_ink_is_no_digit_unless_surely_read(
    monkeypatch: pytest.MonkeyPatch, ink: float, read: float, refused: str | None
) -> None:
    def finder(x: Floats) -> tuple[Floats, Floats]:
        kinds, places = _nothing(x)
        kinds[HAND] = _logit(max(ink, 1e-6))
        return kinds, places

    class Silent:
        info = bundled_line().info

        def __call__(self, strips: Floats) -> Floats:
            frames = _silent(strips)
            frames[:, frames.shape[1] // 2, CHARS.index("7") + 1] = _logit(read) + frames[0, 0, 0]
            return frames

    monkeypatch.setattr("tenfold.reader.reader.bundled_finder", lambda: finder)
    monkeypatch.setattr("tenfold.reader.reader.bundled_line", lambda: Silent())
    (digit,) = Reader(layout="line", min_confidence=0).read(_blank(100, 300)).digits
    assert (digit.digit, digit.refused) == (7, refused)


def _of_kind(x: float, **kinds: float) -> Found:
    """A digit at x, of these kinds: hand, print, running, struck."""
    order = ("hand", "print", "running", "struck")
    return replace(_found(x, 100), kinds=np.array([kinds.get(k, 0.0) for k in order], np.float32))


@pytest.mark.parametrize(
    ("odd", "kinds"),
    [
        # One of three taken for struck out, or for print in a sentence, is as the others are.
        ({"struck": 0.6, "hand": 0.4}, [HAND, HAND, HAND]),
        ({"running": 0.6, "print": 0.3, "hand": 0.1}, [HAND, PRINT, HAND]),
        # What is printed may be filled in by hand.
        ({"print": 0.9, "hand": 0.1}, [HAND, PRINT, HAND]),
    ],
)
def test_digits_of_a_number_share_whether_they_are_struck_out_and_not_who_wrote_them(
    odd: dict[str, float], kinds: list[int]
) -> None:
    row = [_of_kind(100, hand=1.0), _of_kind(125, **odd), _of_kind(150, hand=1.0)]
    assert [f.kind for f in of_one_kind(row, SETTINGS, 400.0)] == kinds


def test_a_number_struck_out_takes_its_doubtful_digit_with_it() -> None:
    row = [_of_kind(100, struck=0.9), _of_kind(125, struck=0.4, hand=0.6), _of_kind(150, struck=1)]
    far = _of_kind(350, hand=0.6, struck=0.4)
    assert [f.kind for f in of_one_kind([*row, far], SETTINGS, 400.0)] == [STRUCK] * 3 + [HAND]


def test_the_number_beside_one_struck_out_is_another_number() -> None:
    row = [_of_kind(100, struck=0.9), _of_kind(125, struck=1)]
    beside = _of_kind(200, hand=0.6, struck=0.4)
    assert 0.75 < (beside.x - row[-1].right) / beside.height < 2.0
    assert [f.kind for f in of_one_kind([*row, beside], SETTINGS, 400.0)] == [STRUCK] * 2 + [HAND]


# The classifier.


class _Saying(Model):
    """A classifier that says the same of every glyph, and counts them."""

    def __init__(self, chances: Floats, digitness: float = 1.0, taught: str = "") -> None:
        self.chances, self.digitness, self.asked = chances, digitness, 0
        self.info = replace(bundled_model().info, data="MNIST" + taught)

    def predict_with_digitness(self, images: Pixels) -> tuple[Floats, Floats]:
        self.asked += len(images)
        count = len(images)
        return np.tile(self.chances, (count, 1)), np.full(count, self.digitness, np.float32)


def _one_of(first: int, second: int, log_odds: float) -> Floats:
    """Probabilities of which nearly all is shared by two digits."""
    p = 0.99 / (1 + float(np.exp(-log_odds)))
    return _chances(**{f"d{first}": p, f"d{second}": 0.99 - p})


def _asked(
    model: Model, read: Floats | None, score: float = 0.9, confidence: float = 0.6
) -> list[Symbol]:
    """Ask the classifier about a bar that was found and read, or found only."""
    page = _blank(100, 200)
    page[30:70, 95:105] = 0
    kinds = np.zeros((5, 100, 200), np.float32)
    kinds[HAND] = 1
    found = _found(100, 50, 48, score)
    seen = Finding([found], [Level(2.0, kinds)], [])
    symbols = []
    if read is not None:
        box = (found.x, found.y, found.width, found.height)
        char = str(int(read.argmax()))
        symbols.append(Symbol(char, box, read, confidence, score, HAND, 1.0, found))
    (part,) = parts([found], SETTINGS.gap, 200.0)
    spelled = Spelled("", 0.0, [], np.zeros((0, 21), np.float32))
    line = [ReadPart(part, np.zeros((48, 8), np.uint8), spelled, symbols)]
    (row,) = ask_classifier(page, seen, [line], model, SETTINGS)
    return row


@pytest.mark.parametrize(("log_odds", "char"), [(1.74, "3"), (2.3, "5")])
def test_the_classifier_must_be_twice_as_sure_as_the_line_recogniser(
    log_odds: float, char: str
) -> None:
    (symbol,) = _asked(_Saying(_one_of(5, 3, log_odds)), _one_of(3, 5, 1.0))
    assert symbol.char == char


@pytest.mark.parametrize(("digitness", "char"), [(0.45, "3"), (0.55, "5")])
def test_of_a_glyph_hardly_like_a_digit_the_classifier_has_nothing_to_say(
    digitness: float, char: str
) -> None:
    (symbol,) = _asked(_Saying(_one_of(5, 3, 5.0), digitness), _one_of(3, 5, 1.0))
    assert symbol.char == char


@pytest.mark.parametrize(("confidence", "asked"), [(0.99, 1), (0.999, 0)])
def test_where_the_line_recogniser_is_sure_nobody_else_is_asked(
    confidence: float, asked: int
) -> None:
    model = _Saying(_one_of(5, 3, 1.0))
    _asked(model, _one_of(3, 5, 5.0), confidence=confidence)
    assert model.asked == asked


@pytest.mark.parametrize(("taught", "char"), [("", "1"), (f"{TAUGHT}mine/", "7")])
def test_a_fine_tuned_classifier_is_heard_about_sure_digits(taught: str, char: str) -> None:
    model = _Saying(_one_of(7, 1, 1.2), taught=taught)
    (symbol,) = _asked(model, _one_of(1, 7, 9.0), confidence=0.9999)
    assert (symbol.char, model.asked) == (char, int(bool(taught)))


@pytest.mark.parametrize(("score", "text"), [(0.45, ""), (0.55, "5")])
def test_a_digit_that_was_passed_over_is_read_if_the_finder_is_surer_than_not(
    score: float, text: str
) -> None:
    row = _asked(_Saying(_one_of(5, 3, 5.0)), None, score)
    assert "".join(symbol.char for symbol in row) == text


# Weak lines.


def _row(count: int, confidence: float) -> list[Symbol]:
    box = (0.0, 0.0, 20.0, 30.0)
    return [Symbol("7", box, _chances(d7=1.0), confidence, 1.0, HAND) for _ in range(count)]


def _is_weak(row: list[Symbol], number: int = 3) -> bool:
    """Whether a line is none of digits, on a page with a sure number of so many digits."""
    best, other = without_weak([_row(number, 1.0), row], SETTINGS)
    assert [s.support for s in best] == [1.0] * number
    return all(s.support == 0 for s in other)


@pytest.mark.parametrize(("confidence", "weak"), [(0.46, True), (0.56, False)])
def test_a_long_line_half_as_sure_as_the_surest_number_is_none_of_digits(
    confidence: float, weak: bool
) -> None:
    assert _is_weak(_row(30, confidence)) == weak


@pytest.mark.parametrize(("confidence", "weak"), [(0.75, True), (0.85, False)])
def test_a_digit_by_itself_must_be_four_fifths_as_sure(confidence: float, weak: bool) -> None:
    assert _is_weak(_row(1, confidence)) == weak


@pytest.mark.parametrize(("number", "weak"), [(2, False), (3, True)])
def test_two_digits_are_no_number_to_measure_others_by_and_three_are(
    number: int, weak: bool
) -> None:
    assert _is_weak(_row(1, 0.3), number) == weak


def _of_kinds(count: int, **kinds: float) -> list[Found]:
    row = [kinds.get(name, 0.0) for name in ("hand", "print", "running", "struck")]
    return [replace(_found(40.0 * k, 100), kinds=np.array(row, np.float32)) for k in range(count)]


@pytest.mark.parametrize(
    ("hand", "others", "kind"),
    [(0.605, 0, PRINT), (0.63, 0, HAND), (0.8, 1, PRINT), (0.83, 1, HAND)],
)
def test_a_doubtful_digit_is_what_its_page_is(hand: float, others: int, kind: int) -> None:
    doubtful = _of_kinds(1, hand=hand, print=1 - hand)
    page = doubtful + _of_kinds(others, print=1.0)
    assert as_on_page(page, SETTINGS)[0].kind == kind


@pytest.mark.parametrize(
    ("hand", "height", "kind"), [(0.983, 40, PRINT), (0.987, 40, HAND), (0.51, 100, HAND)]
)
def test_a_digit_as_large_as_the_print_around_is_print(
    hand: float, height: float, kind: int
) -> None:
    doubtful = _of_kinds(1, hand=hand, print=1 - hand)
    page = [replace(one, height=height) for one in doubtful]
    page += [replace(one, height=40.0) for one in _of_kinds(4, print=1.0)]
    page += [replace(one, height=100.0) for one in _of_kinds(4, hand=1.0)]
    assert as_on_page(page, SETTINGS)[0].kind == kind


def test_a_page_says_nothing_of_what_is_struck_out_and_of_what_is_sure() -> None:
    page = _of_kinds(1, hand=0.3, struck=0.7) + _of_kinds(30, print=0.9, hand=0.1)
    seen = as_on_page(page, SETTINGS)
    assert seen[0].kinds[3] == as_on_page(page[:1], SETTINGS)[0].kinds[3]
    assert seen[0].kinds.sum() == pytest.approx(1.0)
    sure = as_on_page(_of_kinds(1, hand=1.0) + _of_kinds(30, running=1.0), SETTINGS)
    assert sure[0].kind == HAND
    assert as_on_page([], SETTINGS) == []


@pytest.mark.parametrize(("struck", "kind"), [(0.89, HAND), (0.92, STRUCK)])
def test_what_is_struck_out_must_be_surer_than_on_composed_pages(struck: float, kind: int) -> None:
    page = _of_kinds(1, hand=1 - struck, struck=struck)
    (seen,) = as_on_page(page, SETTINGS)
    assert seen.kind == kind
    assert seen.kinds[3] == pytest.approx(struck / (struck + 10 * (1 - struck)))


def test_composed_pages_have_the_shares_that_a_page_starts_from(stock: Stock) -> None:
    maker = PageMaker(stock, "validation", 5)
    placed = [mark for _ in range(250) for mark in maker.page().placed if mark.char.isdigit()]
    counts = np.array([sum(mark.kind == kind for mark in placed) for kind in DIGIT_KINDS[:3]])
    assert counts / counts.sum() == pytest.approx(SHARES, abs=0.12)
