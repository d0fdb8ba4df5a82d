"""Show a part of a page as if it lay flat and level."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.warp import Warp

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

FINE = 2  # rules are traced on one this many times finer, if the picture is
MARGIN = 1.4  # cells beyond the holes, where open cells may lie
FOLDED = 1.0  # pixels by which a warp may miss what it is asked for
LARGEST = 3.0  # times the picture: what a warp makes larger is no page
NODES = 40  # along each side on which the warp is exact; it is smooth, so linear between


@dataclass(frozen=True, slots=True, eq=False)
class Straight:
    """A straightened part of the page.

    Parameters
    ----------
    level : uint8 array, shape (h, w)
        Ink levels.
    warp : Warp
    origin : float array, shape (2,)
        ``(u, v)`` of its first pixel.
    scale : float
        Its pixels per unit of ``u`` and ``v``.
    cell : float array, shape (2,)
        Typical width and height of a cell, in its pixels.
    """

    level: Pixels
    warp: Warp
    origin: Floats
    scale: float
    cell: Floats

    def pixels(self, boxes: Floats) -> Floats:
        """Bring straight boxes (left, top, right, bottom) to its pixels: shape (n, 4)."""
        return np.asarray((boxes - np.tile(self.origin, 2)) * self.scale)

    def crooked(self, points: Floats) -> Floats:
        """Bring points in its pixels to the picture that the warp was fitted to: shape (n, 2)."""
        return self.warp.crooked(points / self.scale + self.origin)


def straighten(ink: Ink, warp: Warp, boxes: Floats, zoom: float) -> Straight | None:
    """Look at the mesh and a cell's width around it, rules straight; None if the warp folds."""
    cell = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    low = boxes[:, :2].min(axis=0) - MARGIN * cell
    high = boxes[:, 2:].max(axis=0) + MARGIN * cell
    scale = min(FINE, 1 / zoom)
    if np.prod((high - low) / zoom) > LARGEST * ink.level.size:
        return None
    width, height = np.maximum(2, np.ceil((high - low) * scale)).astype(int)
    coarse = np.stack(
        np.meshgrid(np.linspace(0, width - 1, NODES), np.linspace(0, height - 1, NODES)), axis=-1
    )
    wanted = coarse.reshape(-1, 2) / scale + low
    points = warp.crooked(wanted)
    if np.abs(warp.straight(points) - wanted).max() > FOLDED:
        return None
    points = points.reshape(NODES, NODES, 2)
    points = (points + 0.5) / zoom - 0.5
    fine_x = np.interp(np.arange(width), coarse[0, :, 0], np.arange(NODES)).astype(np.float32)
    fine_y = np.interp(np.arange(height), coarse[:, 0, 1], np.arange(NODES)).astype(np.float32)
    grid = np.meshgrid(fine_x, fine_y)
    maps = np.asarray(cv2.remap(points.astype(np.float32), grid[0], grid[1], cv2.INTER_LINEAR))
    level = cv2.remap(ink.level, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
    page = np.asarray(level, np.uint8)
    return Straight(page, warp, low, scale, cell * scale)
