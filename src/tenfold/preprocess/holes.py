"""Find the holes of a mesh, the paper that its rules enclose, and which of them are neighbours.

Rules may be faint, thick, blurred and broken; the holes between them show all the same.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.warp import TERMS, Warp

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]

SIDE = 640  # holes are sought on a picture no larger than this
WIDEST, LEAST_WIDEST = 1 / 45, 11  # of that picture's longer side, and pixels: rules are thinner
FAINTEST = 2.0  # grey levels, or the paper's grain where it is more
LEAST_HOLE, MOST_HOLE = 8, 0.6  # pixels, and share of the picture's side
FULL = 0.35  # share of its box that a hole fills; a digit stands in it
ALIKE, LEVEL, APART = 1.4, 0.35, 0.4  # of sizes: ratio, offset across, gap between neighbours


def find_holes(ink: Ink, zoom: float) -> Floats:
    """Centres and sizes of the paper enclosed by rules: shape (n, 4)."""
    level = ink.level
    if zoom < 1:
        size = (max(1, round(level.shape[1] * zoom)), max(1, round(level.shape[0] * zoom)))
        level = np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_AREA), np.uint8)
    width = int(max(LEAST_WIDEST, max(level.shape) * WIDEST)) | 1
    thin = cv2.morphologyEx(level, cv2.MORPH_TOPHAT, np.ones((width, width), np.uint8))
    paper = np.asarray(thin <= max(FAINTEST, ink.noise * zoom)).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    x, y, w, h, area = stats[1:].astype(np.float64).T
    usable = (np.minimum(w, h) >= LEAST_HOLE) & (area >= FULL * w * h)
    usable &= (w < MOST_HOLE * level.shape[1]) & (h < MOST_HOLE * level.shape[0])
    return np.asarray(np.stack([x + w / 2 - 0.5, y + h / 2 - 0.5, w, h], axis=1)[usable])


def rotation(holes: Floats) -> Warp:
    """Return how the page is turned, by the holes that have neighbours: enough to find more."""
    beside, below = (_pairs(holes[:, order], holes[:, 2:][:, order]) for order in ([0, 1], [1, 0]))
    steps = [holes[pairs[:, 1], :2] - holes[pairs[:, 0], :2] for pairs in (beside, below)]
    slopes = np.concatenate([steps[0][:, 1] / steps[0][:, 0], -steps[1][:, 0] / steps[1][:, 1]])
    slope = float(np.median(slopes)) if len(slopes) else 0.0
    low, high = holes[:, :2].min(axis=0), holes[:, :2].max(axis=0)
    scale = max(1.0, float((high - low).max()) / 2)
    linear = np.eye(1, len(TERMS))[0] * slope * scale
    return Warp((low + high) / 2, scale, linear, -linear)


def neighbours(boxes: Floats) -> tuple[Places, Places] | None:
    """Pairs of holes side by side and one below the other, (n, 2) each, of the largest mesh."""
    middles, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    beside = _pairs(middles, sizes)
    below = _pairs(middles[:, ::-1], sizes[:, ::-1])
    owner = np.arange(len(boxes))
    for pairs in (beside, below) * 2:
        for one, other in pairs:
            if owner[one] != owner[other]:
                owner[owner == owner[other]] = owner[one]
    largest = int(np.bincount(owner).argmax())
    beside, below = beside[owner[beside[:, 0]] == largest], below[owner[below[:, 0]] == largest]
    return (beside, below) if min(len(beside), len(below)) >= 2 else None


def _pairs(middles: Floats, sizes: Floats) -> Places:
    """Each hole and its next neighbour on the right."""
    ahead = middles[None, :, 0] - middles[:, None, 0]
    aside = np.abs(middles[None, :, 1] - middles[:, None, 1])
    length = (sizes[None, :, 0] + sizes[:, None, 0]) / 2
    low = np.minimum(sizes[None, :, 1], sizes[:, None, 1])
    high = np.maximum(sizes[None, :, 1], sizes[:, None, 1])
    near = (ahead > 0.6 * length) & (ahead < length + APART * low)
    near &= (aside < LEVEL * low) & (high < ALIKE * low)
    ahead = np.where(near, ahead, np.inf)
    nearest = ahead.argmin(axis=1)
    first = np.flatnonzero(np.isfinite(ahead.min(axis=1)))
    return np.stack([first, nearest[first]], axis=1)


def levels(
    holes: Floats, found: tuple[Places, Places]
) -> tuple[tuple[Floats, Places], tuple[Floats, Places]]:
    """Return the points of rows and those of columns: neighbours lie on one level."""
    beside, below = (
        (holes[pairs.ravel(), :2], np.repeat(np.arange(len(pairs)), 2)) for pairs in found
    )
    return beside, below


def straight_boxes(holes: Floats, warp: Warp) -> Floats:
    """Left, top, right and bottom of the holes where rules are level: shape (n, 4)."""
    middles = warp.straight(holes[:, :2])
    tilt = np.minimum(0.5, np.abs([warp.columns[0], warp.rows[0]]) / warp.scale)
    w, h = holes[:, 2], holes[:, 3]
    # A tilted box's own box is wider than it by its height's share.
    sides = np.stack([w - tilt[0] * h, h - tilt[1] * w], axis=1) / (1 - tilt[0] * tilt[1])
    sides = np.maximum(sides, 0.4 * holes[:, 2:])
    return np.concatenate([middles - sides / 2, middles + sides / 2], axis=1)
