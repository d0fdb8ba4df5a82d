"""What light, ink, sensors and transmission do: noise, grey paper, a stripe, fog, fading.

Every function takes float pictures in [0, 1], shape ``(n, size, size)``, and returns pictures of
that shape. Corruptions take a severity from 0 to 4 besides, and values beyond [0, 1] are cut by
their caller; the others draw how much from the generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

Floats = NDArray[np.floating]

PHOTONS = (60, 25, 12, 6, 4)  # at full ink: fewer, noisier
FLIPPED = (0.03, 0.06, 0.10, 0.17, 0.25)  # share of pixels turned to paper or full ink
LIFTED = (0.15, 0.3, 0.45, 0.6, 0.75)  # added to every pixel
STRIPES = (2, 4, 5, 6, 8)  # pixels wide
FOGS = (0.3, 0.5, 0.7, 0.85, 1.0)  # weight of the fog
GREY, CLOUDS = 0.75, 4  # how far paper is lifted at most; knots of uneven light along a side
GRAIN, SPECKS = 0.3, 0.25  # standard deviation, and share of pixels, at most
FADING = 5  # knots of ink that fades, along a side


def shot_noise(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Count photons: Poisson noise, which grows with the ink."""
    photons = PHOTONS[severity]
    return np.asarray(generator.poisson(images * photons) / photons)


def impulse_noise(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Turn single pixels to paper or to full ink (salt and pepper)."""
    return flip_pixels(images, FLIPPED[severity], generator)


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
        clouds += _spread(grid, size) * np.float32(0.55**octave)
    low, high = clouds.min(axis=(1, 2), keepdims=True), clouds.max(axis=(1, 2), keepdims=True)
    weight = np.float32(FOGS[severity])
    misty = (images + weight * (clouds - low) / (high - low)) / (1 + weight / 2)
    return np.asarray(misty)


def flip_pixels(images: Floats, share: float | Floats, generator: np.random.Generator) -> Floats:
    """Turn this share of the pixels, half each, to paper and to full ink; one share or one each."""
    luck = generator.random(images.shape, np.float32)
    worse = np.where(luck < share / 2, np.float32(0), images)
    return np.asarray(np.where(luck > 1 - share / 2, np.float32(1), worse))


def lift_paper(images: Floats, generator: np.random.Generator) -> Floats:
    """Lay the ink on grey paper under uneven light, sometimes with less contrast."""
    n, _, size = images.shape
    light = _spread(generator.random((n, CLOUDS, CLOUDS), np.float32), size)
    paper = GREY * each(n, generator) * (1 - each(n, generator) * light)
    ink = 1 - 0.5 * each(n, generator) ** 2
    lifted: Floats = paper + (ink - paper).clip(min=0.15) * images
    return lifted


def add_grain(images: Floats, generator: np.random.Generator) -> Floats:
    """Add a sensor's noise, or to half of the pictures specks of paper and of ink."""
    n = len(images)
    noise = generator.standard_normal(images.shape, np.float32)
    grainy = images + GRAIN * each(n, generator) * noise
    specked = flip_pixels(images, SPECKS * each(n, generator), generator)
    return np.where(each(n, generator) < 0.5, grainy, specked).clip(0, 1)


def harden(images: Floats, generator: np.random.Generator) -> Floats:
    """Apply a steep contrast curve, up to black and white."""
    n = len(images)
    level = each(n, generator, 0.3, 0.6) * images.max(axis=(1, 2), keepdims=True)
    steepness = np.exp(each(n, generator, np.log(1.2), np.log(12)))
    return np.asarray(((images - level) * steepness + level).clip(0, 1))


def fade(images: Floats, generator: np.random.Generator) -> Floats:
    """Let the ink fade in places."""
    n, _, size = images.shape
    knots = generator.standard_normal((n, FADING, FADING), np.float32)
    smooth = _cubic(FADING, size)
    fading = (smooth @ knots @ smooth.T - 0.5).clip(0, 2.5)
    faded: Floats = images * (1 - np.float32(0.35) * fading)
    return faded


def each(n: int, generator: np.random.Generator, low: float = 0, high: float = 1) -> Floats:
    """Draw one number between two bounds for each picture, float32 ``(n, 1, 1)``."""
    return np.float32(low) + np.float32(high - low) * generator.random((n, 1, 1), np.float32)


def _spread(knots: Floats, size: int) -> Floats:
    """Interpolate values at knots, ``(n, k, k)``, linearly to pictures ``(n, size, size)``."""
    stretch = _linear(knots.shape[1], size)
    return np.asarray(stretch @ knots @ stretch.T)


def _linear(knots: int, size: int) -> Floats:
    """Return the matrix (size, knots) that interpolates a row of knots linearly to pixels."""
    place = np.linspace(0, knots - 1, size)
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(knots))), np.float32)


def _cubic(knots: int, size: int) -> Floats:
    """Return the like of `_linear` for cubic splines, which have no edges at the knots."""
    return np.asarray(zoom(np.eye(knots), (size / knots, 1), order=3), np.float32)
