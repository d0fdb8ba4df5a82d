from __future__ import annotations

import torch

from tenfold.synthesis.glyphs.distances import DistanceFields
from tenfold.synthesis.glyphs.outline import find_outline
from tenfold.synthesis.glyphs.shapes import plain


def test_a_bar_has_straight_edges(bar: DistanceFields) -> None:
    at = find_outline(plain(bar, torch.tensor([0])))
    assert (float(at.top[0]), float(at.bottom[0]), float(at.width[0])) == (-9.5, 9.5, 3)
    half = torch.tensor([0.5])
    assert at.point(half, "left").tolist() == [[-1.5, 0]]
    assert at.point(half, "right").tolist() == [[1.5, 0]]
    assert at.point(half, "middle").tolist() == [[0, 0]]


def test_the_ends_are_top_and_bottom(bar: DistanceFields) -> None:
    at = find_outline(plain(bar, torch.tensor([0])))
    assert float(at.point(torch.tensor([0.0]), "middle")[0, 1]) == -9.5
    assert float(at.point(torch.tensor([1.0]), "middle")[0, 1]) == 9.5
    assert float(at.height[0]) == 19
