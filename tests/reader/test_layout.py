from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np

from tenfold.preprocess.binarize import find_ink
from tenfold.reader.layout import lay_out


def _counts(page: np.ndarray) -> list[int]:
    return [sum(map(len, line)) for line in lay_out(page, find_ink(page)).lines]


def test_lines_are_found_from_top_to_bottom(hand: ModuleType) -> None:
    assert _counts(hand.write("273\n36\n8926")) == [3, 2, 4]
    page = hand.write("273\n36")
    assert len(lay_out(page, find_ink(page), one_line=True).lines) == 1


def test_a_page_without_ink_has_no_lines() -> None:
    page = np.full((50, 50), 200, np.uint8)
    laid = lay_out(page, find_ink(page))
    assert (laid.lines, laid.height) == ([], 0.0)


def test_specks_boxes_and_the_dark_table_are_left_out(hand: ModuleType) -> None:
    page = hand.write("273", gap=0.6)
    page[10:13, 10:13] = 0
    page[-6:] = 20
    page[:, :5] = 20
    for number in range(3):
        x = int((0.6 + 1.3 * number) * 60)
        cv2.rectangle(page, (x, 34), (x + 64, 122), 60, 2)
    assert _counts(page) == [3]


def test_what_lies_outside_a_grid_is_left_out(hand: ModuleType) -> None:
    page = np.asarray(np.pad(hand.write("273\n384\n569", gap=0.9), 120, constant_values=235))
    cv2.rectangle(page, (140, 140), (page.shape[1] - 140, page.shape[0] - 140), 30, 3)
    cv2.putText(page, "SUDOKU", (200, 90), cv2.FONT_HERSHEY_SIMPLEX, 2, 30, 4)
    assert _counts(page) == [3, 3, 3]
