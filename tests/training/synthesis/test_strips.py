from __future__ import annotations

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.training.synthesis.lines import OTHER, Written
from tenfold.training.synthesis.strips import LONGEST, Strip, StripMaker, strips_of


def _strips(digits: Dataset, seed: int, lines: int) -> list[Strip]:
    maker = StripMaker(digits, seed)
    return [strip for _ in range(lines) for strip in maker.line()]


def test_strips_hold_digits_and_room_to_spell_them(digits: Dataset) -> None:
    strips = _strips(digits, 0, 30)
    assert len(strips) > 10
    assert any(len(strip.digits) > 1 for strip in strips)
    for strip in strips:
        assert strip.pixels.shape[0] == 28
        assert 4 * len(strip.digits) < strip.pixels.shape[1] <= LONGEST
        assert strip.pixels.max() > 100


def test_a_seed_decides_the_strips(digits: Dataset) -> None:
    one, other = _strips(digits, 5, 3), _strips(digits, 5, 3)
    assert [strip.digits for strip in one] == [strip.digits for strip in other]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, other, strict=True))


def _written(far: int) -> Written:
    """Two tall boxes, the second so many pixels behind the first, and only the first's truth."""
    picture = np.full((120, 260, 3), 250, np.uint8)
    masks = np.zeros((2, 120, 260), np.bool_)
    masks[0, 40:80, 60:100] = True
    masks[1, 40:80, 100 + far : 140 + far] = True
    picture[masks.any(axis=0)] = 10
    return Written(picture, (3, 8), masks)


def test_what_touches_is_one_strip() -> None:
    (strip,) = strips_of(_written(far=0), np.random.default_rng(0))
    assert strip.digits == (3, 8)


def test_what_stands_apart_is_none() -> None:
    strips = strips_of(_written(far=40), np.random.default_rng(0))
    assert all(len(strip.digits) == 1 for strip in strips)


def test_what_is_no_digit_is_left_unspelled() -> None:
    written = _written(far=0)
    for digits, spelled in (((3, OTHER), (3,)), ((OTHER, OTHER), ())):
        strange = Written(written.picture, digits, written.masks)
        (strip,) = strips_of(strange, np.random.default_rng(0))
        assert strip.digits == spelled


def test_some_strips_hold_no_digit(digits: Dataset) -> None:
    strips = _strips(digits, 1, 60)
    empty = sum(not strip.digits for strip in strips)
    assert 0 < empty < len(strips) / 2
