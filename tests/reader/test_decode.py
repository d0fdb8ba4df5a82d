from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tenfold.preprocess.binarize import find_ink
from tenfold.reader.decode import Candidate, Weights, candidates, divide, line_height
from tenfold.reader.layout import lay_out

GLYPH = np.zeros((28, 28), np.uint8)


def _judge(glyphs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take everything for a sure one."""
    chances = np.zeros((len(glyphs), 10), np.float32)
    chances[:, 1] = 1
    return chances, np.ones(len(glyphs), np.float32)


def _candidate(first: int, last: int, digitness: float, **changes: object) -> Candidate:
    from tenfold.preprocess.segment import Piece

    piece = Piece(first * 10, 0, (last - first) * 10, 40, np.ones((40, 10), np.uint8), 400)
    chances = np.eye(10, dtype=np.float32)[last - first]
    fields = {"gap": 0.0, "cut": 0.0, "shared": 0, "ruled": False, "sides": 0} | changes
    return Candidate(first, last, piece, GLYPH, chances, digitness, **fields)  # type: ignore[arg-type]


def _digits(found: list[Candidate]) -> list[int]:
    division = divide(found, 40, Weights())
    return [int(one.probabilities.argmax()) for one in division if one.is_digit]


def test_the_better_of_joining_and_parting_wins() -> None:
    parts = [_candidate(0, 1, 0.99), _candidate(1, 2, 0.99, cut=1.0)]
    assert _digits([*parts, _candidate(0, 2, 0.05)]) == [1, 1]
    assert _digits([*parts, _candidate(0, 2, 0.99)]) == [2]


def test_what_is_no_digit_is_left_out() -> None:
    division = divide([_candidate(0, 1, 0.99), _candidate(1, 2, 0.001)], 40, Weights())
    assert [one.is_digit for one in division] == [True, False]


def test_two_digits_may_share_a_stroke() -> None:
    atoms = [_candidate(i, i + 1, 0.001, cut=1.0 * (i > 0)) for i in range(3)]
    pair = [_candidate(0, 2, 0.99), _candidate(1, 3, 0.99, cut=1.0, shared=1)]
    assert _digits([*atoms, *pair]) == [2, 2]
    alone = [_candidate(0, 2, 0.99), _candidate(1, 3, 0.99, cut=1.0)]
    assert _digits([*atoms, *alone]) == [2]


def test_every_piece_of_a_line_is_a_candidate(hand: ModuleType) -> None:
    page = hand.write("2 5 7")
    laid = lay_out(page, find_ink(page))
    found = candidates(laid, laid.lines[0], _judge)
    assert {(one.first, one.last) for one in found} >= {(0, 1), (1, 2), (2, 3)}
    assert line_height(laid.lines[0]) == pytest.approx(62, abs=6)
