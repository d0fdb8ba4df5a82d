"""What light, sensors and transmission do: noise, a bright ground, a stripe, fog.

Every function takes float pictures in [0, 1], shape ``(n, size, size)``, a severity from 0 to 4 and
a generator, and returns pictures of that shape; values beyond [0, 1] are cut by the caller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

PHOTONS = (60, 25, 12, 6, 4)  # at full ink: fewer, noisier
FLIPPED = (0.03, 0.06, 0.10, 0.17, 0.25)  # share of pixels turned to paper or full ink
LIFTED = (0.15, 0.3, 0.45, 0.6, 0.75)  # added to every pixel
STRIPES = (2, 4, 5, 6, 8)  # pixels wide
FOGS = (0.3, 0.5, 0.7, 0.85, 1.0)  # weight of the fog


def shot_noise(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Count photons: Poisson noise, which grows with the ink."""
    photons = PHOTONS[severity]
    return np.asarray(generator.poisson(images * photons) / photons)


def impulse_noise(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Turn single pixels to paper or to full ink (salt and pepper)."""
    luck = generator.random(images.shape, np.float32)
    share = FLIPPED[severity]
    worse = np.where(luck < share / 2, np.float32(0), images)
    return np.asarray(np.where(luck > 1 - share / 2, np.float32(1), worse))


def brightness(images: Floats, severity: int, generator: np.random.Generator) -> Floats:  # noqa: ARG001
    """Lift the paper towards the ink, which stays at full."""
    return images + np.float32(LIFTED[severity])


def stripe(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Turn black to white and back in an upright stripe over the middle half."""
    n, _, size = images.shape
    width = max(1, round(STRIPES[severity] * size / 28))
    first = generator.uniform(size / 4, 3 * size / 4 - width, n).round()
    offset = np.arange(size) - first[:, None]
    inside = (offset >= 0) & (offset < width)
    return np.asarray(np.where(inside[:, None, :], 1 - images, images))


def fog(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Add clouds, noise in octaves of falling weight, and keep the sum below full."""
    n, _, size = images.shape
    clouds = np.zeros(images.shape, np.float32)
    for octave in range(1, 5):
        knots = 2**octave
        grid = generator.random((n, knots, knots), np.float32)
        stretch = _stretch(knots, size)
        clouds += (stretch @ grid @ stretch.T) * np.float32(0.55**octave)
    low, high = clouds.min(axis=(1, 2), keepdims=True), clouds.max(axis=(1, 2), keepdims=True)
    weight = np.float32(FOGS[severity])
    misty = (images + weight * (clouds - low) / (high - low)) / (1 + weight / 2)
    return np.asarray(misty)


def _stretch(knots: int, size: int) -> Floats:
    """Return the matrix (size, knots) that interpolates a row of knots linearly to pixels."""
    place = np.linspace(0, knots - 1, size)
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(knots))), np.float32)
