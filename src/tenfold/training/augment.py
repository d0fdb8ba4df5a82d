"""Vary pictures as hands and scanners do, on whole batches at once.

Every function takes and returns float pictures in [0, 1], shape ``(n, 1, size, size)``, and draws
its random numbers from the generator it is given, so the same generator gives the same pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from tenfold.training.recipe_sections import Augment


def augment(images: Tensor, how: Augment, generator: Generator) -> Tensor:
    """Return the pictures varied as the recipe says; each is drawn anew."""
    if how.stroke:
        images = vary_stroke(images, how.stroke, generator)
    if how.shift or how.rotation or how.scale or how.shear or how.elastic:
        images = warp(images, how, generator)
    if how.degrade:
        from tenfold.synthesis.degrade.mixtures import degrade  # with scipy, which few recipes need

        seed = torch.randint(2**62, (1,), generator=generator, device=generator.device)
        source = np.random.default_rng(int(seed))
        worse = degrade(images[:, 0].cpu().numpy(), how.degrade, source)
        images = torch.from_numpy(worse)[:, None].to(images.device)
    return images


def warp(images: Tensor, how: Augment, generator: Generator) -> Tensor:
    """Shift, rotate, scale, shear and bend in one resampling, so the strokes blur only once."""
    grid = functional.affine_grid(
        affine_matrices(len(images), how, generator), list(images.shape), align_corners=False
    )
    if how.elastic:
        grid = grid + elastic_displacement(images, how.elastic, generator)
    return functional.grid_sample(images, grid, align_corners=False)


def affine_matrices(n: int, how: Augment, generator: Generator) -> Tensor:
    """Draw ``n`` random affine maps, shape ``(n, 2, 3)``, from where a pixel goes to its source."""
    angle = _uniform(n, math.radians(how.rotation), generator)
    shear = torch.tan(_uniform(n, math.radians(how.shear), generator))
    zoom_x = 1 + _uniform(n, how.scale, generator)
    zoom_y = 1 + _uniform(n, how.scale, generator)
    # Coordinates run from -1 to 1 over the picture, so a share of its width counts twice.
    shift_x = _uniform(n, 2 * how.shift, generator)
    shift_y = _uniform(n, 2 * how.shift, generator)
    cos, sin = torch.cos(angle), torch.sin(angle)
    # rotation × shear × scaling, written out
    top = torch.stack([cos / zoom_x, (cos * shear - sin) / zoom_y, shift_x], dim=1)
    bottom = torch.stack([sin / zoom_x, (sin * shear + cos) / zoom_y, shift_y], dim=1)
    return torch.stack([top, bottom], dim=1)


def elastic_displacement(images: Tensor, strength: float, generator: Generator) -> Tensor:
    """Draw smooth random displacement fields, shape ``(n, size, size, 2)``.

    Simard, Steinkraus & Platt 2003: uniform noise, smoothed by a Gaussian. Here the noise lies on
    a coarse grid and is interpolated, which is as smooth and far cheaper. ``strength`` is the mean
    displacement in pixels.
    """
    n, _, size, _ = images.shape
    knots = max(size // 5, 3)
    noise = torch.rand(n, 2, knots, knots, generator=generator, device=generator.device) * 2 - 1
    field = functional.interpolate(noise, size=(size, size), mode="bicubic", align_corners=True)
    pixels = strength / 0.5  # uniform noise in [-1, 1] is 0.5 away from zero on average
    return field.permute(0, 2, 3, 1) * (pixels * 2 / size)


def vary_stroke(images: Tensor, share: float, generator: Generator) -> Tensor:
    """Make the pen thicker or thinner in a share of the pictures.

    Each is blended with its grey dilation or erosion (maximum or minimum over a cross of
    neighbours) by a random amount.
    """
    n = len(images)
    amount = _uniform(n, 1.0, generator).view(n, 1, 1, 1)
    chosen = torch.rand(n, generator=generator, device=generator.device) < share
    amount = amount * chosen.view(n, 1, 1, 1)
    thicker = _over_cross(images, torch.maximum)
    thinner = _over_cross(images, torch.minimum)
    blend = amount.clamp(min=0) * (thicker - images) + amount.clamp(max=0) * (images - thinner)
    return images + blend


def _over_cross(images: Tensor, extreme: Callable[..., Tensor]) -> Tensor:
    """Take the maximum or minimum of each pixel and its four neighbours.

    Eight times as fast as pooling, which also keeps where each maximum was.
    """
    found = images.clone()
    for axis in (-2, -1):
        length = images.shape[axis] - 1
        for to, at in ((0, 1), (1, 0)):
            part = found.narrow(axis, to, length)
            extreme(part, images.narrow(axis, at, length), out=part)
    return found


def _uniform(n: int, limit: float, generator: Generator) -> Tensor:
    """Draw ``n`` numbers between ``-limit`` and ``limit``."""
    return (torch.rand(n, generator=generator, device=generator.device) * 2 - 1) * limit
