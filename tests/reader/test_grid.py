from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest

from tenfold.preprocess.binarize import find_ink
from tenfold.reader.grid import lay_out_grid
from tenfold.reader.reader import Reader

SQUARE = [list("2593"), list("7382"), list("4627"), list("5834")]


@pytest.mark.parametrize(
    "how", [{}, {"tilt": 0.08}, {"bend": 0.5}, {"rule": 205}, {"thickness": 5, "blur": 1.0}]
)
def test_grids_are_read_row_by_row(hand: ModuleType, how: dict[str, float]) -> None:
    reading = Reader().read(hand.grid(SQUARE, **how))
    assert reading.text == "2593\n7382\n4627\n5834"


def test_cells_may_hold_several_digits_or_none(hand: ModuleType) -> None:
    page = hand.grid([["25", "", "937"], ["", "82", "4"], ["362", "5", "38"]], cell=(150, 60))
    assert Reader().read(page).text == "25937\n824\n362538"


def test_digits_off_their_cells_middle_and_print_beside_are_no_matter(hand: ModuleType) -> None:
    page = hand.grid(SQUARE, cell=(70, 70), offset=(0, 14), margin=110)
    cv2.putText(page, "SUDOKU", (110, 80), cv2.FONT_HERSHEY_SIMPLEX, 1, 30, 3)
    assert Reader().read(page).text == "2593\n7382\n4627\n5834"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_grids_are_turned_back(hand: ModuleType, turn: int) -> None:
    page = np.ascontiguousarray(np.rot90(hand.grid(SQUARE), turn // 90))
    reading = Reader().read(page)
    assert (reading.text, reading.rotation) == ("2593\n7382\n4627\n5834", turn)


def test_squared_paper_is_no_grid(hand: ModuleType) -> None:
    page = hand.write("2593\n7382", height=70)
    for step in range(0, max(page.shape), 32):
        page[:, step : step + 1] = np.minimum(page[:, step : step + 1], 170)
        page[step : step + 1] = np.minimum(page[step : step + 1], 170)
    assert lay_out_grid(find_ink(page)) is None
    assert Reader().read(page).text == "2593\n7382"


def test_an_empty_grid_beside_a_number_does_not_hide_it(hand: ModuleType) -> None:
    empty = hand.grid([[""] * 4] * 4, cell=(40, 40), margin=30)
    number = hand.write("40718", height=60)
    width = max(empty.shape[1], number.shape[1])
    parts = [
        np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=235)
        for part in (number, empty)
    ]
    assert lay_out_grid(find_ink(np.concatenate(parts))) is None
