"""Leave out what a program drew over a photo: boxes, labels, marks of an earlier reading.

Ink takes light away. A pixel that is far darker than the paper in one colour and brighter than it
in another was never ink on that paper.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink

Pixels = NDArray[np.uint8]

GRID = 64  # cells along each side on which the paper is taken
THIN, NEAR = 5, 9  # cells: so far lines do not matter, and so far paper may be brighter
# Grey levels: one colour is so much brighter than the paper's, and differs so much from another.
BRIGHTER, COLOURED = 32, 64
LEAST = 0.05  # of a mark's pixels: so many shine
FRINGE = 3  # pixels across: where the colour mixes with the paper's
MOST = 0.6  # of the ink: more than this is no overlay but a drawing


def drop_overlay(pixels: Pixels, ink: Ink) -> Ink:
    """Return the ink without lines in colours that shine brighter than the paper.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
        The picture; a grey one's ink is returned as it is.
    ink : Ink
    """
    if pixels.ndim == 2 or not ink.mask.any():
        return ink
    overlay = _shining(pixels, ink.mask)
    if not overlay.any():
        return ink
    overlay = np.asarray(cv2.dilate(overlay, np.ones((FRINGE, FRINGE), np.uint8)), np.uint8)
    if int((overlay & ink.mask).sum()) > MOST * int(ink.mask.sum()):
        return ink
    keep = 1 - overlay
    return replace(ink, level=ink.level * keep, mask=ink.mask * keep)


def _shining(pixels: Pixels, mask: Pixels) -> Pixels:
    """Mark coloured marks of which enough pixels shine, at the ink and just beside it."""
    rows, columns = np.nonzero(cv2.dilate(mask, np.ones((3, 3), np.uint8)))
    small = cv2.resize(pixels, (GRID, GRID), interpolation=cv2.INTER_AREA)
    paper = cv2.dilate(cv2.medianBlur(small, THIN), np.ones((NEAR, NEAR), np.uint8))
    height, width = mask.shape
    around = paper[rows * GRID // height, columns * GRID // width]
    change = pixels[rows, columns].astype(np.int16) - around
    most = change.max(axis=1)
    coloured = most - change.min(axis=1) > COLOURED
    marks = np.zeros_like(mask)
    marks[rows[coloured], columns[coloured]] = 1
    count, labels = cv2.connectedComponents(marks)
    owner = labels[rows, columns]
    shining = np.bincount(owner[coloured & (most > BRIGHTER)], minlength=count)
    sizes = np.bincount(owner[coloured], minlength=count)
    drawn = shining > LEAST * np.maximum(1, sizes)
    return np.asarray(drawn[labels], np.uint8)
