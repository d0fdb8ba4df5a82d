"""What lies between paper and sensor: frosted glass, a moving hand, poor focus, coarse pixels.

Every function takes float pictures in [0, 1], shape ``(n, size, size)``, and returns pictures of
that shape. Corruptions take a severity from 0 to 4 besides; the others draw how much from the
generator.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

from tenfold.synthesis.degrade.light import each

Floats = NDArray[np.floating]

# Standard deviation of the blur, farthest jump in pixels, and how often each pixel jumps.
GLASS = ((0.4, 1, 1), (0.5, 1, 2), (0.6, 1, 3), (0.6, 2, 1), (0.7, 2, 2))
MOTIONS = (4, 6, 8, 10, 12)  # pixels
DIRECTIONS = 24  # of motion, evenly spread over half a turn
WIDEST_BLUR, SHAKE = 1.2, 4.5  # pixels: standard deviation, and half of a movement, at most
COARSE = (12, 24)  # pixels along a side, fewest and most


def glass_blur(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Let every pixel show one of its neighbours, between two blurs."""
    n, _, size = images.shape
    deviation, jump, times = GLASS[severity]
    factor = size / 28
    jump = max(1, round(jump * factor))
    worse = _blur(images, deviation * factor)
    pictures, rows, columns = np.ogrid[:n, :size, :size]
    for _ in range(times):
        shift = generator.integers(-jump, jump, (2, *images.shape), endpoint=True)
        near = (rows + shift[0]).clip(0, size - 1), (columns + shift[1]).clip(0, size - 1)
        worse = worse[pictures, *near]
    return _blur(worse, deviation * factor)


def _blur(images: Floats, deviation: float) -> Floats:
    return np.asarray(gaussian_filter(images, (0, deviation, deviation)), np.float32)


def motion_blur(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Smear each picture along a straight line, each in its own direction."""
    length = max(2.0, MOTIONS[severity] * images.shape[1] / 28)
    kernels = [_smear(length, np.pi * step / DIRECTIONS) for step in range(DIRECTIONS)]
    chosen = generator.integers(DIRECTIONS, size=len(images))
    return np.stack(
        [cv2.filter2D(image, -1, kernels[k]) for image, k in zip(images, chosen, strict=True)]
    ).astype(np.float32)


def _smear(length: float, angle: float) -> Floats:
    """Return a line of this length as a kernel that sums to 1."""
    side = 2 * int(np.ceil(length / 2)) + 1
    along = np.linspace(-length / 2, length / 2, 8 * side)
    kernel = np.zeros((side, side))
    x, y = along * np.cos(angle) + side // 2, along * np.sin(angle) + side // 2
    np.add.at(kernel, (y.round().astype(int), x.round().astype(int)), 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def blur(images: Floats, generator: np.random.Generator) -> Floats:
    """Put pictures out of focus or move them, each in a direction of its own."""
    n, _, size = images.shape
    unit = size / 28
    reach = math.ceil(SHAKE * unit)
    down, right = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    angle = np.pi * each(n, generator)
    along = (right * np.cos(angle) + down * np.sin(angle)) / unit
    across = (down * np.cos(angle) - right * np.sin(angle)) / unit
    width = 0.3 + WIDEST_BLUR * each(n, generator)
    moved = np.where(each(n, generator) < 0.5, SHAKE * each(n, generator), 0.0)
    focus = np.where(moved > 0, 0.5, width)
    beyond = (np.abs(along) - moved).clip(min=0)
    kernels = np.exp(-(beyond**2 + across**2) / (2 * focus**2))
    kernels = (kernels / kernels.sum(axis=(1, 2), keepdims=True)).astype(np.float32)
    pairs = zip(images, kernels, strict=True)
    smeared = [cv2.filter2D(image, -1, k, borderType=cv2.BORDER_CONSTANT) for image, k in pairs]
    return np.stack(smeared).clip(0, 1)  # large kernels go by Fourier and leave tiny negatives


def defocus(images: Floats, generator: np.random.Generator) -> Floats:
    """Put pictures out of focus and stretch their contrast again afterwards."""
    soft = images
    for _ in range(2):
        soft = uniform_filter(soft, (1, 3, 3), mode="constant")
    mixed = images + each(len(images), generator, 0.2, 1) * (soft - images)
    stretched: Floats = mixed / mixed.max(axis=(1, 2), keepdims=True).clip(min=0.3)
    return stretched


def coarsen(images: Floats, generator: np.random.Generator) -> Floats:
    """Pass each picture through few pixels, half of them in black and white."""
    size = images.shape[1]
    ways = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)
    worse = np.empty_like(images)
    for row, image in enumerate(images):
        side = round(generator.integers(*COARSE, endpoint=True) * size / 28)
        small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        if generator.random() < 0.5:
            small = (small > 0.4 * small.max()).astype(np.float32)
        cv2.resize(small, (size, size), worse[row], interpolation=ways[generator.integers(3)])
    return worse.clip(0, 1)
