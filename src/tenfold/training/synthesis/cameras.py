"""What scanners, cameras and the clean-up after them leave of a picture.

Every function takes and returns float pictures in [0, 1], ``(n, 28, 28)``, already framed.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tenfold.training.synthesis.dice import Dice
from tenfold.training.synthesis.fields import FRAME
from tenfold.training.synthesis.pens import PAPER

_DIM = 0.4  # the strongest ink of a picture never gets paler than this


def photograph(images: Tensor, dice: Dice) -> Tensor:
    """Spoil each picture in some of the ways below; many stay as they are."""
    images = coarse(images, dice)
    images = torch.where(_wide(dice.chance(0.25)), blur(images, dice), images)
    images = torch.where(_wide(dice.chance(0.4)), harden(images, dice), images)
    images = torch.where(_wide(dice.chance(0.15)), uneven(images, dice), images)
    pale = dice.sometimes(0.15, dice.uniform(_DIM, 1), 1.0)
    pale = torch.maximum(pale, _DIM / images.amax((1, 2)).clamp(min=0.1))
    images = (images * _wide(pale)).clamp(0, 1)
    for _ in range(2):
        images = torch.where(_wide(dice.chance(0.04)), speck(images, dice), images)
    return torch.where(_wide(dice.chance(0.03)), ruled(images, dice), images)


def coarse(images: Tensor, dice: Dice) -> Tensor:
    """Pass a quarter of the pictures through 12 to 24 pixels, half of those in black and white."""
    images = images.clone()
    some = torch.randperm(dice.n, generator=dice.generator)[: dice.n // 4]
    for rows in some.chunk(8):
        size = dice.one(12, 24)
        small = functional.interpolate(images[rows, None], size=(size, size), mode="area")
        if dice.one(0, 1):
            small = (small > 0.4 * small.amax((2, 3), keepdim=True)).float()
        how = ("bilinear", "bicubic", "nearest")[dice.one(0, 2)]
        large = functional.interpolate(small, size=(FRAME, FRAME), mode=how)
        images[rows] = large[:, 0].clamp(0, 1)
    return images


def blur(images: Tensor, dice: Dice) -> Tensor:
    """Out of focus, with the contrast stretched again afterwards."""
    soft = images[:, None]
    for _ in range(2):
        soft = functional.avg_pool2d(soft, 3, 1, 1)
    mixed = images + _wide(dice.uniform(0.2, 1)) * (soft[:, 0] - images)
    return mixed / mixed.amax((1, 2), keepdim=True).clamp(min=0.3)


def harden(images: Tensor, dice: Dice) -> Tensor:
    """Apply a steep contrast curve, up to black and white."""
    level = _wide(dice.uniform(0.3, 0.6)) * images.amax((1, 2), keepdim=True)
    return ((images - level) * _wide(dice.ratio(1.2, 12)) + level).clamp(0, 1)


def uneven(images: Tensor, dice: Dice) -> Tensor:
    """Ink that fades in places."""
    fading = (dice.smooth(5, FRAME) - 0.5).clamp(0, 2.5)
    return images * (1 - 0.35 * fading)


def speck(images: Tensor, dice: Dice) -> Tensor:
    """Drop a dot of dirt somewhere."""
    away = (PAPER - dice.spot(-12, 12)[:, None, None]).norm(dim=-1)
    return torch.maximum(images, (_wide(dice.uniform(0.4, 1.2)) - away + 0.5).clamp(0, 1))


def ruled(images: Tensor, dice: Dice) -> Tensor:
    """Leave a line along one border, as a ruled line or a box leaves."""
    x, y = PAPER.unbind(-1)
    side = _wide(dice.whole(4))
    along, across = torch.where(side < 2, x, y), torch.where(side < 2, y, x)
    across = torch.where(side % 2 == 0, across, -across)
    off = across - _wide(dice.uniform(11, 13.5)) - _wide(dice.normal(0.03)) * along
    line = (_wide(dice.uniform(0.3, 0.8)) - off.abs() + 0.5).clamp(0, 1)
    return torch.maximum(images, line)


def _wide(values: Tensor) -> Tensor:
    return values[:, None, None]
