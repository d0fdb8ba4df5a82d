from __future__ import annotations

import numpy as np
import pytest

from tenfold.synthesis.degrade.shape import rotation, scaling, warp


@pytest.fixture(scope="module")
def noise() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).random((3, 28, 28), dtype=np.float32)


def test_quarter_turns_are_numpys(noise: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    turned = warp(noise, rotation(np.array([90.0, 180.0, -90.0])))
    for found, image, times in zip(turned, noise, (1, 2, -1), strict=True):
        assert found == pytest.approx(np.rot90(image, times), abs=1e-4)


def test_whole_shifts_move_pixels(noise: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    moved = warp(noise, scaling(3, 1.0), np.tile([3.0, -2.0], (3, 1)))
    assert moved[:, :-2, 3:] == pytest.approx(noise[:, 2:, :-3])
    assert not moved[:, :, :3].any()


def test_scaling_keeps_the_middle() -> None:
    square = np.zeros((1, 29, 29), np.float32)
    square[:, 10:19, 10:19] = 1
    small = warp(square, scaling(1, 1 / 3))[0]
    assert small.sum() == pytest.approx(square.sum() / 9, rel=0.15)
    assert small[14, 14] == 1
    assert small == pytest.approx(small[::-1, ::-1], abs=1e-5)
