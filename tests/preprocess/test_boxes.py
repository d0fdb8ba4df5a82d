from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest

from tenfold.preprocess.binarize import Ink, find_ink
from tenfold.preprocess.boxes import remove_boxes
from tenfold.preprocess.segment import find_pieces


def _without_boxes(ink: Ink) -> Ink:
    return remove_boxes(ink, find_pieces(ink.mask))


@pytest.mark.parametrize("line", [1, 2])
@pytest.mark.parametrize("lean", [0, 3])
def test_a_box_that_its_digit_touches_goes(hand: ModuleType, line: int, lean: int) -> None:
    clean = hand.write("3", height=80, pen=9)
    page = clean.copy()
    ys, xs = np.nonzero(clean < 120)
    corners = [
        (xs.min() - 14, ys.min() - 12),
        (xs.max() - 4, ys.min() - 12 + lean),
        (xs.max() - 4 - lean, ys.max() + 14),
        (xs.min() - 14 - lean, ys.max() + 14 - lean),
    ]
    cv2.polylines(page, [np.array(corners, np.int32)], isClosed=True, color=60, thickness=line)
    ink = find_ink(page)
    mask, wanted = _without_boxes(ink).mask, find_ink(clean).mask
    near = np.asarray(cv2.dilate(wanted, np.ones((5, 5), np.uint8)), np.uint8)
    assert (mask & (1 - near)).sum() < 0.1 * (ink.mask & (1 - near)).sum()
    assert (mask & wanted).sum() > 0.9 * wanted.sum()


@pytest.mark.parametrize("text", ["0", "8", "4", "7", "1234567890"])
def test_digits_are_no_boxes(hand: ModuleType, text: str) -> None:
    ink = find_ink(hand.write(text, height=80, pen=9))
    assert _without_boxes(ink) is ink


def test_a_square_zero_is_no_box() -> None:
    page = np.full((140, 120), 230, np.uint8)
    cv2.rectangle(page, (30, 30), (90, 110), 40, 6)
    ink = find_ink(page)
    assert _without_boxes(ink) is ink


def test_a_row_of_boxes_goes_though_digits_join_and_break_them(hand: ModuleType) -> None:
    clean = hand.write("4 7 0 8", height=70, pen=8, gap=-0.1)
    page = clean.copy()
    ys, xs = np.nonzero(clean < 120)
    lefts = np.linspace(xs.min() - 6, xs.max() - 36, 4).astype(int)
    for left in lefts:  # each begins at or within a digit
        corner = (int(left) + 52, int(ys.max()) + 12)
        cv2.rectangle(page, (int(left) - 6, int(ys.min()) - 12), corner, 100, 1)
    page[int(ys.max()) + 12, int(lefts[2]) : int(lefts[2]) + 30] = 235  # a gap in a line
    ink = _without_boxes(find_ink(page))
    wanted = find_ink(clean).mask
    near = np.asarray(cv2.dilate(wanted, np.ones((7, 7), np.uint8)), np.uint8)
    assert (ink.mask & (1 - near)).sum() < 0.05 * (find_ink(page).mask & (1 - near)).sum()
    assert (ink.mask & wanted).sum() > 0.95 * wanted.sum()


@pytest.mark.parametrize(("margin", "pen"), [(3, 4), (5, 8), (5, 3)])
def test_ones_that_stand_free_in_a_frame_stay(hand: ModuleType, margin: int, pen: int) -> None:
    page = hand.write("4 4", height=80, pen=pen)
    ys, xs = np.nonzero(page < 120)
    middle = (int(xs.min()) + int(xs.max())) // 2
    cv2.line(page, (middle, int(ys.min())), (middle, int(ys.max())), 40, pen)
    before = find_ink(page).mask
    corner = (int(xs.max()) + 20, int(ys.max()) + margin + 2)
    cv2.rectangle(page, (int(xs.min()) - 20, int(ys.min()) - margin - 2), corner, 60, 2)
    ink = _without_boxes(find_ink(page))
    assert (ink.mask & before).sum() > 0.95 * before.sum()


def test_boxes_at_different_heights_go(hand: ModuleType) -> None:
    parts = []
    for down, digit in enumerate("35"):
        part = hand.write(digit, height=80, pen=8)
        ys, xs = np.nonzero(part < 120)
        corner = (int(xs.max()) - 3, int(ys.max()) + 12)
        cv2.rectangle(part, (int(xs.min()) - 12, int(ys.min()) - 10), corner, 60, 2)
        parts.append(np.roll(part, 14 * down, axis=0))
    page = np.hstack(parts)
    pieces = find_pieces(_without_boxes(find_ink(page)).mask)
    assert [piece.height > 60 for piece in pieces if piece.height > 20] == [True, True]
