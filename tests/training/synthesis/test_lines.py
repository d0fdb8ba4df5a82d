from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.training.synthesis.lines import MOST, write_line


def _bars(digit: int) -> np.ndarray:
    """Draw a digit as that many columns of ink, and one more."""
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 4 : 6 + 2 * digit] = 255
    return glyph


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_digit_has_its_mask_in_the_picture(seed: int) -> None:
    written = write_line(_bars, np.random.default_rng(seed))
    assert 1 <= len(written.digits) <= MOST
    assert written.masks.shape == (len(written.digits), *written.picture.shape[:2])
    assert written.masks.any(axis=(1, 2)).all()


def test_digits_follow_each_other_from_left_to_right() -> None:
    for seed in range(10):
        masks = write_line(_bars, np.random.default_rng(seed)).masks
        lefts = [int(np.flatnonzero(mask.any(axis=0))[0]) for mask in masks]
        assert lefts == sorted(lefts)


def test_a_seed_decides_the_line() -> None:
    one, other = (write_line(_bars, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.picture, other.picture)
    assert one.digits == other.digits


def test_ink_differs_from_paper() -> None:
    written = write_line(_bars, np.random.default_rng(1))
    ink = written.masks.any(axis=0)
    grey = written.picture.mean(axis=2)
    assert abs(grey[ink].mean() - grey[~ink].mean()) > 20
