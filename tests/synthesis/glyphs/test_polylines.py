from __future__ import annotations

import numpy as np
import torch

from tenfold.synthesis.glyphs.polylines import FAR, chain, curve, distance, ellipse, only


def test_distance_is_that_to_the_nearest_point_of_any_piece() -> None:
    generator = torch.Generator().manual_seed(0)
    strokes = torch.rand(4, 3, 4, generator=generator) * 20 - 10
    points = torch.rand(4, 5, 6, 2, generator=generator) * 28 - 14
    share = torch.linspace(0, 1, 4001)[:, None]
    for row in range(4):
        dense = torch.cat([p[:2] + share * (p[2:] - p[:2]) for p in strokes[row]])
        expected = torch.cdist(points[row].reshape(-1, 2), dense).amin(1).view(5, 6)
        found = distance(strokes, points)[row]
        np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=0.01)


def test_without_strokes_everything_is_far() -> None:
    points = torch.zeros(2, 3, 3, 2)
    assert distance(torch.empty(2, 0, 4), points).min() >= FAR
    assert distance(only(torch.tensor([True, False]), torch.ones(2, 1, 4)), points)[1].min() >= FAR


def test_a_curve_runs_from_its_first_to_its_last_point() -> None:
    a, b, c = torch.tensor([[0.0, 0]]), torch.tensor([[5.0, 10]]), torch.tensor([[10.0, 0]])
    pieces = curve(a, b, c, pieces=4)
    assert pieces.shape == (1, 4, 4)
    assert pieces[0, 0, :2].tolist() == [0, 0]
    assert pieces[0, -1, 2:].tolist() == [10, 0]
    assert pieces[0, 1, 2:].tolist() == [5, 5]  # a parabola's middle
    assert torch.equal(pieces[:, 1:, :2], pieces[:, :-1, 2:])


def test_an_ellipse_is_closed_and_has_its_radii() -> None:
    pieces = ellipse(torch.tensor([[1.0, 2]]), torch.tensor([[3.0, 5]]), pieces=8)
    assert torch.allclose(pieces[0, 0, :2], pieces[0, -1, 2:], atol=1e-5)
    ends = pieces[0, :, :2] - torch.tensor([1.0, 2])
    assert torch.allclose(ends.abs().amax(0), torch.tensor([3.0, 5]))


def test_a_chain_joins_its_points() -> None:
    points = [torch.tensor([[float(i), 0.0]]) for i in range(3)]
    assert chain(*points).tolist() == [[[0, 0, 1, 0], [1, 0, 2, 0]]]
