from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.synthesis.glyphs.distances import DistanceFields, look_up, measure, thin


def at(*points: tuple[float, float]) -> torch.Tensor:
    return torch.tensor(points).view(1, 1, -1, 2)


def test_distances_from_a_bar_are_those_of_geometry(bar: DistanceFields) -> None:
    points = at((0, 0), (-1.5, 0), (-2, 0), (-5, 0), (0, 10), (0, 13))
    found = look_up(bar.ink, points)[0, 0]
    expected = torch.tensor([2.0, 0.5, 0.0, -3.0, 0.0, -3.0])
    assert (found - expected).abs().max() < 0.35
    assert abs(float(bar.width[0]) - 2) < 0.3


def test_the_centre_line_runs_through_the_middle(bar: DistanceFields) -> None:
    on, beside = look_up(bar.line, at((0, 0), (0, 5))), look_up(bar.line, at((4, 0), (-4, 3)))
    assert float(on.min()) > -0.6
    assert torch.allclose(beside, torch.tensor(-4.0), atol=0.6)


def test_distance_grows_beyond_the_frame(bar: DistanceFields) -> None:
    near, far = look_up(bar.ink, at((0, 13), (0, 20)))[0, 0]
    assert far < near - 5


def test_pictures_do_not_reach_into_each_other(digits: Dataset) -> None:
    together, alone = measure(digits.images[:3]), measure(digits.images[1:2])
    inside = slice(8, 48)  # next to the digit; further out only the order of magnitude counts
    difference = together.ink[1].int() - alone.ink[0].int()
    assert int(difference[inside, inside].abs().max()) <= 1


def pieces(inked: NDArray[np.uint8], connectivity: int) -> int:
    return int(cv2.connectedComponents(inked, connectivity=connectivity)[0]) - 1


def test_thinning_keeps_pieces_and_holes_and_leaves_lines() -> None:
    inked = np.zeros((40, 60), np.uint8)
    inked[5:15, 5:50] = 1
    inked[20:38, 5:25] = 1
    inked[25:33, 11:19] = 0
    line = thin(inked)
    assert pieces(line, 8) == 2
    assert pieces(1 - line, 4) == 2  # the hole is still closed
    squares = line[1:, 1:] & line[:-1, 1:] & line[1:, :-1] & line[:-1, :-1]
    assert int(squares.sum()) == 0
    assert line.sum() < inked.sum() / 5
    assert not (line & ~inked & 1).any()
