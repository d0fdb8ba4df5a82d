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

from tenfold.training.synthesis.dice import Dice
from tenfold.training.synthesis.outline import Outline, find_outline
from tenfold.training.synthesis.shapes import Shapes
from tenfold.training.synthesis.strokes import FAR, chain, curve, ellipse, only


@dataclass(frozen=True, slots=True)
class Loop:
    """A closed loop of n digits: its middle and radii, both ``(n, 2)``."""

    middle: Tensor
    radii: Tensor

    def at(self, angle: Tensor) -> Tensor:
        """Find the point ``(n, 2)`` at an angle in radians, 0 on the right, then down."""
        return self.middle + self.radii * _vector(angle.cos(), angle.sin())


def vary(shapes: Shapes, labels: Tensor, zeros: Tensor, dice: Dice) -> Shapes:
    """Draw digits as other hands do.

    Parameters
    ----------
    shapes : Shapes
        Digits as they are in MNIST.
    labels : uint8 tensor, shape (n,)
        Which digits they are.
    zeros : int64 tensor
        Rows of zeros in ``shapes.fields``; some sixes and nines are made of them.
    dice : Dice
        For n pictures.
    """
    for digit, change in _CHANGES.items():
        rows = (labels == digit).nonzero()[:, 0]
        if len(rows):
            own = dice.of(len(rows))
            part = shapes.take(rows)
            shapes = shapes.put(rows, change(part, find_outline(part), own))
    for digit, share, make in ((6, 0.15, looped_sixes), (9, 0.35, looped_nines)):
        rows = ((labels == digit) & dice.chance(share)).nonzero()[:, 0]
        if len(rows):
            shapes = shapes.put(rows, make(shapes.take(rows), zeros, dice.of(len(rows))))
    return skips(shapes, dice)


def zeros(shapes: Shapes, at: Outline, dice: Dice) -> Shapes:
    """Add slashes and dots."""
    tilt = dice.uniform(0.3, 1.2) * dice.sometimes(0.1, -torch.ones(dice.n), 1.0)
    half = _vector(tilt.sin(), -tilt.cos()) * (dice.uniform(0.3, 0.62) * at.height)[:, None]
    middle = at.point(torch.full((dice.n,), 0.5), "middle")
    shapes = shapes.draw(dice.chance(0.15), chain(middle - half, middle + half))
    dot = middle + dice.spot(-1.2, 1.2)
    return shapes.draw(dice.chance(0.05), chain(dot, dot + dice.spot(-1, 1)))


def ones(shapes: Shapes, at: Outline, dice: Dice) -> Shapes:
    """Add upstrokes from short to the whole height, some bent or flicked; narrow loops; feet."""
    top = at.point(torch.full((dice.n,), 0.03), "middle")
    foot = at.point(dice.uniform(0.94, 1), "middle")
    stem = foot - top
    join = top + dice.uniform(-0.02, 0.22).clamp(min=0)[:, None] * stem
    length = dice.uniform(0.15, 1.1)
    # The longer the upstroke, the steeper: a long flat one would be the bar of a seven.
    angle = torch.deg2rad(18 + dice.uniform(0, 1) * (50 - 15 * length))
    end = join + length[:, None] * _turn(stem, angle)
    bow = (join + end) / 2 + dice.normal(0.1)[:, None] * _turn(
        end - join, torch.full((dice.n,), math.pi / 2)
    )
    up = dice.chance(0.6)
    shapes = shapes.draw(up, curve(join, bow, end, pieces=4))
    flick = end + _vector(-dice.uniform(1, 4), dice.uniform(-2, 1))
    shapes = shapes.draw(up & dice.chance(0.12), chain(end, flick))
    low = top + dice.uniform(0.35, 0.7)[:, None] * stem
    peak = top + _vector(dice.uniform(0, 3), -dice.uniform(0, 4))
    shapes = shapes.draw(~up & dice.chance(0.2), curve(end, low, peak, top))
    return shapes.draw(dice.chance(0.3), _foot(foot, at.height, dice))


def twos(shapes: Shapes, at: Outline, dice: Dice) -> Shapes:
    """Add loops at the lower left."""
    radii = dice.spot(1, 3) + torch.tensor([0.7, 0.0])
    centre = at.point(dice.uniform(0.82, 0.95), "left") + radii * torch.tensor([0.8, -0.5])
    return shapes.draw(dice.chance(0.12), ellipse(centre, radii))


def fours(shapes: Shapes, at: Outline, dice: Dice) -> Shapes:
    """Close some tops; draw others open: an angle or a bow, and a second, maybe short stroke."""
    left = at.point(dice.uniform(0.05, 0.15), "left")
    right = at.point(dice.uniform(0.03, 0.12), "right")
    # Closed by a long bar it would be an angular nine.
    narrow = (right - left)[:, 0] < 0.35 * at.height
    shapes = shapes.draw(narrow & dice.chance(0.4), chain(left, right))
    anew = dice.chance(0.2)
    shapes = replace(shapes, rows=torch.where(anew, -1, shapes.rows)).erase_strokes(anew)
    top = _vector(dice.uniform(-4, 5), torch.full((dice.n,), -10.0))
    corner = _vector(dice.uniform(-8, -5), dice.uniform(0, 5))
    end = _vector(dice.uniform(4, 8), corner[:, 1] + dice.normal(1.2))
    down = curve(top, (top + corner) / 2 - dice.spot(-0.5, 1.5), corner, pieces=3)
    across = curve(corner, (corner + end) / 2 + dice.spot(-1, 1), end, pieces=3)
    angular = torch.cat([down, across], 1)
    belly = corner + dice.spot(-2, 2) + torch.tensor([-2.0, 3.0])
    bowed = curve(top, (top + belly) / 2 - dice.spot(0, 3), belly, end, pieces=6)
    first = torch.where(dice.chance(0.3)[:, None, None], bowed, angular)
    crossing = corner + dice.uniform(0.6, 1.0)[:, None] * (end - corner)
    rise = torch.where(dice.chance(0.4), dice.uniform(0, 2), dice.uniform(2, 8))
    lean, fall = dice.normal(0.15), dice.uniform(4, 9)
    above = crossing + _vector(rise * lean, -rise)
    below = crossing + _vector(-fall * lean, fall)
    second = curve(above, crossing + dice.spot(-0.7, 0.7), below, pieces=3)
    return shapes.draw(anew, torch.cat([first, second], 1))


def fives(shapes: Shapes, at: Outline, dice: Dice) -> Shapes:
    """Let bars float above the belly, lengthen some, lose a few."""
    height = at.top + dice.uniform(0.1, 0.28) * at.height
    above = torch.stack([dice.normal(0.15), -torch.ones(dice.n), -height], 1)
    moved = torch.stack(
        [
            dice.uniform(-1, 4),
            -dice.uniform(0, 2.5),
            dice.sometimes(0.8, dice.uniform(0.3, 1.2), math.inf),
        ],
        1,
    )
    moved[:, :2] *= torch.isfinite(moved[:, 2:])
    shapes = shapes.split(dice.chance(0.25), above, moved)
    start = at.point(dice.uniform(0.03, 0.12), "left")
    end = at.point(dice.uniform(0, 0.06), "right") + _vector(dice.uniform(0, 4), dice.normal(0.8))
    return shapes.draw(dice.chance(0.12), chain(start, end))


def sevens(shapes: Shapes, at: Outline, dice: Dice) -> Shapes:
    """Add bars across the stem, ticks at the left end of the top; draw some with a deep hook."""
    stem = at.point(dice.uniform(0.38, 0.7), "middle")
    slope = dice.normal(0.2).clamp(-0.5, 0.5).tan()
    reach = [side * dice.uniform(0.1, 0.4) * at.height for side in (-1, 1)]
    bar = chain(*(stem + _vector(x, -x * slope) for x in reach))
    shapes = shapes.draw(dice.chance(0.5), bar)
    corner = at.point(dice.uniform(0.05, 0.2), "left")
    tick = corner + _vector(dice.normal(0.8), dice.uniform(0.08, 0.28) * at.height)
    shapes = shapes.draw(dice.chance(0.25), chain(corner, tick))
    foot = at.point(dice.uniform(0.94, 1), "middle")
    shapes = shapes.draw(dice.chance(0.04), _foot(foot, at.height, dice))
    anew = dice.chance(0.12)
    shapes = replace(shapes, rows=torch.where(anew, -1, shapes.rows)).erase_strokes(anew)
    return shapes.draw(anew, _hooked_seven(dice))


def _hooked_seven(dice: Dice) -> Tensor:
    """Draw a top that begins with a deep hook and may be round, a stem, mostly a low bar."""
    left, right = -dice.uniform(3, 7), dice.uniform(3, 7)
    height = -dice.uniform(8, 10)
    hook = curve(
        _vector(left + dice.normal(1), height + dice.uniform(0.5, 4)),
        _vector(left, height - dice.uniform(0, 2)),
        _vector((left + right) / 2, height + dice.normal(0.8)),
        pieces=3,
    )
    corner = _vector(right, height + dice.uniform(0, 2))
    top = curve(hook[:, -1, 2:], _vector(right - 1, height - dice.uniform(0, 1)), corner, pieces=3)
    foot = _vector(dice.uniform(-4, 7), torch.full((dice.n,), 10.0))
    stem = curve(corner, (corner + foot) / 2 + dice.spot(-1, 1.5), foot, pieces=4)
    crossing = corner + dice.uniform(0.5, 0.78)[:, None] * (foot - corner)
    rise = dice.normal(0.25)
    reach = _vector(torch.ones(dice.n), -rise)
    start = crossing - dice.uniform(3, 8)[:, None] * reach
    end = crossing + dice.uniform(-1, 5)[:, None] * reach
    bar = curve(start, (start + end) / 2 + dice.spot(-1, 1), end, pieces=3)
    return torch.cat([hook, top, stem, only(dice.chance(0.8), bar)], 1)


def nines(shapes: Shapes, at: Outline, dice: Dice) -> Shapes:
    """Add tails that hook to the left or end on a foot."""
    tip = at.point(dice.uniform(0.95, 1), "middle")
    reach = dice.uniform(0.2, 0.75) * at.height
    end = tip + _vector(-reach, dice.uniform(-0.25, 0.12) * at.height)
    bow = tip + _vector(-reach * dice.uniform(0.1, 0.6), dice.uniform(0, 0.2) * at.height)
    return shapes.draw(dice.chance(0.35), curve(tip, bow, end, pieces=5))


def small_loop(shapes: Shapes, zeros: Tensor, below: bool, dice: Dice) -> tuple[Shapes, Loop]:
    """Put a small zero in place of all of the shapes, at the top or at the bottom."""
    size = dice.uniform(0.4, 0.6)
    middle = _vector(dice.normal(0.5), (10 - 10 * size) * (1 if below else -1))
    rows = zeros[dice.whole(len(zeros))]
    place = torch.cat([size[:, None], middle], 1)
    shapes = replace(shapes, rows=rows, place=place)
    shapes = shapes.erase_strokes(torch.ones(dice.n, dtype=torch.bool))
    at = find_outline(shapes)
    radii = torch.stack([at.width, at.height], 1) / 2 * size[:, None] * 0.85  # to mid-stroke
    return shapes, Loop(middle, radii)


def looped_nines(shapes: Shapes, zeros: Tensor, dice: Dice) -> Shapes:
    """Make nines of a small zero and a tail: straight, swung onto a foot or into a hook."""
    shapes, loop = small_loop(shapes, zeros, False, dice)
    # The tail leaves the loop on its right, in a few at its lower left.
    angle = torch.where(dice.chance(0.8), dice.uniform(-0.5, 0.6), dice.uniform(0.6, 2.6))
    start = loop.at(angle)
    x, y = start.unbind(1)
    bottom = dice.uniform(8.5, 10)
    tip = _vector(x * 0.5 + dice.uniform(-5, 2), bottom)
    bow = _vector(x + dice.uniform(-2, 2), y * 0.4 + bottom * 0.6)
    out = start + _vector(dice.uniform(2, 9), dice.uniform(3, 8))
    heel = _vector(x + dice.uniform(-2, 5), bottom + dice.uniform(0, 1.5))
    toe = _vector(-dice.uniform(3, 9), bottom + dice.uniform(-4, 1))
    swung = dice.chance(0.6)[:, None, None]
    tail = torch.where(swung, curve(start, out, heel, toe), curve(start, bow, tip))
    return shapes.draw(torch.ones(dice.n, dtype=torch.bool), tail)


def looped_sixes(shapes: Shapes, zeros: Tensor, dice: Dice) -> Shapes:
    """Make sixes of a small zero and a stroke that comes down to its left, straight or bent."""
    shapes, loop = small_loop(shapes, zeros, True, dice)
    end = loop.at(dice.uniform(2.4, 3.6))
    start = _vector(end[:, 0] + dice.uniform(-1, 8), -dice.uniform(8.5, 10))
    bow = (start + end) / 2 - _vector(dice.uniform(0, 4), dice.uniform(-2, 3))
    return shapes.draw(torch.ones(dice.n, dtype=torch.bool), curve(start, bow, end))


def skips(shapes: Shapes, dice: Dice) -> Shapes:
    """Leave small gaps anywhere, where the pen skipped."""
    angle = dice.uniform(0, math.pi)
    cut = torch.stack([angle.cos(), angle.sin(), dice.normal(4)], 1)
    gap = torch.cat([dice.spot(-0.6, 0.6), dice.uniform(0.5, 2)[:, None]], 1)
    uncut = shapes.cut[:, 2] >= FAR
    return shapes.split(uncut & dice.chance(0.06), cut, gap)


_CHANGES: dict[int, Callable[[Shapes, Outline, Dice], Shapes]] = {
    0: zeros,
    1: ones,
    2: twos,
    4: fours,
    5: fives,
    7: sevens,
    9: nines,
}


def _foot(foot: Tensor, height: Tensor, dice: Dice) -> Tensor:
    slope = dice.normal(0.1)
    reach = [side * dice.uniform(0.05, 0.4) * height for side in (-1, 1)]
    return chain(*(foot + _vector(x, x * slope) for x in reach))


def _vector(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([x, y], 1)


def _turn(vectors: Tensor, angle: Tensor) -> Tensor:
    """Turn ``(n, 2)`` vectors; a positive angle turns down to the left."""
    x, y = vectors.unbind(1)
    cos, sin = angle.cos(), angle.sin()
    return _vector(x * cos - y * sin, x * sin + y * cos)
