from __future__ import annotations

import pytest
import torch

from tenfold.data.dataset import Dataset
from tenfold.synthesis.glyphs import variants
from tenfold.synthesis.glyphs.distances import DistanceFields
from tenfold.synthesis.glyphs.outline import find_outline
from tenfold.synthesis.glyphs.polylines import FAR
from tenfold.synthesis.glyphs.rng import BatchRng
from tenfold.synthesis.glyphs.shapes import Shapes, plain

MANY = 400


def rolled(n: int, seed: int = 0) -> BatchRng:
    return BatchRng(n, torch.Generator().manual_seed(seed))


def many(digits: Dataset, fields: DistanceFields, digit: int) -> Shapes:
    rows = torch.from_numpy(digits.targets == digit).nonzero()[:, 0]
    return plain(fields, rows[torch.arange(MANY) % len(rows)])


def varied(digits: Dataset, fields: DistanceFields, digit: int, seed: int = 0) -> Shapes:
    zeros = torch.from_numpy(digits.targets == 0).nonzero()[:, 0]
    labels = torch.full((MANY,), digit, dtype=torch.uint8)
    return variants.vary(many(digits, fields, digit), labels, zeros, rolled(MANY, seed))


def has_strokes(shapes: Shapes) -> torch.Tensor:
    return (shapes.strokes[..., 0] < FAR).any(1)


@pytest.mark.parametrize(
    ("digit", "low", "high"),
    [
        (0, 0.1, 0.3),
        (1, 0.6, 0.85),
        (2, 0.06, 0.2),
        (3, 0, 0),
        (4, 0.15, 0.6),
        (5, 0.06, 0.2),
        (6, 0.1, 0.2),
        (7, 0.5, 0.8),
        (8, 0, 0),
        (9, 0.45, 0.75),
    ],
)
def test_a_share_of_each_digit_gets_strokes(
    digits: Dataset, fields: DistanceFields, digit: int, low: float, high: float
) -> None:
    share = float(has_strokes(varied(digits, fields, digit)).float().mean())
    assert low <= share <= high


def test_upstrokes_leave_the_top_of_a_one_to_the_left_and_down(bar: DistanceFields) -> None:
    shapes = plain(bar, torch.zeros(MANY, dtype=torch.int64))
    up = variants.ones(shapes, find_outline(shapes), rolled(MANY)).strokes[:, :4]
    up = up[up[:, 0, 0] < FAR]
    x0, y0, x1, y1 = up[:, 0, 0], up[:, 0, 1], up[:, -1, 2], up[:, -1, 3]
    assert len(up) > MANY / 3
    assert (x1 < x0 - 0.5).all()
    assert (y1 > y0).all()
    assert (y0 < -4).all()
    steep = torch.atan2(x0 - x1, y1 - y0)  # from the stem
    assert float(steep.max()) < 1.2  # flatter, it would be a seven
    assert float((y1 - y0).max()) > 10  # some reach far down


def test_bars_cross_the_stem_of_a_seven(bar: DistanceFields) -> None:
    shapes = plain(bar, torch.zeros(MANY, dtype=torch.int64))
    cross = variants.sevens(shapes, find_outline(shapes), rolled(MANY)).strokes[:, 0]
    cross = cross[cross[:, 0] < FAR]
    assert abs(len(cross) / MANY - 0.5) < 0.1
    assert (cross[:, 0] < 0).all()
    assert (cross[:, 2] > 0).all()
    assert (cross[:, [1, 3]].abs() < 7).all()


def test_fives_lose_their_join_to_the_bar(digits: Dataset, fields: DistanceFields) -> None:
    cut = varied(digits, fields, 5)
    floating = cut.cut[:, 2] < FAR
    assert 0.15 < float(floating.float().mean()) < 0.4
    lost = torch.isinf(cut.beyond[:, 2])
    assert 0 < int(lost.sum()) < int(floating.sum()) / 2
    assert torch.isfinite(cut.beyond[:, :2]).all()


def test_some_nines_are_made_of_zeros(digits: Dataset, fields: DistanceFields) -> None:
    made = varied(digits, fields, 9)
    small = made.place[:, 0] < 1
    assert 0.25 < float(small.float().mean()) < 0.45
    assert (digits.targets[made.rows[small].numpy()] == 0).all()
    assert (made.place[small][:, 2] < 0).all()  # the loop is at the top
    below = varied(digits, fields, 6)
    assert (below.place[below.place[:, 0] < 1][:, 2] > 0).all()


def test_the_same_seed_writes_the_same(digits: Dataset, fields: DistanceFields) -> None:
    first, second = varied(digits, fields, 1), varied(digits, fields, 1)
    assert torch.equal(first.strokes, second.strokes)
    assert not torch.equal(first.strokes, varied(digits, fields, 1, seed=1).strokes)
