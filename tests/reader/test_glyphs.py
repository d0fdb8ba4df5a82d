from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.reader.find import Finding, Found, Level
from tenfold.reader.glyphs import glyph
from tenfold.signature import HAND

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

# A bar 100 pixels high and 10 wide, and the box around it.
TOP, LEFT, HEIGHT, WIDTH = 60, 95, 100, 10
FOUND = Found(
    LEFT, TOP, WIDTH, HEIGHT, 0.9, np.full(10, 0.1, np.float32), np.zeros(4, np.float32), 0
)


def _page() -> Pixels:
    page = np.full((220, 200), 255, np.uint8)
    page[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH] = 0
    return page


def _hand(everywhere: float) -> Floats:
    """Digit ink by hand, so surely on all of the page, a cell for each pixel."""
    return np.full((220, 200), everywhere, np.float32)


def _glyph(page: Pixels, hand: Floats) -> Pixels | None:
    kinds = np.zeros((5, *hand.shape), np.float32)
    kinds[HAND] = hand
    return glyph(page, Finding([FOUND], [Level(2.0, kinds)], []), FOUND)


@pytest.mark.parametrize(("aside", "seen"), [(24, True), (33, False)])
def test_ink_within_a_third_of_its_height_belongs_to_a_digit(aside: int, seen: bool) -> None:
    page = _page()
    x = LEFT + WIDTH + aside
    page[100:110, x : x + 4] = 0
    alone, beside = _glyph(_page(), _hand(1)), _glyph(page, _hand(1))
    assert alone is not None
    assert beside is not None
    assert (not np.array_equal(alone, beside)) == seen


@pytest.mark.parametrize(("probability", "seen"), [(0.22, False), (0.28, True)])
def test_ink_that_is_hardly_a_digits_is_none(probability: float, seen: bool) -> None:
    assert (_glyph(_page(), _hand(probability)) is not None) == seen


@pytest.mark.parametrize(("share", "whole"), [(0.45, False), (0.55, True)])
def test_a_stroke_belongs_to_a_digit_if_more_than_half_of_it_does(
    share: float, whole: bool
) -> None:
    hand = _hand(0)
    hand[: TOP + round(share * HEIGHT)] = 1
    all_of_it, found = _glyph(_page(), _hand(1)), _glyph(_page(), hand)
    assert all_of_it is not None
    assert found is not None
    assert np.array_equal(all_of_it, found) == whole


@pytest.mark.parametrize(("pixels", "seen"), [(5, False), (7, True)])
def test_a_few_pixels_of_ink_are_no_digit(pixels: int, seen: bool) -> None:
    hand = _hand(0)
    hand[TOP + 40, LEFT + 1 : LEFT + 1 + pixels] = 1
    assert (_glyph(_page(), hand) is not None) == seen
