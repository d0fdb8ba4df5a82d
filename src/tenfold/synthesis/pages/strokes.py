"""Strokes of a pen: smooth curves through control points, drawn crisply at any size.

A stroke is a float array ``(k, 2)`` of points, x to the right and y downwards. A shape is a list of
strokes in a box of its own, 0 at the top and 1 on the line that writing stands on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Shape = list[Floats]

FINE = 4  # bits of a pixel's fraction that OpenCV keeps
CRISP = 8  # pixels of a pen's width while it is drawn; it is reduced from there


def smooth(points: Floats, per_segment: int = 8) -> Floats:
    """Return a Catmull-Rom curve through points, float ``(per_segment · (k − 1) + 1, 2)``.

    Examples
    --------
    >>> smooth(np.float32([[0, 0], [1, 0], [1, 1]]), 4).shape
    (9, 2)
    """
    points = np.asarray(points, np.float32)
    if len(points) < 3:
        return points
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    share = np.linspace(0, 1, per_segment, endpoint=False, dtype=np.float32)[None, :, None]
    a, b, c, d = (padded[i : len(padded) - 3 + i, None, :] for i in range(4))
    curve = 0.5 * (
        2 * b
        + (c - a) * share
        + (2 * a - 5 * b + 4 * c - d) * share**2
        + (3 * b - a - 3 * c + d) * share**3
    )
    return np.vstack([curve.reshape(-1, 2), points[-1:]]).astype(np.float32)


def rasterise(strokes: Sequence[Floats], pen: float) -> tuple[Pixels, int, int]:
    """Draw strokes given in pixels with a round pen.

    Parameters
    ----------
    strokes : sequence of float arrays, shape (k, 2)
    pen : float
        Width in pixels.

    Returns
    -------
    uint8 array, shape (h, w)
        Coverage, 255 where the pen went.
    int, int
        x and y of its upper left corner.
    """
    low = np.floor(np.min([stroke.min(axis=0) for stroke in strokes], axis=0) - pen / 2 - 1)
    high = np.ceil(np.max([stroke.max(axis=0) for stroke in strokes], axis=0) + pen / 2 + 1)
    width, height = (high - low).astype(int) + 1
    zoom = int(np.clip(np.ceil(CRISP / max(pen, 0.5)), 1, 4))
    drawn = np.zeros((height * zoom, width * zoom), np.uint8)
    thick = max(1, round(pen * zoom))
    for stroke in strokes:
        path = np.rint(((stroke - low + 0.5) * zoom - 0.5) * 2**FINE).astype(np.int32)
        cv2.polylines(drawn, [path], False, 255, thick, cv2.LINE_AA, FINE)
    if zoom > 1:
        drawn = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(drawn, np.uint8), int(low[0]), int(low[1])


def crop(glyph: Pixels, least: int = 40) -> Pixels:
    """Cut away rows and columns without ink."""
    rows, columns = glyph.max(axis=1) > least, glyph.max(axis=0) > least
    if not rows.any():
        return glyph
    top, bottom = int(rows.argmax()), len(rows) - int(rows[::-1].argmax())
    left, right = int(columns.argmax()), len(columns) - int(columns[::-1].argmax())
    return glyph[top:bottom, left:right]


@dataclass(frozen=True, slots=True)
class Bend:
    """How a hand bends a digit: bows it, leans its halves, moves its waist, tapers it.

    All shares are of the digit's height.
    """

    bow: float
    sway: float
    waist: float
    taper: float
    tilt: float

    @classmethod
    def draw(cls, rng: Generator) -> Bend:
        """Draw one; most are slight."""
        bow, sway, waist, taper, tilt = rng.normal(0, (0.045, 0.03, 0.045, 0.16, 0.1))
        return cls(bow, sway, float(np.clip(waist, -0.12, 0.12)), taper, tilt)

    def moves(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """How far points move; u across from the middle, v down from the top, in heights."""
        half, whole = np.sin(np.pi * v), np.sin(2 * np.pi * v)
        across = self.bow * half + self.sway * whole + self.taper * u * (2 * v - 1)
        return across, (self.waist + self.tilt * u) * half

    def points(self, stroke: Floats) -> Floats:
        """Bend a stroke in the box of its shape."""
        across, down = self.moves(stroke[:, 0] - 0.3, np.clip(stroke[:, 1], 0, 1))
        return np.asarray(stroke + np.stack([across, down], 1), np.float32)

    def picture(self, glyph: Pixels, margin: float) -> Pixels:
        """Bend a glyph that has so much empty margin all around."""
        height, width = glyph.shape
        tall = max(1.0, height - 2 * margin)
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        v = np.clip((y - margin) / tall, 0, 1)
        u = np.clip((x - width / 2) / tall, -0.6, 0.6)
        across, down = self.moves(u, v)
        maps = (x - across * tall).astype(np.float32), (y - down * tall).astype(np.float32)
        return np.asarray(cv2.remap(glyph, *maps, cv2.INTER_LINEAR), np.uint8)
