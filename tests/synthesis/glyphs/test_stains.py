from __future__ import annotations

import torch

from tenfold.synthesis.glyphs import stains
from tenfold.synthesis.glyphs.rng import BatchRng


def rolled(n: int, seed: int = 0) -> BatchRng:
    return BatchRng(n, torch.Generator().manual_seed(seed))


def test_no_solid_stands_slender_like_a_one() -> None:
    solids = stains.solids(rolled(2000))
    inked = solids > 0.5
    high, wide = inked.any(2).sum(1), inked.any(1).sum(1)
    upright = (high > 6) & (high > 3 * wide)
    assert int(upright.sum()) == 0


def test_stains_are_pictures_of_many_kinds() -> None:
    for draw in (stains.solids, stains.textures):
        pictures = draw(rolled(300))
        assert pictures.shape == (300, 28, 28)
        assert float(pictures.min()) >= 0
        assert float(pictures.max()) <= 1
        assert float(pictures.mean((1, 2)).std()) > 0.1
        assert torch.equal(pictures, draw(rolled(300)))


def test_some_paper_is_empty() -> None:
    blank = stains.textures(rolled(300)).amax((1, 2)) == 0
    assert 15 < int(blank.sum()) < 90
