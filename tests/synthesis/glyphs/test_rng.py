from __future__ import annotations

import torch

from tenfold.synthesis.glyphs.rng import BatchRng


def rolled(n: int, seed: int = 0) -> BatchRng:
    return BatchRng(n, torch.Generator().manual_seed(seed))


def test_numbers_stay_between_their_bounds() -> None:
    rng = rolled(1000)
    even, ratio = rng.uniform(-2, 5), rng.ratio(0.5, 8)
    assert -2 <= even.min() < -1.8
    assert 4.8 < even.max() <= 5
    assert ratio.min() >= 0.5
    assert ratio.max() <= 8
    assert abs(float(ratio.median()) - 2) < 0.2  # the geometric mean of the bounds


def test_shares_are_kept() -> None:
    rng = rolled(4000)
    assert abs(float(rng.chance(0.3).float().mean()) - 0.3) < 0.03
    value = rng.sometimes(0.25, torch.full((4000,), 2.0), 1.0)
    assert abs(float((value == 2).float().mean()) - 0.25) < 0.03


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, second, other = rolled(5), rolled(5), rolled(5, seed=1)
    drawn = first.smooth(4, 9)
    assert torch.equal(drawn, second.smooth(4, 9))
    assert not torch.equal(drawn, other.smooth(4, 9))


def test_smooth_noise_has_no_steps() -> None:
    noise = rolled(20).smooth(4, 28)
    steps = (noise[:, 1:] - noise[:, :-1]).abs().max()
    assert float(steps) < 0.6 < float(noise.std()) + 0.2
