"""What else lands on the paper: blobs, dirt, lines across or along, outlines instead of strokes.

Every function takes float pictures in [0, 1], shape ``(n, size, size)``, and returns pictures of
that shape. Corruptions take a severity from 0 to 4 besides; the others draw how much from the
generator.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from tenfold.synthesis.degrade.light import each

Floats = NDArray[np.floating]

SPATTERED = (0.04, 0.07, 0.10, 0.14, 0.18)  # share of the picture under blobs
LINES = (1, 1, 2, 2, 3)  # across each picture
THICK = (1.0, 1.4, 1.2, 1.6, 1.5)  # pixels
FINE = 4  # lines are drawn on a grid this many times finer
EDGES = (0.2, 0.4, 0.6, 0.8, 1.0)  # weight of the edges against the picture itself
CANNY = (100, 200)  # OpenCV's customary thresholds
PEN = (0.5, 2.5)  # pixels: half the width of a line across


def spatter(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Throw blobs of ink on the picture."""
    size = images.shape[1]
    noise = generator.standard_normal(images.shape, np.float32)
    smooth = gaussian_filter(noise, (0, *(1.3 * size / 28,) * 2))
    edge = np.quantile(smooth, 1 - SPATTERED[severity], axis=(1, 2), keepdims=True)
    depth = (smooth - edge) / smooth.std(axis=(1, 2), keepdims=True)
    return np.asarray(np.maximum(images, (4 * depth).clip(0, 1)), np.float32)


def dotted_line(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Draw straight dotted lines across, at any angle."""
    return _cross(images, severity, generator, straight=True)


def zigzag(images: Floats, severity: int, generator: np.random.Generator) -> Floats:
    """Draw zigzag lines across, at any angle."""
    return _cross(images, severity, generator, straight=False)


def _cross(images: Floats, severity: int, generator: np.random.Generator, straight: bool) -> Floats:
    n, _, size = images.shape
    angle = generator.uniform(0, np.pi, (n, LINES[severity]))
    aside = generator.uniform(-0.2, 0.2, (n, LINES[severity])) * size
    thick = max(1, round(THICK[severity] * FINE * size / 28))
    worse = images.copy()
    for image, angles, asides in zip(worse, angle, aside, strict=True):
        canvas = np.zeros((size * FINE, size * FINE), np.uint8)
        for line in zip(angles, asides, strict=True):
            path = _path(size, *line, straight)
            if straight:
                for x, y in path:
                    cv2.circle(canvas, (x, y), (thick + 1) // 2, 255, cv2.FILLED)
            else:
                cv2.polylines(canvas, [path], False, 255, thick)
        ink = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
        np.maximum(image, ink / np.float32(255), out=image)
    return worse


def _path(size: int, angle: float, aside: float, straight: bool) -> NDArray[np.int32]:
    """Return the points (x, y) of a line through the picture, on the finer grid."""
    along, across = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([-np.sin(angle), np.cos(angle)]),
    )
    # Dots every two and a half pens of 1 pixel; seven corners to a zigzag.
    steps = np.linspace(-0.6, 0.6, 14 if straight else 9) * size
    swing = np.zeros(len(steps)) if straight else np.resize([-0.09, 0.09], len(steps)) * size
    points = size / 2 + np.outer(steps, along) + np.outer(aside + swing, across)
    return (points * FINE).round().astype(np.int32)


def canny_edges(images: Floats, severity: int, generator: np.random.Generator) -> Floats:  # noqa: ARG001
    """Fade every picture into the edges that Canny's detector (1986) finds in it."""
    pixels = np.rint(images * 255).astype(np.uint8)
    edges = np.stack([cv2.Canny(image, *CANNY) for image in pixels]) / np.float32(255)
    weight = np.float32(EDGES[severity])
    faded: Floats = (1 - weight) * images + weight * edges
    return faded


def draw_lines(images: Floats, generator: np.random.Generator) -> Floats:
    """Draw a line across, straight or a zigzag, in ink or in what it crosses turned round."""
    n, _, size = images.shape
    x, y = _axes(size)
    angle = np.pi * each(n, generator)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    period = each(n, generator, 3, 12)
    wave = np.abs((along / period + each(n, generator)) % 1 - 0.5) * 4 - 1
    swing = 5 * each(n, generator, -0.4, 0.6).clip(min=0)
    half, place = each(n, generator, *PEN), each(n, generator, -7, 7)
    # A steep stroke of a zigzag is as wide as a flat one.
    slope = np.sqrt(1 + (4 * swing / period) ** 2)
    ink = (half + 0.5 - np.abs(across - place - swing * wave) / slope).clip(0, 1)
    turned = (1 - ink) * images + ink * (1 - images)
    return np.asarray(np.where(each(n, generator) < 0.35, turned, np.maximum(images, ink)))


def speck(images: Floats, generator: np.random.Generator) -> Floats:
    """Drop a dot of dirt somewhere."""
    n, _, size = images.shape
    x, y = _axes(size)
    away = np.hypot(x - each(n, generator, -12, 12), y - each(n, generator, -12, 12))
    dot = (each(n, generator, 0.4, 1.2) - away + 0.5).clip(0, 1)
    return np.asarray(np.maximum(images, dot))


def ruled(images: Floats, generator: np.random.Generator) -> Floats:
    """Leave a line along one border, as a ruled line or a box leaves."""
    n, _, size = images.shape
    x, y = _axes(size)
    upright = each(n, generator) < 0.5
    along, across = np.where(upright, y, x), np.where(upright, x, y)
    across = np.where(each(n, generator) < 0.5, across, -across)
    tilt = 0.03 * generator.standard_normal((n, 1, 1), np.float32)
    off = across - each(n, generator, 11, 13.5) - tilt * along
    line = (each(n, generator, 0.3, 0.8) - np.abs(off) + 0.5).clip(0, 1)
    return np.asarray(np.maximum(images, line))


def _axes(size: int) -> tuple[Floats, Floats]:
    """Return x ``(1, 1, size)`` and y ``(1, size, 1)`` from the middle, as in 28×28 pixels."""
    axis = ((np.arange(size) + 0.5) * (28 / size) - 14).astype(np.float32)
    return axis[None, None, :], axis[None, :, None]
