from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.segment import Piece
from tenfold.reader.decode import Candidate, Found, Weights, candidates, divide, line_height
from tenfold.reader.layout import lay_out
from tenfold.reader.touching import NOTHING

GLYPH = np.zeros((28, 28), np.uint8)


def _judge(glyphs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take everything for a sure one."""
    chances = np.zeros((len(glyphs), 10), np.float32)
    chances[:, 1] = 1
    return chances, np.ones(len(glyphs), np.float32)


def _speller(strips: np.ndarray) -> np.ndarray:
    """Spell 4 and 2 in everything."""
    frames = np.zeros((len(strips), strips.shape[2] // 2, 11), np.float32)
    frames[:, :, NOTHING] = 0.6
    frames[:, 3, 4] = frames[:, -4, 2] = 0.9
    return frames


def _found(first: int, last: int, digit: int, digitness: float) -> Found:
    piece = Piece(first * 10, 0, (last - first) * 10, 40, np.ones((40, 10), np.uint8), 400)
    return Found(piece, GLYPH, np.eye(10, dtype=np.float32)[digit], digitness, True)


def _candidate(first: int, last: int, digitness: float) -> Candidate:
    return Candidate(first, last, (_found(first, last, last - first, digitness),))


def _digits(found: list[Candidate]) -> list[int]:
    division = divide(found, 40, Weights())
    return [int(one.probabilities.argmax()) for one in division if one.is_digit]


def test_the_better_of_joining_and_parting_wins() -> None:
    parts = [_candidate(0, 1, 0.99), _candidate(1, 2, 0.99)]
    assert _digits([*parts, _candidate(0, 2, 0.05)]) == [1, 1]
    assert _digits([*parts, _candidate(0, 2, 0.99)]) == [2]


def test_what_is_no_digit_is_left_out() -> None:
    division = divide([_candidate(0, 1, 0.99), _candidate(1, 2, 0.001)], 40, Weights())
    assert [one.is_digit for one in division] == [True, False]


def test_digits_that_touch_are_taken_where_no_single_one_will_do() -> None:
    word = Candidate(0, 1, (_found(0, 1, 4, 0.99), _found(0, 1, 2, 0.99)))
    assert _digits([_candidate(0, 1, 0.01), word]) == [4, 2]
    assert _digits([_candidate(0, 1, 0.999), word]) == [1]


def test_every_piece_of_a_line_is_a_candidate(hand: ModuleType) -> None:
    page = hand.write("2 5 7")
    laid = lay_out(page, find_ink(page))
    found = candidates(laid, laid.lines[0], _judge, _speller)
    assert {(one.first, one.last) for one in found} >= {(0, 1), (1, 2), (2, 3)}
    assert line_height(laid, laid.lines[0]) == pytest.approx(62, abs=6)


def test_a_wide_piece_is_spelled_too() -> None:
    page = np.full((120, 240), 250, np.uint8)
    page[40:90, 60:64] = page[40:90, 156:160] = 0
    page[64:68, 60:160] = 0
    laid = lay_out(page, find_ink(page))
    found = candidates(laid, laid.lines[0], _judge, _speller)
    words = [one for one in found if len(one.digits) > 1]
    assert [int(one.probabilities.argmax()) for one in words[0].digits] == [4, 2]
    left, right = (one.piece for one in words[0].digits)
    assert left.right <= right.x
