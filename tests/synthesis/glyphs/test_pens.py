from __future__ import annotations

import torch

from tenfold.synthesis.glyphs.distances import DistanceFields
from tenfold.synthesis.glyphs.pens import AXIS, PAPER, Pen, Tremor, frame, posture, render
from tenfold.synthesis.glyphs.rng import BatchRng
from tenfold.synthesis.glyphs.shapes import drawn, plain


def rolled(n: int, seed: int = 0) -> BatchRng:
    return BatchRng(n, torch.Generator().manual_seed(seed))


def test_pictures_fill_the_frame_as_mnist_does(fields: DistanceFields) -> None:
    pictures = render(plain(fields, torch.arange(200)), rolled(200))
    assert pictures.shape == (200, 28, 28)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    inked = pictures > 0.5
    high, wide = inked.any(2).sum(1), inked.any(1).sum(1)
    longest = torch.maximum(high, wide).float()
    assert 18.5 < float(longest.mean()) < 21
    mass = pictures.sum((1, 2))
    x, y = (pictures.sum(1) * AXIS).sum(1) / mass, (pictures.sum(2) * AXIS).sum(1) / mass
    for middle in (x, y):
        assert abs(float(middle.mean()) - 0.5) < 0.4
        assert float((middle - 0.5).abs().max()) < 3


def test_framing_finds_scale_and_centre_of_mass() -> None:
    ink = torch.zeros(1, 28, 28, dtype=torch.bool)
    ink[0, 2:12, 10:15] = True
    scale, middle = frame(ink, AXIS)
    assert float(scale) == 2
    assert middle.tolist() == [[-1.5, -7]]


def test_an_empty_sheet_keeps_its_size() -> None:
    scale, middle = frame(torch.zeros(1, 28, 28, dtype=torch.bool), AXIS)
    assert (float(scale), middle.tolist()) == (1, [[0, 0]])


def test_a_pen_is_as_wide_as_it_says(bar: DistanceFields) -> None:
    pen = Pen(drawn(bar, torch.tensor([[[0.0, -9, 0, 9]]])), rolled(1))
    pen.width[:] = 4.0
    row = pen.ink(PAPER[None], torch.ones(1))[0, 14]  # x from -13.5 to 13.5
    assert int((row > 0).sum()) == 8
    twice = pen.ink(PAPER[None], torch.full((1,), 2.0))[0, 14]  # counted in the finished picture
    assert int((twice > 0).sum()) == 4


def test_erosion_never_breaks_a_stroke(bar: DistanceFields) -> None:
    pen = Pen(plain(bar, torch.tensor([0])), rolled(1))
    pen.even[:] = False
    pen.width[:] = 0.4
    down = pen.ink(PAPER[None], torch.ones(1))[0]
    assert ((down + 0.5).clamp(0, 1)[6:22].amax(1) > 0.25).all()


def test_posture_tilts_little_and_keeps_the_area() -> None:
    maps = posture(rolled(500))
    assert torch.allclose(torch.det(maps), torch.ones(500), atol=1e-4)
    upright = maps @ torch.tensor([0.0, 1])
    assert float((upright[:, 1] > 0).float().mean()) == 1  # nothing is turned over


def test_a_tremor_moves_points_smoothly() -> None:
    points = PAPER.expand(50, -1, -1, -1)
    moved = Tremor(rolled(50)).bend(points) - points
    assert 0.05 < float(moved.abs().mean()) < 1.5
    assert float((moved[:, :, 1:] - moved[:, :, :-1]).abs().mean()) < 0.2


def test_the_same_seed_draws_the_same(fields: DistanceFields) -> None:
    shapes = plain(fields, torch.arange(20))
    assert torch.equal(render(shapes, rolled(20)), render(shapes, rolled(20)))
    assert not torch.equal(render(shapes, rolled(20)), render(shapes, rolled(20, seed=1)))
