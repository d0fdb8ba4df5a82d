"""What lies between paper and sensor: frosted glass, a moving hand.

Every function takes float pictures in [0, 1], shape ``(n, size, size)``, a severity from 0 to 4 and
a generator, and returns pictures of that shape.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.floating]

# Standard deviation of the blur, farthest jump in pixels, and how often each pixel jumps.
GLASS = ((0.4, 1, 1), (0.5, 1, 2), (0.6, 1, 3), (0.6, 2, 1), (0.7, 2, 2))
MOTIONS = (4, 6, 8, 10, 12)  # pixels
DIRECTIONS = 24  # of motion, evenly spread over half a turn


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
