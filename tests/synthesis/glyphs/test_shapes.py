from __future__ import annotations

import math

import torch
from torch import Tensor

from tenfold.synthesis.glyphs.distances import DistanceFields
from tenfold.synthesis.glyphs.pens import PAPER
from tenfold.synthesis.glyphs.shapes import Shapes, drawn, plain

ALL = torch.tensor([True])


def ink(shapes: Shapes) -> Tensor:
    """Where there is ink, bool (28, 28), drawn with a stroke of half-width 1."""
    outline, _, strokes = shapes.distances(PAPER.expand(len(shapes), -1, -1, -1))
    return (torch.maximum(outline, strokes + 1) > 0)[0]


def test_a_plain_shape_is_the_digit_itself(bar: DistanceFields) -> None:
    found = ink(plain(bar, torch.tensor([0])))
    assert found[4:24, 12:16].all()
    assert int(found.sum()) <= 20 * 4 + 4


def test_an_endless_gap_leaves_one_side(bar: DistanceFields) -> None:
    below = torch.tensor([[0.0, 1, 0]])  # y > 0 is beyond
    found = ink(plain(bar, torch.tensor([0])).split(ALL, below, torch.tensor([[0.0, 0, math.inf]])))
    assert found[5:13].any()
    assert not found[15:].any()


def test_a_gap_moves_what_lies_behind_it(bar: DistanceFields) -> None:
    below = torch.tensor([[0.0, 1, 0]])
    found = ink(plain(bar, torch.tensor([0])).split(ALL, below, torch.tensor([[5.0, 0, 3.0]])))
    assert not found[14:16].any()
    assert found[19, 17:21].all()
    assert not found[19, 12:16].any()


def test_strokes_add_ink_where_chosen_only(bar: DistanceFields) -> None:
    stroke = torch.tensor([[[-10.0, 0, 10, 0]]])
    both = plain(bar, torch.tensor([0, 0])).draw(
        torch.tensor([True, False]), stroke.repeat(2, 1, 1)
    )
    assert ink(both.take(torch.tensor([0])))[13, 5:23].all()
    assert not ink(both.take(torch.tensor([1])))[13, 5:10].any()
    assert not ink(both.erase_strokes(torch.tensor([True, True])).take(torch.tensor([0])))[
        13, 5:10
    ].any()


def test_a_placed_digit_is_smaller_and_elsewhere(bar: DistanceFields) -> None:
    shapes = plain(bar, torch.tensor([0]))
    shapes.place[:] = torch.tensor([0.5, 6, -5])
    rows, columns = ink(shapes).nonzero().unbind(1)
    assert abs(float(rows.float().mean()) - 13.5 + 5) < 0.6
    assert abs(float(columns.float().mean()) - 13.5 - 6) < 0.6
    assert abs(int(rows.max() - rows.min()) + 1 - 10) <= 1


def test_drawn_shapes_show_no_digit(bar: DistanceFields) -> None:
    assert int(ink(drawn(bar, torch.tensor([[[-10.0, -10, -8, -10]]]))).sum()) < 12


def test_what_is_taken_out_can_be_put_back(fields: DistanceFields) -> None:
    shapes = plain(fields, torch.arange(4))
    part = shapes.take(torch.tensor([1, 3])).draw(torch.tensor([True, True]), torch.zeros(2, 2, 4))
    whole = shapes.put(torch.tensor([1, 3]), part)
    assert whole.strokes.shape == (4, 2, 4)
    assert (whole.strokes[[1, 3]] == 0).all()
    assert (whole.strokes[[0, 2]] > 100).all()
    again = whole.put(torch.tensor([1]), shapes.take(torch.tensor([1])))
    assert (again.strokes[1] > 100).all()
    assert torch.equal(again.rows, torch.arange(4))
