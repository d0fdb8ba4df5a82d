from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tenfold.training.degrade import add_grain, blur, degrade, draw_lines, lift_paper

WAYS = (lift_paper, add_grain, blur, draw_lines)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _boxes(n: int = 40, size: int = 28) -> Tensor:
    """White boxes on black."""
    images = torch.zeros(n, 1, size, size)
    images[:, :, size // 4 : -size // 4, size // 3 : -size // 3] = 1
    return images


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [8, 28, 33])
def test_every_way_changes_pictures_within_their_range(
    way: Callable[[Tensor, torch.Generator], Tensor], size: int
) -> None:
    images = _boxes(size=size)
    worse = way(images, _generator())
    assert worse.shape == images.shape
    assert worse.min() >= 0
    assert worse.max() <= 1 + 1e-5
    assert (worse != images).flatten(1).any(dim=1).float().mean() > 0.7
    assert torch.equal(worse, way(images, _generator()))


def test_paper_is_lifted_and_ink_stays_above_it() -> None:
    worse = lift_paper(_boxes(), _generator())
    paper, ink = worse[:, 0, 0, 0], worse[:, 0, 14, 14]
    assert paper.max() > 0.5
    assert (ink > paper).all()


def test_blur_keeps_the_ink_and_spreads_it() -> None:
    images = _boxes()
    worse = blur(images, _generator())
    assert torch.allclose(worse.sum(dim=(1, 2, 3)), images.sum(dim=(1, 2, 3)), rtol=0.05)
    assert (worse.amax(dim=(1, 2, 3)) <= 1 + 1e-5).all()
    assert (worse > 0.05).sum() > 1.1 * (images > 0.05).sum()


def test_half_of_a_batch_is_left_alone_where_half_is_asked_for() -> None:
    images = _boxes(200)
    changed = (degrade(images, 0.5, _generator()) != images).flatten(1).any(dim=1)
    assert not changed[100:].any()
    assert changed[:100].float().mean() > 0.7


def test_a_batch_of_one_is_possible() -> None:
    assert degrade(_boxes(1), 0.5, _generator()).shape == (1, 1, 28, 28)
