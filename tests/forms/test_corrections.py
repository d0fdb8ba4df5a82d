"""What replaces a struck-out digit of a comb is set into its cell."""

from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.forms.corrections import mend
from tenfold.forms.crops import Crop
from tenfold.forms.template import Field
from tenfold.reader.find import Found
from tenfold.signature import DIGIT_KINDS, HAND, STRUCK

CELL, TOP, LEFT, TALL = 60, 70, 20, 70  # pixels; two cells, with room above them
FIELD = Field("reading", 1, (0.1, 0.1, 0.2, 0.1), digits=(2, 2), cells=2)


def found(x: float, y: float, high: float, kind: int = HAND, score: float = 0.8) -> Found:
    """A digit about two thirds as wide as it is high, of one kind."""
    kinds = np.eye(4, dtype=np.float32)[DIGIT_KINDS.index(kind)]
    return Found(x, y, high * 2 / 3, high, score, np.full(10, 0.1, np.float32), kinds, 0)


def crop(*digits: Found) -> Crop:
    """A comb with a dark block where each digit is."""
    picture = np.full((TOP + TALL + 20, LEFT + 2 * CELL + 20), 250, np.uint8)
    for f in digits:
        cv2.rectangle(picture, (int(f.x), int(f.y)), (int(f.right), int(f.bottom)), 30, -1)
    return Crop(FIELD, picture, picture, (LEFT, TOP, 2 * CELL, TALL), list(digits), 0.8)


def dark(picture: NDArray[np.uint8], cell: int) -> int:
    left = LEFT + cell * CELL
    return int((picture[TOP : TOP + TALL, left : left + CELL] < 128).sum())


FIRST = found(LEFT + 10, TOP + 10, 44)
WRONG = found(LEFT + CELL + 10, TOP + 8, 50, STRUCK)
ABOVE = found(LEFT + CELL + 12, 12, 36)


def test_a_digit_above_takes_the_place_of_what_is_struck_out() -> None:
    before = crop(FIRST, WRONG, ABOVE)
    after, kept = mend(before, before.found)
    assert [f.y >= TOP and f.bottom <= TOP + TALL for f in kept] == [True, True]
    assert kept[1].middle[0] == pytest.approx(LEFT + 1.5 * CELL, abs=2)
    assert dark(after.clean, 0) == dark(before.clean, 0)
    assert dark(after.clean, 1) == pytest.approx(ABOVE.width * ABOVE.height, rel=0.15)
    assert (after.clean[: TOP - 2] > 128).all()
    assert (before.clean[: TOP - 2] < 128).any()  # the crop itself stays as it is


def test_a_small_digit_beside_takes_its_place_and_one_on_it_does_not() -> None:
    wrong = found(LEFT + CELL + 2, TOP + 16, 40, STRUCK)
    beside, on_it = found(LEFT + CELL + 36, TOP + 20, 32), found(LEFT + CELL + 4, TOP + 20, 30)
    before = crop(FIRST, wrong, beside)
    after, kept = mend(before, before.found)
    assert kept[1].middle[0] == pytest.approx(LEFT + 1.5 * CELL, abs=2)
    assert dark(after.clean, 1) == pytest.approx(beside.width * beside.height, rel=0.15)
    before = crop(FIRST, wrong, on_it)
    assert mend(before, before.found)[0] is before


def test_a_faint_digit_above_what_nobody_struck_out_is_of_another_row() -> None:
    plain = found(LEFT + CELL + 10, TOP + 8, 44)
    for score, moved in ((0.3, False), (0.8, True)):
        above = found(LEFT + CELL + 12, 12, 36, score=score)
        before = crop(FIRST, plain, above)
        after, kept = mend(before, before.found)
        assert (after is not before) is moved
        assert len(kept) == 2


def test_an_empty_cell_takes_no_digit_from_above(hand: ModuleType) -> None:
    before = crop(FIRST, ABOVE)
    assert mend(before, before.found) == (before, [FIRST])
