from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tenfold.data.dataset import Dataset
from tenfold.training.synthesis import cameras
from tenfold.training.synthesis.dice import Dice

N = 200
Fault = Callable[[Tensor, Dice], Tensor]


def rolled(seed: int = 0) -> Dice:
    return Dice(N, torch.Generator().manual_seed(seed))


@pytest.fixture
def pictures(digits: Dataset) -> Tensor:
    return torch.from_numpy(digits.images[:N]).float() / 255


@pytest.mark.parametrize(
    "fault",
    [
        cameras.photograph,
        cameras.coarse,
        cameras.blur,
        cameras.harden,
        cameras.uneven,
        cameras.speck,
        cameras.ruled,
    ],
)
def test_faults_keep_range_and_shape_and_their_input(fault: Fault, pictures: Tensor) -> None:
    before = pictures.clone()
    spoilt = fault(pictures, rolled())
    assert spoilt.shape == pictures.shape
    assert float(spoilt.min()) >= 0
    assert float(spoilt.max()) <= 1
    assert torch.equal(pictures, before)
    assert torch.equal(spoilt, fault(pictures, rolled()))
    assert not torch.equal(spoilt, pictures)


def test_every_picture_keeps_some_ink(pictures: Tensor) -> None:
    for seed in range(5):
        assert float(cameras.photograph(pictures, rolled(seed)).amax((1, 2)).min()) > 0.35


def test_a_quarter_goes_through_coarse_pixels(pictures: Tensor) -> None:
    changed = (cameras.coarse(pictures, rolled()) != pictures).flatten(1).any(1)
    assert int(changed.sum()) == N // 4


def test_a_ruled_line_stays_at_the_border(pictures: Tensor) -> None:
    added = cameras.ruled(pictures, rolled()) - pictures
    assert float(added[:, 6:22, 6:22].abs().max()) == 0
    assert (added.flatten(1).amax(1) > 0).all()


def test_hard_contrast_leaves_little_grey(pictures: Tensor) -> None:
    def grey(images: Tensor) -> float:
        return float(((images > 0.2) & (images < 0.8)).float().mean())

    assert grey(cameras.harden(pictures, rolled())) < 0.7 * grey(pictures)
