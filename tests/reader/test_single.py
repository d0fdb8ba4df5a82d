from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np

from tenfold.preprocess.binarize import find_ink
from tenfold.reader.networks import bundled_model
from tenfold.reader.reader import Reader
from tenfold.reader.single import by_ink

READER = Reader(layout="digit")


def test_no_ink_is_no_digit() -> None:
    assert by_ink(find_ink(np.zeros((28, 28), np.uint8)), bundled_model()) is None
    assert READER.read(np.zeros((28, 28), np.uint8)).digits == ()


def test_dirt_beside_the_digit_is_left_out(hand: ModuleType) -> None:
    page = hand.write("6", height=80, pen=8)
    cv2.circle(page, (page.shape[1] - 12, page.shape[0] - 12), 5, 40, -1)
    page[:3] = 60
    reading = READER.read(page)
    assert reading.text == "6"
    assert reading.digits[0].box[3] < 110


def test_a_broken_digit_is_read_whole(hand: ModuleType) -> None:
    page = hand.write("5", height=80, pen=6)
    rows = np.flatnonzero((page < 128).any(axis=1))
    top = int(rows[0])
    page[top + 12 : top + 20] = 235  # the bar floats
    assert READER.read(page).text == "5"
