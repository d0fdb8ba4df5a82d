"""Strokes: chains of straight pieces, drawn in batches.

A point is x (to the right) and y (downwards) in pixels of MNIST's frame, (0, 0) its middle. A piece
is ``x0, y0, x1, y1``. Pieces that a picture does not have lie `FAR` away.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

FAR = 1e3  # beyond any picture


def chain(*points: Tensor) -> Tensor:
    """Pieces ``(n, k - 1, 4)`` through k points ``(n, 2)``, one after the other."""
    through = torch.stack(points, 1)
    return torch.cat([through[:, :-1], through[:, 1:]], 2)


def curve(*control: Tensor, pieces: int = 6) -> Tensor:
    """Flatten a Bézier curve with these ``(n, 2)`` control points, as ``(n, pieces, 4)``."""
    share = torch.linspace(0, 1, pieces + 1)[None, :, None]
    level = [point[:, None, :] for point in control]
    while len(level) > 1:  # de Casteljau
        level = [a + share * (b - a) for a, b in pairwise(level)]
    return torch.cat([level[0][:, :-1], level[0][:, 1:]], 2)


def ellipse(centre: Tensor, radii: Tensor, pieces: int = 8) -> Tensor:
    """Draw a whole ellipse as ``(n, pieces, 4)``; centre and radii are ``(n, 2)``."""
    angle = torch.linspace(0, 2 * torch.pi, pieces + 1)
    round_ = torch.stack([angle.cos(), angle.sin()], 1)  # pieces + 1, 2
    return chain(*(centre[:, None] + radii[:, None] * round_).unbind(1))


def only(chosen: Tensor, strokes: Tensor) -> Tensor:
    """Keep the strokes where chosen, bool ``(n,)`` or ``(n, pieces)``; the rest goes far away."""
    return torch.where(chosen.view(len(chosen), -1, 1), strokes, FAR)


def distance(strokes: Tensor, points: Tensor) -> Tensor:
    """Distance of points ``(n, h, w, 2)`` from the nearest piece, ``(n, h, w)``."""
    x, y = points.unbind(-1)
    nearest = torch.full_like(x, FAR**2)
    for piece in strokes.unbind(1):
        drawn = piece[:, 0] < FAR
        if not drawn.any():  # most pictures have none of most pieces
            continue
        x0, y0, x1, y1 = piece[drawn][:, :, None, None].unbind(1)
        along_x, along_y = x1 - x0, y1 - y0
        from_x, from_y = x[drawn] - x0, y[drawn] - y0
        length = (along_x**2 + along_y**2).clamp(min=1e-6)
        share = ((from_x * along_x + from_y * along_y) / length).clamp(0, 1)
        off = (from_x - share * along_x) ** 2 + (from_y - share * along_y) ** 2
        nearest[drawn] = torch.minimum(nearest[drawn], off)
    return nearest.sqrt()
