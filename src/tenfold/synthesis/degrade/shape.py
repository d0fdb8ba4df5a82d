"""What slant, size and place do: affine maps about the picture's centre.

The corruptions take float pictures in [0, 1], shape ``(n, size, size)``, a severity from 0 to 4 and
a generator, and return pictures of that shape. `warp` is what the sweeps stand on too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

SHEARS = (0.2, 0.35, 0.5, 0.65, 0.8)  # sideways per pixel of height
SCALES = (0.9, 0.8, 0.7, 0.6, 0.5)
ANGLES = (12, 20, 28, 36, 45)  # degrees, either way
SHIFTS = (2, 3, 4, 5, 6)  # pixels, in any direction


def shear(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Slant every picture, to either side."""
    slant = _either_way(len(images), SHEARS[severity], generator)
    one, none = np.ones(len(images)), np.zeros(len(images))
    return warp(images, np.stack([one, slant, none, one], axis=1).reshape(-1, 2, 2))


def scale(images: Floats, severity: int, generator: np.random.Generator) -> Floats:  # noqa: ARG001
    """Shrink every picture towards its centre."""
    return warp(images, scaling(len(images), SCALES[severity]))


def rotate(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Turn every picture, either way."""
    return warp(images, rotation(_either_way(len(images), ANGLES[severity], generator)))


def translate(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Move every picture, each in its own direction."""
    angle = generator.uniform(0, 2 * np.pi, len(images))
    distance = SHIFTS[severity] * images.shape[1] / 28
    shift = distance * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return warp(images, scaling(len(images), 1.0), shift)


def rotation(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return matrices ``(n, 2, 2)`` that turn by so many degrees, counterclockwise."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos, sin, -sin, cos], axis=1).reshape(-1, 2, 2)


def scaling(n: int, factor: float) -> NDArray[np.float64]:
    """Return ``n`` matrices ``(2, 2)`` that scale by a factor."""
    return np.tile(np.eye(2) * factor, (n, 1, 1))


def warp(
    images: Floats, matrices: NDArray[np.float64], shifts: NDArray[np.float64] | None = None
) -> Floats:
    """Map every picture by its own matrix about the centre, then shift it.

    Parameters
    ----------
    images : float array, shape (n, size, size)
    matrices : float array, shape (n, 2, 2)
        Where the pixel at (x, y) from the centre goes; y grows downwards.
    shifts : float array, shape (n, 2), optional
        In pixels, to the right and down.
    """
    size = images.shape[1]
    middle = np.full(2, (size - 1) / 2)
    offset = middle - matrices @ middle
    if shifts is not None:
        offset = offset + shifts
    maps = np.concatenate([matrices, offset[:, :, None]], axis=2)
    return np.stack(
        [cv2.warpAffine(image, m, (size, size)) for image, m in zip(images, maps, strict=True)]
    ).astype(np.float32)


def _either_way(n: int, amount: float, generator: np.random.Generator) -> NDArray[np.float64]:
    return amount * generator.choice([-1.0, 1.0], n)
