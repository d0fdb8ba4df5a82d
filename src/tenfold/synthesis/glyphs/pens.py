"""Draw shapes with pens of many widths, in MNIST's frame.

The hand comes first (tilt, slant, proportions, a tremor), then the frame (the ink's longer side is
20 pixels, its centre of mass in the middle, as `tenfold.preprocess` does it), and last the pen,
whose width is counted in pixels of the finished picture.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tenfold.synthesis.glyphs.distances import FRAME
from tenfold.synthesis.glyphs.rng import BatchRng
from tenfold.synthesis.glyphs.shapes import Shapes

BOX = 20  # pixels that the longer side of the ink takes
AXIS = torch.arange(float(FRAME)) - (FRAME - 1) / 2  # pixel centres
PAPER = torch.stack(torch.meshgrid(AXIS, AXIS, indexing="xy"), -1)  # 28, 28, 2: x and y
_SIGHT = 1.5  # how much wider than the frame the first look is
_NIB = 0.5  # half the width of the thinnest line that erosion leaves


def render(shapes: Shapes, rng: BatchRng) -> Tensor:
    """Draw shapes, each with a hand and pen of its own, float ``(n, 28, 28)`` in [0, 1]."""
    matrix, tremor, pen = posture(rng), Tremor(rng), Pen(shapes, rng)
    ragged = rng.sometimes(0.25, rng.uniform(0.05, 0.3), 0.0) * pen.width.clamp(max=1.5)
    edge = ragged[:, None, None] * rng.smooth(12, FRAME)

    def ink(points: Tensor, scale: Tensor) -> Tensor:
        return pen.ink(torch.einsum("nij,nhwj->nhwi", matrix, tremor.bend(points)), scale)

    wide = (PAPER * _SIGHT).expand(rng.n, -1, -1, -1)
    scale, middle = frame(ink(wide, torch.full((rng.n,), 0.8)) > 0, AXIS * _SIGHT)
    scale = scale * rng.normal(0.04).exp()
    off = rng.noise(2) * 0.4 + 0.5  # MNIST's centres of mass lie half a pixel low and right
    points = (PAPER - off[:, None, None]) / scale[:, None, None, None] + middle[:, None, None]
    # Coverage of a pixel whose centre lies this far inside the ink.
    return (ink(points, scale) * scale[:, None, None] + edge + 0.5).clamp(0, 1)


class Pen:
    """A pen for each shape.

    Parameters
    ----------
    shapes : Shapes
        What is drawn.
    rng : BatchRng
        Decides the widths: about a quarter even ones, a third MNIST's own, the rest MNIST's own
        made thinner or broader. Shapes that are no whole digit of MNIST get even ones.
    """

    def __init__(self, shapes: Shapes, rng: BatchRng) -> None:
        self.shapes = shapes
        kind, wanted = rng.uniform(0, 1), rng.ratio(0.4, 2.6)
        made = (shapes.rows < 0) | (shapes.place[:, 0] != 1)
        self.even = (kind < 0.25) | made
        own = shapes.width * rng.normal(0.1).exp()
        self.width = torch.where((kind > 0.6) & ~self.even, own, wanted)

    def ink(self, points: Tensor, scale: Tensor) -> Tensor:
        """Return how far inside the ink points ``(n, h, w, 2)`` lie, in pixels of the shape.

        ``scale`` ``(n,)`` is how much larger the picture is than the shape.
        """
        outline, line, strokes = self.shapes.distances(points)
        width = (self.width / scale)[:, None, None]
        more = width - self.shapes.width[:, None, None]
        # Made thinner than it is drawn in places, a stroke would break; its centre line stays.
        eroded = torch.maximum(outline + more, line + width.clamp(max=_NIB))
        digit = torch.where(self.even[:, None, None], line + width, eroded)
        return torch.maximum(digit, strokes + width)


def frame(ink: Tensor, axis: Tensor) -> tuple[Tensor, Tensor]:
    """Find the size and place of ink, bool ``(n, h, w)``, on a square grid with these coordinates.

    Returns the scale ``(n,)`` that makes its longer side 20 pixels, and its centre of mass
    ``(n, 2)``.
    """
    step = float(axis[1] - axis[0])
    spans = []
    for has in (ink.any(1), ink.any(2)):
        last = torch.where(has, axis, -math.inf).amax(1)
        first = torch.where(has, axis, math.inf).amin(1)
        spans.append(last - first + step)
    longest = torch.stack(spans).amax(0)
    scale = torch.where(longest > 0, BOX / longest.clamp(min=3), 1.0)
    mass = ink.sum((1, 2)).clamp(min=1)
    x, y = (ink.sum(1) * axis).sum(1) / mass, (ink.sum(2) * axis).sum(1) / mass
    return scale, torch.stack([x, y], 1)


def posture(rng: BatchRng) -> Tensor:
    """Draw maps ``(n, 2, 2)`` from the picture to the shape: tilt, slant and proportions."""
    tilt = torch.where(rng.chance(0.85), rng.normal(0.09), rng.normal(0.22)).clamp(-0.5, 0.5)
    slant = rng.normal(0.2).clamp(-0.7, 0.7)
    tall = torch.where(rng.chance(0.8), rng.normal(0.12), rng.uniform(-0.6, 0.5)).exp().sqrt()
    cos, sin = tilt.cos(), tilt.sin()
    # rotation × shear × stretching, written out
    first = torch.stack([cos / tall, (cos * slant - sin) * tall], 1)
    second = torch.stack([sin / tall, (sin * slant + cos) * tall], 1)
    return torch.stack([first, second], 1)


class Tremor:
    """A smooth bend of the paper: each coordinate moves by slow waves along both."""

    def __init__(self, rng: BatchRng) -> None:
        size = rng.sometimes(0.7, rng.uniform(0, 0.7), 0.0)
        self.waves = [
            (rng.uniform(8, 30), rng.uniform(0, 2 * math.pi), size * rng.normal(1))
            for _ in range(4)
        ]

    def bend(self, points: Tensor) -> Tensor:
        """Move points ``(n, h, w, 2)``."""
        x, y = points.unbind(-1)
        a, b, c, d = self.waves
        x = x + _wave(y, *a)
        x = x + _wave(x, *b)
        y = y + _wave(y, *c)
        y = y + _wave(x, *d)
        return torch.stack([x, y], -1)


def _wave(along: Tensor, length: Tensor, phase: Tensor, height: Tensor) -> Tensor:
    angle = along * (2 * math.pi / length)[:, None, None] + phase[:, None, None]
    return height[:, None, None] * angle.sin()
