from __future__ import annotations

import numpy as np

from tenfold.signature import CHARS, STRIP
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.strips import LONGEST, StripMaker


def test_strips_and_what_they_say(stocks: dict[Part, Stock]) -> None:
    texts = []
    for part, stock in stocks.items():
        maker = StripMaker(stock, part, 0)
        for _ in range(40):
            strip = maker.strip()
            height, width = strip.pixels.shape
            assert height == STRIP
            assert strip.pixels.dtype == np.uint8
            assert 16 <= width <= LONGEST
            assert set(strip.text) <= set(CHARS)
            assert len(strip.text) == len(strip.middles) == len(strip.halves)
            assert list(strip.middles) == sorted(strip.middles)
            assert all(0 < middle < width for middle in strip.middles)
            assert all(half > 0 for half in strip.halves)
            assert len(strip.text) < width // 2  # a frame for each character
            texts.append(strip.text)
    assert any(not text for text in texts)
    assert max(map(len, texts)) > 5


def test_the_same_seed_gives_the_same_strips_in_each_part(stocks: dict[Part, Stock]) -> None:
    one, two, other = (StripMaker(stocks["train"], "train", seed) for seed in (1, 1, 2))
    pictures = [[maker.strip() for _ in range(6)] for maker in (one, two, other)]
    for a, b in zip(pictures[0], pictures[1], strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)
        assert (a.text, a.middles) == (b.text, b.middles)
    assert [s.text for s in pictures[0]] != [s.text for s in pictures[2]]
    held_out = StripMaker(stocks["train"], "validation", 1)
    assert [held_out.strip().text for _ in range(6)] != [s.text for s in pictures[0]]
