from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.rules import is_frame, remove_rules
from tenfold.preprocess.segment import find_pieces


@pytest.mark.parametrize("slope", [0.0, 0.05, -0.1])
def test_an_underline_goes_and_the_digits_stay(hand: ModuleType, slope: float) -> None:
    clean = hand.write("384")
    page = clean.copy()
    middle = 60 + 48 + 12
    cv2.line(page, (0, middle), (page.shape[1], int(middle + slope * page.shape[1])), 60, 2)
    ink = remove_rules(find_ink(page), 60)
    digits = np.asarray(cv2.dilate(find_ink(clean).mask, np.ones((3, 3), np.uint8)), np.uint8)
    left = ink.mask & (1 - digits)
    assert left.mean() < 0.002
    kept = (ink.mask & find_ink(clean).mask).sum() / find_ink(clean).mask.sum()
    assert kept > 0.95


def test_squared_paper_goes(hand: ModuleType) -> None:
    page = hand.write("2 7", height=60, pen=6)
    for step in range(0, page.shape[1], 30):
        page[:, step : step + 1] = 120
    for step in range(0, page.shape[0], 30):
        page[step : step + 1] = 120
    pieces = find_pieces(remove_rules(find_ink(page), 60).mask)
    assert sum(piece.height > 40 for piece in pieces) == 2


def test_digits_alone_are_left_as_they_are(hand: ModuleType) -> None:
    ink = find_ink(hand.write("1234567890"))
    assert remove_rules(ink, 60) is ink


def test_a_box_is_a_frame_and_digits_are_none(hand: ModuleType) -> None:
    page = np.full((100, 100), 255, np.uint8)
    cv2.rectangle(page, (10, 10), (90, 90), 0, 3)
    assert is_frame(find_pieces(find_ink(page).mask)[0], 40)
    for piece in find_pieces(find_ink(hand.write("23456789")).mask):
        assert not is_frame(piece, 60)
