from __future__ import annotations

import numpy as np
import pytest

from tenfold.preprocess.lines import digit_height, group_lines
from tenfold.preprocess.segment import Piece


def _piece(x: float, y: float, width: int = 12, height: int = 20) -> Piece:
    mask = np.ones((height, width), np.uint8)
    return Piece(round(x), round(y), width, height, mask, width * height)


@pytest.mark.parametrize("slope", [-0.2, 0.0, 0.12])
def test_slanting_lines_stay_apart(slope: float) -> None:
    pieces = [_piece(30 * i, 200 + 50 * row + slope * 30 * i) for row in range(3) for i in range(7)]
    lines = group_lines(sorted(pieces, key=lambda piece: piece.x), 20)
    assert [len(line) for line in lines] == [7, 7, 7]
    for line in lines:
        assert [piece.x for piece in line] == sorted(piece.x for piece in line)


def test_a_column_is_many_lines_and_wide_gaps_are_none() -> None:
    assert len(group_lines([_piece(5, 40 * i) for i in range(6)], 20)) == 6
    assert len(group_lines([_piece(200 * i, 3 * (i % 2)) for i in range(4)], 20)) == 1
    assert group_lines([], 20) == []


def test_the_digits_height_is_not_that_of_grain_or_rules() -> None:
    grain = [_piece(3 * i, 100, 2, 2) for i in range(30)]
    digits = [_piece(20 * i, 10) for i in range(8)]
    assert digit_height([*grain, *digits, _piece(0, 50, 400, 3)], 200) == 20
    assert digit_height([], 200) == 0.0
