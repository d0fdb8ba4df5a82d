from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.synthesis.degrade.lens import blur, coarsen, defocus
from tenfold.synthesis.degrade.light import add_grain, fade, harden, lift_paper
from tenfold.synthesis.degrade.marks import draw_lines, ruled, speck
from tenfold.synthesis.degrade.mixtures import DIM, Floats, Way, degrade, photograph

WAYS = (lift_paper, add_grain, blur, draw_lines)
FAULTS = (coarsen, defocus, harden, fade, speck, ruled)


def _source(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _boxes(n: int = 40, size: int = 28) -> Floats:
    """White boxes on black."""
    images = np.zeros((n, size, size), np.float32)
    images[:, size // 4 : -(size // 4), size // 3 : -(size // 3)] = 1
    return images


def _strokes(n: int = 200, size: int = 28) -> Floats:
    """Grey strokes of many widths and places, like digits: soft at their edges, black around."""
    source = _source(7)
    x = np.arange(size)
    middle, half = source.uniform(size * 0.4, size * 0.6, (2, n, 1))
    half = 0.5 + 0.08 * half
    profile = (half + 0.7 - np.abs(x - middle)).clip(0, 1)
    images = np.zeros((n, size, size), np.float32)
    images[:, size // 6 : -(size // 6)] = profile[:, None, :]
    return images


def _changed(worse: Floats, images: Floats) -> NDArray[np.bool_]:
    changed: NDArray[np.bool_] = (worse != images).any(axis=(1, 2))
    return changed


@pytest.mark.parametrize("way", [*WAYS, *FAULTS, photograph])
@pytest.mark.parametrize("size", [8, 28, 33])
def test_every_way_changes_pictures_within_their_range(way: Way, size: int) -> None:
    images = _strokes(size=size)
    before = images.copy()
    worse = way(images, _source())
    assert worse.shape == images.shape
    assert worse.min() >= 0
    assert worse.max() <= 1 + 1e-5
    assert np.array_equal(images, before)
    assert np.array_equal(worse, way(images, _source()))
    assert not np.array_equal(worse, way(images, _source(1)))
    assert _changed(worse, images).mean() > (0.7 if way in WAYS else 0.2)


def test_paper_is_lifted_and_ink_stays_above_it() -> None:
    paper = lift_paper(np.zeros_like(_boxes()), _source())
    assert paper.max() > 0.5
    assert (lift_paper(_boxes(), _source()) - paper)[:, 14, 14].min() > 0.149


def test_blur_keeps_the_ink_and_spreads_it() -> None:
    images = _boxes()
    worse = blur(images, _source())
    assert worse.sum(axis=(1, 2)) == pytest.approx(images.sum(axis=(1, 2)), rel=0.05)
    assert (worse > 0.05).sum() > 1.1 * (images > 0.05).sum()


def test_half_of_a_batch_is_left_alone_where_half_is_asked_for() -> None:
    images = _boxes(200)
    changed = _changed(degrade(images, 0.5, _source()), images)
    assert not changed[100:].any()
    assert changed[:100].mean() > 0.7


@pytest.mark.parametrize("share", [0.5, 0.99])
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_small_batches_are_possible(n: int, share: float) -> None:
    assert degrade(_boxes(n), share, _source()).shape == (n, 28, 28)


def test_every_photograph_keeps_some_ink() -> None:
    for seed in range(5):
        assert photograph(_strokes(), _source(seed)).max(axis=(1, 2)).min() > 0.35


def test_a_photograph_of_pale_ink_is_no_paler() -> None:
    pale = np.where(_boxes(400) > 0, np.float32(DIM / 2), np.float32(0))
    assert photograph(pale, _source()).max(axis=(1, 2)).min() == pytest.approx(DIM, rel=0.01)


def test_many_photographs_stay_as_they_are_and_many_do_not() -> None:
    changed = _changed(photograph(_strokes(1000), _source()), _strokes(1000))
    assert 0.5 < changed.mean() < 0.85


def test_coarse_pixels_are_few_and_half_are_black_and_white() -> None:
    images = _strokes(400)
    worse = coarsen(images, _source())
    levels = np.array([len(np.unique(image)) for image in worse])
    assert 0.08 < (levels == 2).mean() < 0.25  # a half of them, enlarged by the nearest in a third


def test_a_ruled_line_stays_at_the_border() -> None:
    images = _strokes()
    added = ruled(images, _source()) - images
    assert not added[:, 6:22, 6:22].any()
    assert (added.max(axis=(1, 2)) > 0).all()


def test_hard_contrast_leaves_little_grey() -> None:
    def grey(images: Floats) -> float:
        return float(((images > 0.2) & (images < 0.8)).mean())

    assert grey(harden(_strokes(), _source())) < 0.7 * grey(_strokes())
