from __future__ import annotations

import numpy as np
import pytest

from tenfold.synthesis.pages.camera import (
    CLEAR,
    clearness,
    clouds,
    edge,
    grain,
    lay,
    photograph,
    shrink,
)


def _ink() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    ink = np.zeros((64, 80), np.uint8)
    ink[20:44, 30:36] = 255
    return ink


def test_grain_is_normal_noise_of_the_size_asked_for() -> None:
    rng = np.random.default_rng(0)
    noise = grain(rng, 200, 300)
    assert noise.shape == (200, 300)
    assert noise.std() == pytest.approx(1, abs=0.05)
    assert grain(rng, 10, 3000).shape == (10, 3000)
    assert clouds(rng, 50, 60, (2, 3)).shape == (50, 60)


def test_ink_darkens_paper_and_nothing_else_does() -> None:
    ink = _ink()
    for seed in range(20):
        paper = np.full(ink.shape, 200, np.float32)
        scene = lay(np.random.default_rng(seed), ink, paper, 0.0)
        assert scene.dtype == np.float32
        assert scene[ink == 0].min() == 200
        assert scene[ink > 0].mean() < 120


def test_photographs_keep_size_and_most_show_the_ink() -> None:
    ink, seen = _ink(), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        paper = np.full(ink.shape, 230, np.float32)
        picture = photograph(rng, lay(rng, ink, paper, 0.1))
        assert picture.shape == ink.shape
        assert picture.dtype == np.uint8
        grey = picture.astype(float)
        seen += abs(grey[ink > 0].mean() - grey[ink == 0].mean()) > 10
    assert seen > 50


def test_the_same_seed_takes_the_same_photograph() -> None:
    scene = 255 - _ink().astype(np.float32)
    for seed in range(20):
        one, two = (photograph(np.random.default_rng(seed), scene.copy()) for _ in range(2))
        np.testing.assert_array_equal(one, two)


def test_edges_are_views_and_shrinking_averages() -> None:
    picture = np.zeros((10, 20), np.float32)
    for side in range(4):
        edge(picture, side, 2)[:] = side + 1
    assert (picture[5, 0], picture[5, -1], picture[0, 10], picture[-1, 10]) == (3, 4, 1, 2)
    assert shrink(np.full((20, 40), 7, np.uint8), (10, 5)).shape == (5, 10)


def test_ink_is_clear_by_how_far_it_stands_out_from_the_paper_beside_it() -> None:
    ink = np.zeros((60, 60), np.uint8)
    ink[10:50, 28:33] = 255
    noise = np.random.default_rng(0).normal(0, 1, ink.shape)

    def clear(contrast: float, spread: float) -> float:
        picture = 128 + spread * noise - contrast * (ink / 255)
        return clearness(np.asarray(picture.clip(0, 255), np.uint8), ink, 40)

    assert clear(60, 2) > clear(60, 15) > CLEAR > clear(8, 15)
    assert clearness(np.zeros_like(ink), np.zeros_like(ink), 40) == 0


def test_dots_in_black_and_white_can_be_read_as_grey() -> None:
    rng = np.random.default_rng(0)
    ink = np.zeros((60, 60), np.uint8)
    ink[10:50, 26:34] = 255
    shares = np.where(ink > 0, 0.15, 0.85)  # of white dots
    dots = np.asarray(255 * (rng.random(ink.shape) < shares), np.uint8)
    assert clearness(dots, ink, 40) > CLEAR
    assert clearness(dots, np.roll(ink, 20, 1), 40) < CLEAR
