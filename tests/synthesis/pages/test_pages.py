from __future__ import annotations

import numpy as np
import pytest

from tenfold.signature import HAND, KINDS
from tenfold.synthesis.pages.canvas import Placed
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.pages import SIDE, PageMaker, turn


@pytest.fixture(autouse=True)
def few_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfold.synthesis.pages.pages.AHEAD", 6)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_pages_and_what_lies_on_them(part: Part, stocks: dict[Part, Stock]) -> None:
    maker = PageMaker(stocks[part], part, 0)
    pages = [maker.page() for _ in range(12)]
    for page in pages:
        assert page.pixels.shape == (SIDE, SIDE)
        assert page.pixels.dtype == page.masks.dtype == np.uint8
        assert page.masks.shape == (KINDS, SIDE, SIDE)
        for mark in page.placed:
            left, top, right, bottom = mark.box
            assert 0 < (left + right) / 2 < SIDE
            assert 0 < (top + bottom) / 2 < SIDE
    assert sum(len(page.placed) for page in pages) > 12
    assert any(page.masks[HAND].any() for page in pages)
    assert len({page.scene for page in pages}) > 2


def test_the_same_seed_gives_the_same_pages(stock: Stock) -> None:
    one, two = (PageMaker(stock, "train", 3) for _ in range(2))
    for _ in range(3):
        a, b = one.page(), two.page()
        np.testing.assert_array_equal(a.pixels, b.pixels)
        np.testing.assert_array_equal(a.masks, b.masks)
        assert (a.placed, a.scene) == (b.placed, b.scene)


def test_turning_takes_boxes_along() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[20:30, 70:80] = 255
    masks = np.repeat(ink[None], KINDS, 0)
    # Turned by an eighth, what lay in a corner lies outside.
    placed = [Placed("3", HAND, (70, 20, 80, 30)), Placed("4", HAND, (96, 0, 100, 4))]
    turned, layers, (mark,) = turn(ink, masks, placed, 45)
    assert turned.any()
    assert layers.shape == masks.shape
    y, x = np.argwhere(turned > 127).mean(axis=0)
    left, top, right, bottom = mark.box
    assert (left + right) / 2 == pytest.approx(x, abs=1.5)
    assert (top + bottom) / 2 == pytest.approx(y, abs=1.5)
