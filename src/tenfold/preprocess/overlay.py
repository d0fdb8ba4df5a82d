"""Leave out what a program drew over a photo: boxes, labels, marks of an earlier reading.

Ink takes light away: a pixel that is far darker than the paper in one colour and brighter than it
in another is hardly ink on that paper. A camera that turns colours up may say so of a pen, but it
blurs the pen's edges like all others; what was drawn later is sharper than the photo.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.normalize import slopes

Pixels = NDArray[np.uint8]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

GRID = 64  # cells along each side on which the paper is taken
THIN, NEAR = 5, 9  # cells: so far lines do not matter, and so far paper may be brighter
# Grey levels: one colour is so much brighter than the paper's, and differs so much from another.
BRIGHTER, COLOURED = 32, 64
LEAST = 0.05  # of a mark's pixels: so many shine
SAMPLED = 2  # every second pixel each way tells whether any shines, and what the paper is like
FRINGE = 3  # pixels across: where the colour mixes with the paper's
LEFT = 0.4  # of the ink: where less is left, what was drawn is the writing
FULL, SHARPER = 90.0, 1.25  # percentile, and ratio: so much sharper than what the camera saw


def drop_overlay(pixels: Pixels, ink: Ink) -> Ink:
    """Return the ink without lines in colours that shine brighter than the paper.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
        The picture; a grey one's ink is returned as it is.
    ink : Ink
    """
    if pixels.ndim == 2 or ink.light_on_dark or not ink.mask.any():
        return ink
    drawn = _shining(pixels, ink.mask)
    if not drawn.any():
        return ink
    around = np.asarray(cv2.dilate(drawn, np.ones((FRINGE, FRINGE), np.uint8)), np.uint8)
    rest = ink.mask & (1 - around)
    if int(rest.sum()) < LEFT * int(ink.mask.sum()):
        return ink
    if _sharpness(ink, drawn & ink.mask) < SHARPER * _sharpness(ink, rest):
        return ink
    return ink.without(around)


def _sharpness(ink: Ink, marks: Pixels) -> float:
    """Slope of the marks' edges over their ink level."""
    if not marks.any():
        return 0.0
    inked = marks > 0
    slope = np.percentile(slopes(ink.level)[inked], FULL)
    return float(slope / np.percentile(ink.level[inked], FULL))


def _shining(pixels: Pixels, mask: Pixels) -> Pixels:
    """Mark coloured marks of which enough pixels shine, at the ink and just beside it."""
    near = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    paper = _brightest_paper(pixels)
    rows, columns = np.nonzero(near[::SAMPLED, ::SAMPLED])
    if not _tell(pixels, paper, rows * SAMPLED, columns * SAMPLED)[1].any():
        return np.zeros_like(mask)
    rows, columns = np.nonzero(near)
    coloured, bright = _tell(pixels, paper, rows, columns)
    marks = np.zeros_like(mask)
    marks[rows[coloured], columns[coloured]] = 1
    count, labels = cv2.connectedComponents(marks)
    owner = labels[rows, columns]
    shining = np.bincount(owner[bright], minlength=count)
    sizes = np.bincount(owner[coloured], minlength=count)
    drawn = shining > LEAST * np.maximum(1, sizes)
    return np.asarray(drawn[labels], np.uint8)


def _brightest_paper(pixels: Pixels) -> Pixels:
    """Colour of the brightest paper nearby, on a coarse grid: shape (64, 64, 3)."""
    sample = np.ascontiguousarray(pixels[::SAMPLED, ::SAMPLED])
    small = cv2.resize(sample, (GRID, GRID), interpolation=cv2.INTER_AREA)
    paper = cv2.dilate(cv2.medianBlur(small, THIN), np.ones((NEAR, NEAR), np.uint8))
    return np.asarray(paper, np.uint8)


def _tell(pixels: Pixels, paper: Pixels, rows: Indices, columns: Indices) -> tuple[Flags, Flags]:
    """Tell which pixels differ in colour from the paper, and which of these shine."""
    height, width = pixels.shape[:2]
    around = paper[rows * GRID // height, columns * GRID // width]
    # channel by channel: reducing along so short an axis is slow
    red, green, blue = (pixels[rows, columns].astype(np.int16) - around).T
    most = np.maximum(np.maximum(red, green), blue)
    coloured = most - np.minimum(np.minimum(red, green), blue) > COLOURED
    return coloured, coloured & (most > BRIGHTER)
