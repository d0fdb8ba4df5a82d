from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.data.splits import Splits
from tenfold.errors import UsageError
from tenfold.synthesis.degrade import light
from tenfold.synthesis.degrade.corruptions import KINDS, SEVERITIES, corrupt


@pytest.fixture(scope="module")
def bars() -> NDArray[np.uint8]:
    """Pictures of 28×28 with a bar off the middle."""
    images = np.zeros((40, 28, 28), np.uint8)
    images[:, 6:22, 9:13] = 200
    return images


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_pictures_of_any_size_the_same_way_each_time(
    kind: str, bars: NDArray[np.uint8], few: Splits
) -> None:
    for images in (bars, few.test.images[:10]):
        before = images.copy()
        for severity in SEVERITIES:
            worse = corrupt(images, kind, severity, seed=4)
            assert (worse.dtype, worse.shape) == (images.dtype, images.shape)
            assert np.array_equal(worse, corrupt(images, kind, severity, seed=4))
            assert not np.array_equal(worse, images)
        assert np.array_equal(images, before)


@pytest.mark.parametrize("kind", KINDS)
def test_severity_grows(kind: str, bars: NDArray[np.uint8]) -> None:
    floats = bars.astype(float)
    first, last = (np.abs(corrupt(bars, kind, s).astype(float) - floats).mean() for s in (1, 5))
    assert last > 1.3 * first


def test_there_are_fifteen_and_seeds_differ(bars: NDArray[np.uint8]) -> None:
    assert len(KINDS) == 15
    drawn = {"brightness", "scale", "canny edges"}  # nothing in these is left to chance
    for kind in KINDS:
        same = np.array_equal(corrupt(bars, kind, 3, seed=1), corrupt(bars, kind, 3, seed=2))
        assert same == (kind in drawn)


def test_figures_worked_by_hand(bars: NDArray[np.uint8]) -> None:
    lifted = corrupt(bars, "brightness", 2)
    assert sorted(set(lifted.ravel().tolist())) == [round(0.3 * 255), 255]
    flat = np.full((200, 28, 28), 128, np.uint8)
    speckled = corrupt(flat, "impulse noise", 4)
    assert (speckled != 128).mean() == pytest.approx(light.FLIPPED[3], abs=0.005)
    assert (speckled == 0).sum() == pytest.approx((speckled == 255).sum(), rel=0.05)
    noisy = corrupt(flat, "shot noise", 1) / 255
    assert noisy.mean() == pytest.approx(128 / 255, abs=0.005)
    assert noisy.var() == pytest.approx(128 / 255 / light.PHOTONS[0], rel=0.05)  # Poisson's
    striped = corrupt(np.zeros((50, 28, 28), np.uint8), "stripe", 2)
    assert set((striped == 255).sum(axis=(1, 2)).tolist()) == {28 * light.STRIPES[1]}


def test_what_does_not_exist_is_told(bars: NDArray[np.uint8]) -> None:
    for kind, severity in (("rain", 3), ("fog", 0), ("fog", 6)):
        with pytest.raises(UsageError, match=r"Kinds: shot noise, .*; severities: 1 to 5"):
            corrupt(bars, kind, severity)
