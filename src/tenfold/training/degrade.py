"""Make pictures worse, as light, lenses and other ink do: what a network should read all the same.

Every function takes and returns float pictures in [0, 1], shape ``(n, 1, size, size)``, and draws
its random numbers from the generator it is given. Lengths are those of 28×28 pictures and grow and
shrink with the picture.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

GREY, CLOUDS = 0.75, 4  # how far paper is lifted at most; knots of uneven light along a side
GRAIN, SPECKS = 0.3, 0.25  # standard deviation, and share of pixels, at most
WIDEST_BLUR, SHAKE = 1.2, 4.5  # pixels: standard deviation, and half of a movement, at most
PEN = (0.5, 2.5)  # pixels: half the width of a line across


def degrade(images: Tensor, share: float, generator: Generator) -> Tensor:
    """Return the pictures with this share of them degraded, each in one of four ways.

    The first of a batch are, so the batch has to be in random order.

    Examples
    --------
    >>> digits = torch.zeros(100, 1, 28, 28)
    >>> worse = degrade(digits, 0.2, torch.Generator().manual_seed(0))
    >>> int((worse != digits).flatten(1).any(1).sum()) <= 20
    True
    """
    ways = (lift_paper, add_grain, blur, draw_lines)
    sizes = [round(len(images) * share / len(ways))] * len(ways)
    parts = torch.split(images, [*sizes, len(images) - sum(sizes)])
    worse = [way(part, generator) for way, part in zip(ways, parts, strict=False) if len(part)]
    return torch.cat([*worse, parts[-1]])


def lift_paper(images: Tensor, generator: Generator) -> Tensor:
    """Lay the ink on grey paper under uneven light, sometimes with less contrast."""
    n, _, size, _ = images.shape
    knots = torch.rand(n, 1, CLOUDS, CLOUDS, generator=generator, device=generator.device)
    light = functional.interpolate(knots, size=(size, size), mode="bilinear", align_corners=True)
    paper = GREY * _each(n, generator)
    uneven = _each(n, generator)
    paper = paper * (1 - uneven * light)
    ink = 1 - 0.5 * _each(n, generator) ** 2
    return paper + (ink - paper).clamp(min=0.15) * images


def add_grain(images: Tensor, generator: Generator) -> Tensor:
    """Add a sensor's noise, to half of them specks of paper and of ink."""
    n = len(images)
    noise = torch.randn(images.shape, generator=generator, device=generator.device)
    grainy = images + GRAIN * _each(n, generator) * noise
    luck = torch.rand(images.shape, generator=generator, device=generator.device)
    share = SPECKS / 2 * _each(n, generator)
    specked = torch.where(luck < share, 0.0, torch.where(luck > 1 - share, 1.0, images))
    half = _each(n, generator) < 0.5
    return torch.where(half, grainy, specked).clamp(0, 1)


def blur(images: Tensor, generator: Generator) -> Tensor:
    """Put them out of focus or move them, each in a direction of its own."""
    n, _, size, _ = images.shape
    reach = math.ceil(SHAKE * size / 28)
    axis = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    down, right = axis.view(1, -1, 1), axis.view(1, 1, -1)
    unit = size / 28
    angle = math.pi * _each(n, generator)[:, 0]
    along = (right * angle.cos() + down * angle.sin()) / unit
    across = (down * angle.cos() - right * angle.sin()) / unit
    width = 0.3 + WIDEST_BLUR * _each(n, generator)[:, 0]
    moved = torch.where(_each(n, generator)[:, 0] < 0.5, SHAKE * _each(n, generator)[:, 0], 0.0)
    focus = torch.where(moved > 0, 0.5, width)
    beyond = (along.abs() - moved).clamp(min=0)
    kernels = torch.exp(-(beyond**2 + across**2) / (2 * focus**2))
    kernels = kernels / kernels.sum(dim=(1, 2), keepdim=True)
    smeared = functional.conv2d(
        images.view(1, n, size, size), kernels[:, None], padding=reach, groups=n
    )
    return smeared.view(n, 1, size, size)


def draw_lines(images: Tensor, generator: Generator) -> Tensor:
    """Draw a line across, straight or a zigzag, in ink or in what it crosses turned round."""
    n, _, size, _ = images.shape
    axis = (torch.arange(size, dtype=images.dtype, device=images.device) + 0.5) * (28 / size) - 14
    down, right = axis.view(1, -1, 1), axis.view(1, 1, -1)
    angle, tooth, swing, aside, pen, phase, kind = _each(n, generator, 7)[:, 0, 0].unbind(1)
    angle = (math.pi * angle)[:, None, None]
    along = right * angle.cos() + down * angle.sin()
    across = down * angle.cos() - right * angle.sin()
    period = (3 + 9 * tooth)[:, None, None]
    wave = ((along / period + phase[:, None, None]) % 1 - 0.5).abs() * 4 - 1
    swing = torch.where(swing < 0.4, 0.0, 5 * (swing - 0.4))[:, None, None]
    half = (PEN[0] + (PEN[1] - PEN[0]) * pen)[:, None, None]
    place = ((aside - 0.5) * 14)[:, None, None]
    # A steep stroke of a zigzag is as wide as a flat one.
    slope = (1 + (4 * swing / period) ** 2).sqrt()
    ink = (half + 0.5 - (across - place - swing * wave).abs() / slope).clamp(0, 1)[:, None]
    turned = (1 - ink) * images + ink * (1 - images)
    return torch.where((kind < 0.35).view(n, 1, 1, 1), turned, torch.maximum(images, ink))


def _each(n: int, generator: Generator, count: int = 0) -> Tensor:
    """Draw numbers in [0, 1): one a picture, ``(n, 1, 1, 1)``, or so many, ``(n, 1, 1, count)``."""
    shape = (n, 1, 1, count or 1)
    return torch.rand(shape, generator=generator, device=generator.device)
