from __future__ import annotations

from collections import Counter

import pytest

from tenfold.signature import STRUCK
from tenfold.synthesis.pages import numbered
from tenfold.synthesis.pages.camera import CLEAR
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.numbered import HEIGHT, SHARES, WIDTH, Truth, compose
from tenfold.synthesis.pages.pages import Page, PageMaker
from tenfold.synthesis.pages.strokes import Pixels


def _digits(text: str) -> Counter[str]:
    return Counter(char for char in text if char.isdigit())


def _pages(stock: Stock, seed: int, count: int = 12) -> list[tuple[Page, Truth]]:
    maker = PageMaker(stock, "train", seed)
    return [compose(maker) for _ in range(count)]


def test_every_number_of_the_truth_stands_on_the_page(stock: Stock) -> None:
    seen = set()
    for page, truth in _pages(stock, 0, 40):
        seen.add(truth.kind)
        height, width = page.pixels.shape
        assert (height, width) == (HEIGHT, WIDTH)
        own = [mark for mark in page.placed if mark.char.isdigit()]
        struck = [mark for mark in own if mark.kind == STRUCK]
        placed = _digits("".join(mark.char for mark in own if mark.kind != STRUCK))
        assert placed == _digits("".join(number for line in truth.lines for number in line))
        assert len(struck) == truth.struck
        assert all(truth.lines)
        for left, top, right, bottom in (mark.box for mark in own):
            assert min(left, top, width - right, height - bottom) >= -2
    assert len(seen) >= 5
    assert seen <= {line.__name__.strip("_") for line in SHARES}


def test_pages_that_nobody_could_read_are_composed_anew(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((page, truth),) = _pages(stock, 4, 1)
    digits = sum(mark.char.isdigit() for mark in page.placed)
    shown: list[float] = []

    def clear(picture: Pixels, ink: Pixels, height: float) -> float:
        assert picture.shape == ink.shape
        assert ink.any()
        assert height >= 8
        shown.append(0.0 if len(shown) < digits else CLEAR)
        return shown[-1]

    monkeypatch.setattr(numbered, "clearness", clear)
    ((_, other),) = _pages(stock, 4, 1)
    assert len(shown) > digits
    assert other != truth


def test_a_seed_gives_the_same_pages(stock: Stock) -> None:
    one, two = _pages(stock, 3, 2), _pages(stock, 3, 2)
    assert [truth for _, truth in one] == [truth for _, truth in two]
    assert all((a.pixels == b.pixels).all() for (a, _), (b, _) in zip(one, two, strict=True))
