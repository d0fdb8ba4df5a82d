"""Ink without strokes: solids, spots, blobs, textures, shadows and empty paper."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tenfold.synthesis.glyphs.distances import FRAME
from tenfold.synthesis.glyphs.pens import PAPER
from tenfold.synthesis.glyphs.rng import BatchRng


def solids(rng: BatchRng) -> Tensor:
    """Boxes, ellipses, triangles, blobs, dots and frames, float ``(n, 28, 28)``."""
    u, v, radii = _turned(rng)
    wide, high = radii[:, :, None, None].unbind(1)
    inside = torch.minimum(wide - u.abs(), high - v.abs())
    round_ = (1 - ((u / wide) ** 2 + (v / high) ** 2).sqrt()) * torch.minimum(wide, high)
    corners = [math.pi / 2 + third * 2 * math.pi / 3 for third in range(3)]
    x, y = PAPER.unbind(-1)
    triangle = 5 - torch.stack([x * math.cos(a) + y * math.sin(a) for a in corners]).amax(0)
    radius = PAPER.norm(dim=-1)
    blob = (10 - radius) / 3 + 2 * rng.smooth(5, FRAME) - 0.5
    dot = _wide(rng.uniform(0.6, 10)) - radius
    rim = _wide(rng.uniform(0.5, 3)) - inside.abs()
    return (
        _pick([inside, round_, triangle.expand_as(dot), blob, dot, rim], rng).add(0.5).clamp(0, 1)
    )


def _turned(rng: BatchRng) -> tuple[Tensor, Tensor, Tensor]:
    """Turn a sheet: coordinates on it, ``(n, 28, 28)``, and half the size of a solid, ``(n, 2)``.

    Slender solids lie: upright ones would be ones.
    """
    angle = rng.uniform(0, math.pi)
    wide, high = rng.uniform(2, 10), rng.uniform(2, 10)
    wide = torch.maximum(wide, high / 2.2)
    slender = high < wide / 2.2
    angle = torch.where(slender, angle / 4 - 0.4, angle)[:, None, None]
    x, y = PAPER.unbind(-1)
    u, v = x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()
    return u, v, torch.stack([wide, high], 1)


def textures(rng: BatchRng) -> Tensor:
    """Stripes, grain, clouds, shadows and empty paper, some in a box, float ``(n, 28, 28)``."""
    angle = rng.uniform(0, math.pi)
    normal = torch.stack([angle.cos(), angle.sin()], 1)
    along = torch.einsum("hwi,ni->nhw", PAPER, normal)
    waves = (along * _wide(rng.uniform(0.4, 2.2)) + _wide(rng.uniform(0, 6))).sin()
    stripes = waves * _wide(rng.uniform(1, 5)) + 0.5
    even = torch.rand(rng.n, FRAME, FRAME, generator=rng.generator)
    grain = even ** _wide(rng.uniform(0.3, 8))
    clouds = rng.smooth(9, FRAME) * _wide(rng.uniform(0.3, 3))
    patches = rng.smooth(5, FRAME) * _wide(rng.uniform(0.3, 2)) + _wide(rng.uniform(-0.5, 0.5))
    shadow = along / _wide(rng.uniform(8, 28)) + _wide(rng.uniform(0, 1))
    faint = grain * _wide(rng.uniform(0, 0.15))
    kinds = [stripes, grain, clouds, patches, shadow, faint, torch.zeros_like(grain)]
    chosen = _pick(kinds, rng).clamp(0, 1)
    size = rng.spot(5, 14)[:, None, None]
    boxed = torch.where((PAPER.abs() < size).all(-1), chosen, 0.0)
    return torch.where(_wide(rng.chance(0.4)), boxed, chosen)


def _pick(kinds: list[Tensor], rng: BatchRng) -> Tensor:
    """One of the kinds ``(n, h, w)`` for each picture."""
    which = rng.whole(len(kinds))
    return torch.stack(kinds)[which, torch.arange(rng.n)]


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None]
