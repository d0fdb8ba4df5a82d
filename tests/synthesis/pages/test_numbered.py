from __future__ import annotations

from collections import Counter

from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.numbered import HEIGHT, SHARES, WIDTH, Truth, compose
from tenfold.synthesis.pages.pages import Page, PageMaker


def _digits(text: str) -> Counter[str]:
    return Counter(char for char in text if char.isdigit())


def _pages(stock: Stock, seed: int, count: int = 12) -> list[tuple[Page, Truth]]:
    maker = PageMaker(stock, "train", seed)
    return [compose(maker) for _ in range(count)]


def test_every_number_of_the_truth_stands_on_the_page(stock: Stock) -> None:
    seen = set()
    for page, truth in _pages(stock, 0):
        seen.add(truth.kind)
        assert min(page.pixels.shape[:2]) >= min(HEIGHT, WIDTH) // 2
        placed = _digits("".join(mark.char for mark in page.placed))
        wanted = _digits("".join(number for line in truth.lines for number in line))
        assert all(truth.lines)
        if truth.kind in ("hand", "display"):
            assert placed == wanted
        elif truth.kind != "label":
            assert sum(placed.values()) >= sum(wanted.values())
    assert len(seen) >= 4
    assert seen <= {line.__name__.strip("_") for line in SHARES}


def test_a_seed_gives_the_same_pages(stock: Stock) -> None:
    one, two = _pages(stock, 3, 2), _pages(stock, 3, 2)
    assert [truth for _, truth in one] == [truth for _, truth in two]
    assert all((a.pixels == b.pixels).all() for (a, _), (b, _) in zip(one, two, strict=True))
