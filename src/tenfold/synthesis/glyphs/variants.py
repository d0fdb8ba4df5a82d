"""What other hands write, made from MNIST's digits.

MNIST was written by Americans. Elsewhere a one begins with a long upstroke and may stand on a foot,
a seven is crossed, a nine ends in a hook or on a foot, a four is open with a short second stroke or
closed like a sail, a zero is slashed or dotted, and the bar of a five floats. Each function takes
the shapes of one digit and draws a share of them so. The shares and sizes were chosen by eye.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tenfold.synthesis.glyphs.outline import Outline, find_outline
from tenfold.synthesis.glyphs.polylines import FAR, chain, curve, ellipse, only
from tenfold.synthesis.glyphs.rng import BatchRng
from tenfold.synthesis.glyphs.shapes import Shapes


@dataclass(frozen=True, slots=True)
class Loop:
    """A closed loop of n digits: its middle and radii, both ``(n, 2)``."""

    middle: Tensor
    radii: Tensor

    def at(self, angle: Tensor) -> Tensor:
        """Find the point ``(n, 2)`` at an angle in radians, 0 on the right, then down."""
        return self.middle + self.radii * _vector(angle.cos(), angle.sin())


def vary(shapes: Shapes, labels: Tensor, zeros: Tensor, rng: BatchRng) -> Shapes:
    """Draw digits as other hands do.

    Parameters
    ----------
    shapes : Shapes
        Digits as they are in MNIST.
    labels : uint8 tensor, shape (n,)
        Which digits they are.
    zeros : int64 tensor
        Rows of zeros in ``shapes.fields``; some sixes and nines are made of them.
    rng : BatchRng
        For n pictures.
    """
    for digit, change in _CHANGES.items():
        rows = (labels == digit).nonzero()[:, 0]
        if len(rows):
            own = rng.of(len(rows))
            part = shapes.take(rows)
            shapes = shapes.put(rows, change(part, find_outline(part), own))
    for digit, share, make in ((6, 0.15, looped_sixes), (9, 0.35, looped_nines)):
        rows = ((labels == digit) & rng.chance(share)).nonzero()[:, 0]
        if len(rows):
            shapes = shapes.put(rows, make(shapes.take(rows), zeros, rng.of(len(rows))))
    return skips(shapes, rng)


def zeros(shapes: Shapes, at: Outline, rng: BatchRng) -> Shapes:
    """Add slashes and dots."""
    tilt = rng.uniform(0.3, 1.2) * rng.sometimes(0.1, -torch.ones(rng.n), 1.0)
    half = _vector(tilt.sin(), -tilt.cos()) * (rng.uniform(0.3, 0.62) * at.height)[:, None]
    middle = at.point(torch.full((rng.n,), 0.5), "middle")
    shapes = shapes.draw(rng.chance(0.15), chain(middle - half, middle + half))
    dot = middle + rng.spot(-1.2, 1.2)
    return shapes.draw(rng.chance(0.05), chain(dot, dot + rng.spot(-1, 1)))


def ones(shapes: Shapes, at: Outline, rng: BatchRng) -> Shapes:
    """Add upstrokes from short to the whole height, some bent or flicked; narrow loops; feet."""
    top = at.point(torch.full((rng.n,), 0.03), "middle")
    foot = at.point(rng.uniform(0.94, 1), "middle")
    stem = foot - top
    join = top + rng.uniform(-0.02, 0.22).clamp(min=0)[:, None] * stem
    length = rng.uniform(0.15, 1.1)
    # The longer the upstroke, the steeper: a long flat one would be the bar of a seven.
    angle = torch.deg2rad(18 + rng.uniform(0, 1) * (50 - 15 * length))
    end = join + length[:, None] * _turn(stem, angle)
    bow = (join + end) / 2 + rng.normal(0.1)[:, None] * _turn(
        end - join, torch.full((rng.n,), math.pi / 2)
    )
    up = rng.chance(0.6)
    shapes = shapes.draw(up, curve(join, bow, end, pieces=4))
    flick = end + _vector(-rng.uniform(1, 4), rng.uniform(-2, 1))
    shapes = shapes.draw(up & rng.chance(0.12), chain(end, flick))
    low = top + rng.uniform(0.35, 0.7)[:, None] * stem
    peak = top + _vector(rng.uniform(0, 3), -rng.uniform(0, 4))
    shapes = shapes.draw(~up & rng.chance(0.2), curve(end, low, peak, top))
    return shapes.draw(rng.chance(0.3), _foot(foot, at.height, rng))


def twos(shapes: Shapes, at: Outline, rng: BatchRng) -> Shapes:
    """Add loops at the lower left."""
    radii = rng.spot(1, 3) + torch.tensor([0.7, 0.0])
    centre = at.point(rng.uniform(0.82, 0.95), "left") + radii * torch.tensor([0.8, -0.5])
    return shapes.draw(rng.chance(0.12), ellipse(centre, radii))


def fours(shapes: Shapes, at: Outline, rng: BatchRng) -> Shapes:
    """Close some tops; draw others open: an angle or a bow, and a second, maybe short stroke."""
    left = at.point(rng.uniform(0.05, 0.15), "left")
    right = at.point(rng.uniform(0.03, 0.12), "right")
    # Closed by a long bar it would be an angular nine.
    narrow = (right - left)[:, 0] < 0.35 * at.height
    shapes = shapes.draw(narrow & rng.chance(0.4), chain(left, right))
    anew = rng.chance(0.2)
    shapes = replace(shapes, rows=torch.where(anew, -1, shapes.rows)).erase_strokes(anew)
    top = _vector(rng.uniform(-4, 5), torch.full((rng.n,), -10.0))
    corner = _vector(rng.uniform(-8, -5), rng.uniform(0, 5))
    end = _vector(rng.uniform(4, 8), corner[:, 1] + rng.normal(1.2))
    down = curve(top, (top + corner) / 2 - rng.spot(-0.5, 1.5), corner, pieces=3)
    across = curve(corner, (corner + end) / 2 + rng.spot(-1, 1), end, pieces=3)
    angular = torch.cat([down, across], 1)
    belly = corner + rng.spot(-2, 2) + torch.tensor([-2.0, 3.0])
    bowed = curve(top, (top + belly) / 2 - rng.spot(0, 3), belly, end, pieces=6)
    first = torch.where(rng.chance(0.3)[:, None, None], bowed, angular)
    crossing = corner + rng.uniform(0.6, 1.0)[:, None] * (end - corner)
    rise = torch.where(rng.chance(0.4), rng.uniform(0, 2), rng.uniform(2, 8))
    lean, fall = rng.normal(0.15), rng.uniform(4, 9)
    above = crossing + _vector(rise * lean, -rise)
    below = crossing + _vector(-fall * lean, fall)
    second = curve(above, crossing + rng.spot(-0.7, 0.7), below, pieces=3)
    return shapes.draw(anew, torch.cat([first, second], 1))


def fives(shapes: Shapes, at: Outline, rng: BatchRng) -> Shapes:
    """Let bars float above the belly, lengthen some, lose a few."""
    height = at.top + rng.uniform(0.1, 0.28) * at.height
    above = torch.stack([rng.normal(0.15), -torch.ones(rng.n), -height], 1)
    moved = torch.stack(
        [
            rng.uniform(-1, 4),
            -rng.uniform(0, 2.5),
            rng.sometimes(0.8, rng.uniform(0.3, 1.2), math.inf),
        ],
        1,
    )
    moved[:, :2] *= torch.isfinite(moved[:, 2:])
    shapes = shapes.split(rng.chance(0.25), above, moved)
    start = at.point(rng.uniform(0.03, 0.12), "left")
    end = at.point(rng.uniform(0, 0.06), "right") + _vector(rng.uniform(0, 4), rng.normal(0.8))
    return shapes.draw(rng.chance(0.12), chain(start, end))


def sevens(shapes: Shapes, at: Outline, rng: BatchRng) -> Shapes:
    """Add bars across the stem, ticks at the left end of the top; draw some with a deep hook."""
    stem = at.point(rng.uniform(0.38, 0.7), "middle")
    slope = rng.normal(0.2).clamp(-0.5, 0.5).tan()
    reach = [side * rng.uniform(0.1, 0.4) * at.height for side in (-1, 1)]
    bar = chain(*(stem + _vector(x, -x * slope) for x in reach))
    shapes = shapes.draw(rng.chance(0.5), bar)
    corner = at.point(rng.uniform(0.05, 0.2), "left")
    tick = corner + _vector(rng.normal(0.8), rng.uniform(0.08, 0.28) * at.height)
    shapes = shapes.draw(rng.chance(0.25), chain(corner, tick))
    foot = at.point(rng.uniform(0.94, 1), "middle")
    shapes = shapes.draw(rng.chance(0.04), _foot(foot, at.height, rng))
    anew = rng.chance(0.12)
    shapes = replace(shapes, rows=torch.where(anew, -1, shapes.rows)).erase_strokes(anew)
    return shapes.draw(anew, _hooked_seven(rng))


def _hooked_seven(rng: BatchRng) -> Tensor:
    """Draw a top that begins with a deep hook and may be round, a stem, mostly a low bar."""
    left, right = -rng.uniform(3, 7), rng.uniform(3, 7)
    height = -rng.uniform(8, 10)
    hook = curve(
        _vector(left + rng.normal(1), height + rng.uniform(0.5, 4)),
        _vector(left, height - rng.uniform(0, 2)),
        _vector((left + right) / 2, height + rng.normal(0.8)),
        pieces=3,
    )
    corner = _vector(right, height + rng.uniform(0, 2))
    top = curve(hook[:, -1, 2:], _vector(right - 1, height - rng.uniform(0, 1)), corner, pieces=3)
    foot = _vector(rng.uniform(-4, 7), torch.full((rng.n,), 10.0))
    stem = curve(corner, (corner + foot) / 2 + rng.spot(-1, 1.5), foot, pieces=4)
    crossing = corner + rng.uniform(0.5, 0.78)[:, None] * (foot - corner)
    rise = rng.normal(0.25)
    reach = _vector(torch.ones(rng.n), -rise)
    start = crossing - rng.uniform(3, 8)[:, None] * reach
    end = crossing + rng.uniform(-1, 5)[:, None] * reach
    bar = curve(start, (start + end) / 2 + rng.spot(-1, 1), end, pieces=3)
    return torch.cat([hook, top, stem, only(rng.chance(0.8), bar)], 1)


def nines(shapes: Shapes, at: Outline, rng: BatchRng) -> Shapes:
    """Add tails that hook to the left or end on a foot."""
    tip = at.point(rng.uniform(0.95, 1), "middle")
    reach = rng.uniform(0.2, 0.75) * at.height
    end = tip + _vector(-reach, rng.uniform(-0.25, 0.12) * at.height)
    bow = tip + _vector(-reach * rng.uniform(0.1, 0.6), rng.uniform(0, 0.2) * at.height)
    return shapes.draw(rng.chance(0.35), curve(tip, bow, end, pieces=5))


def small_loop(shapes: Shapes, zeros: Tensor, below: bool, rng: BatchRng) -> tuple[Shapes, Loop]:
    """Put a small zero in place of all of the shapes, at the top or at the bottom."""
    size = rng.uniform(0.4, 0.6)
    middle = _vector(rng.normal(0.5), (10 - 10 * size) * (1 if below else -1))
    rows = zeros[rng.whole(len(zeros))]
    place = torch.cat([size[:, None], middle], 1)
    shapes = replace(shapes, rows=rows, place=place)
    shapes = shapes.erase_strokes(torch.ones(rng.n, dtype=torch.bool))
    at = find_outline(shapes)
    radii = torch.stack([at.width, at.height], 1) / 2 * size[:, None] * 0.85  # to mid-stroke
    return shapes, Loop(middle, radii)


def looped_nines(shapes: Shapes, zeros: Tensor, rng: BatchRng) -> Shapes:
    """Make nines of a small zero and a tail: straight, swung onto a foot or into a hook."""
    shapes, loop = small_loop(shapes, zeros, False, rng)
    # The tail leaves the loop on its right, in a few at its lower left.
    angle = torch.where(rng.chance(0.8), rng.uniform(-0.5, 0.6), rng.uniform(0.6, 2.6))
    start = loop.at(angle)
    x, y = start.unbind(1)
    bottom = rng.uniform(8.5, 10)
    tip = _vector(x * 0.5 + rng.uniform(-5, 2), bottom)
    bow = _vector(x + rng.uniform(-2, 2), y * 0.4 + bottom * 0.6)
    out = start + _vector(rng.uniform(2, 9), rng.uniform(3, 8))
    heel = _vector(x + rng.uniform(-2, 5), bottom + rng.uniform(0, 1.5))
    toe = _vector(-rng.uniform(3, 9), bottom + rng.uniform(-4, 1))
    swung = rng.chance(0.6)[:, None, None]
    tail = torch.where(swung, curve(start, out, heel, toe), curve(start, bow, tip))
    return shapes.draw(torch.ones(rng.n, dtype=torch.bool), tail)


def looped_sixes(shapes: Shapes, zeros: Tensor, rng: BatchRng) -> Shapes:
    """Make sixes of a small zero and a stroke that comes down to its left, straight or bent."""
    shapes, loop = small_loop(shapes, zeros, True, rng)
    end = loop.at(rng.uniform(2.4, 3.6))
    start = _vector(end[:, 0] + rng.uniform(-1, 8), -rng.uniform(8.5, 10))
    bow = (start + end) / 2 - _vector(rng.uniform(0, 4), rng.uniform(-2, 3))
    return shapes.draw(torch.ones(rng.n, dtype=torch.bool), curve(start, bow, end))


def skips(shapes: Shapes, rng: BatchRng) -> Shapes:
    """Leave small gaps anywhere, where the pen skipped."""
    angle = rng.uniform(0, math.pi)
    cut = torch.stack([angle.cos(), angle.sin(), rng.normal(4)], 1)
    gap = torch.cat([rng.spot(-0.6, 0.6), rng.uniform(0.5, 2)[:, None]], 1)
    uncut = shapes.cut[:, 2] >= FAR
    return shapes.split(uncut & rng.chance(0.06), cut, gap)


_CHANGES: dict[int, Callable[[Shapes, Outline, BatchRng], Shapes]] = {
    0: zeros,
    1: ones,
    2: twos,
    4: fours,
    5: fives,
    7: sevens,
    9: nines,
}


def _foot(foot: Tensor, height: Tensor, rng: BatchRng) -> Tensor:
    slope = rng.normal(0.1)
    reach = [side * rng.uniform(0.05, 0.4) * height for side in (-1, 1)]
    return chain(*(foot + _vector(x, x * slope) for x in reach))


def _vector(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([x, y], 1)


def _turn(vectors: Tensor, angle: Tensor) -> Tensor:
    """Turn ``(n, 2)`` vectors; a positive angle turns down to the left."""
    x, y = vectors.unbind(1)
    cos, sin = angle.cos(), angle.sin()
    return _vector(x * cos - y * sin, x * sin + y * cos)
