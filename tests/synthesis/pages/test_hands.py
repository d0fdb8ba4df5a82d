from __future__ import annotations

import numpy as np
import pytest

from tenfold.synthesis.pages import hands
from tenfold.synthesis.pages.hands import Hand, Part, Stock, bend, parse, set_pen, variants
from tenfold.synthesis.pages.strokes import Shape

PARTS: tuple[Part, ...] = ("train", "validation", "test")


def _text(shape: Shape) -> str:
    return str([stroke.tolist() for stroke in shape])


def test_no_shape_of_training_is_drawn_elsewhere() -> None:
    lines = {
        part: {_text(shape) for own in variants(part).values() for shape in own} for part in PARTS
    }
    assert not lines["train"] & (lines["validation"] | lines["test"])
    for part in PARTS:
        assert sorted(variants(part)) == list("0123456789")
        assert all(variants(part).values())


def test_shapes_are_read_and_keep_their_corners() -> None:
    (stroke,) = parse("0,0 0,1 0,1 1,1")
    assert stroke.shape == (4, 2)
    np.testing.assert_array_equal(bend(stroke), [[0, 0], [0, 1], [0, 1], [1, 1]])


@pytest.mark.parametrize(("part", "kept"), [("train", 6), ("validation", 4), ("test", 10)])
def test_parts_of_a_data_set_share_no_picture(
    part: Part, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "HELD_OUT", 4)
    images = np.zeros((10, 28, 28), np.uint8)
    images[:, 4:24, 13] = np.arange(100, 110)[:, None]
    stock = Stock.of(images, np.arange(10), part)
    assert len(stock.images) == kept == len(stock.slants)
    assert sum(len(rows) for rows in stock.rows) == kept
    assert stock.images.max() == (105 if part == "train" else 109)


def test_a_slanted_one_is_set_upright() -> None:
    image = np.zeros((28, 28), np.uint8)
    for row in range(4, 24):
        image[row, 20 - row // 2] = 255
    stock = Stock.of(image[None], np.array([1]), "test")
    assert stock.slants[0] == pytest.approx(0.5, abs=0.1)


def test_the_same_seed_gives_the_same_hand(stock: Stock) -> None:
    one, two = (Hand(np.random.default_rng(5), stock, "train") for _ in range(2))
    assert (one.pen, one.slant) == (two.pen, two.slant)
    for digit in range(10):
        np.testing.assert_array_equal(one.digit(digit, 30), two.digit(digit, 30))


def test_digits_are_about_as_high_as_asked_for_and_cut_to_their_ink(stock: Stock) -> None:
    heights = []
    for seed in range(12):
        hand = Hand(np.random.default_rng(seed), stock, "train")
        assert 0.025 <= hand.pen <= 0.24
        for digit in range(10):
            glyph = hand.digit(digit, 40)
            assert glyph.dtype == np.uint8
            assert glyph.max() > 100
            heights.append(len(glyph))
    assert 34 < np.median(heights) < 50


def test_a_pen_of_any_width_leaves_ink() -> None:
    ring = np.zeros((60, 60), np.uint8)
    y, x = np.ogrid[:60, :60]
    ring[np.abs(np.hypot(y - 30, x - 30) - 18) < 3] = 255
    thin, wide = (set_pen(ring, pen, 3.0) for pen in (2.0, 10.0))
    assert 0 < (thin > 127).sum() < (ring > 127).sum() < (wide > 127).sum()
    assert wide[30, 30] == 0  # loops stay open
