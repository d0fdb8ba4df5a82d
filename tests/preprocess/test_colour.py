from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.colour import drop_form_colour

BLUE, ORANGE = (40, 50, 150), (240, 150, 70)


def _boxed(hand: ModuleType, boxes: tuple[int, int, int]) -> np.ndarray:
    """Blue digits, each crossing the rim of its box."""
    page = hand.write("2563", gap=0.5)
    pixels = np.full((*page.shape, 3), 250, np.uint8)
    for number in range(4):
        x = int((0.7 + 1.2 * number) * 60)
        cv2.rectangle(pixels, (x, 36), (x + 52, 104), boxes, 3)
    pixels[page < 140] = BLUE
    return pixels


def test_boxes_of_another_colour_go_and_the_pen_stays(hand: ModuleType) -> None:
    pixels = _boxed(hand, ORANGE)
    ink = find_ink(pixels)
    kept = drop_form_colour(pixels, ink, 60)
    blue = (pixels == BLUE).all(axis=2)
    orange = (pixels == ORANGE).all(axis=2)
    assert ink.mask[orange].mean() > 0.5
    assert kept.mask[orange].mean() < 0.05
    assert kept.mask[blue].mean() > 0.85


def test_one_colour_is_left_as_it_is(hand: ModuleType) -> None:
    for pixels in (_boxed(hand, BLUE), hand.photo(hand.write("2563")), hand.write("2563")):
        ink = find_ink(pixels)
        assert drop_form_colour(pixels, ink, 60) is ink
