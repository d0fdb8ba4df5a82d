"""Tell a form's colour from the pen's.

Boxes and rules are often printed in a colour of their own, so that a scanner can drop it. Where the
ink falls into two colours and one of them draws nothing but boxes and lines, that one goes.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.rules import is_frame
from tenfold.preprocess.segment import Piece, find_pieces

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

APART = 5.0  # squared distance of two inks' colours over their variances
LEAST_SHARE = 0.08  # of the ink: a second colour with less is noise
# Shares of a form's ink in boxes, or in straight lines, and how much more that is than the pen's.
FORM, STRAIGHT, MARGIN = 0.6, 0.6, 0.3
MOST_SAMPLES = 20_000
GRID = 64  # cells along each side on which the paper's colour is taken


def drop_form_colour(pixels: Pixels, ink: Ink, height: float) -> Ink:
    """Return the ink without what a form printed in a colour of its own.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
        The picture; a grey one is returned as it is.
    ink : Ink
    height : float
        How high a digit is, in pixels.
    """
    inked = ink.mask > 0
    if pixels.ndim == 2 or not inked.any():
        return ink
    rows, columns = np.nonzero(inked)
    step = max(1, len(rows) // MOST_SAMPLES)
    paper = _paper_colour(pixels)
    split = _split(_tones(pixels, paper, rows[::step], columns[::step]))
    if split is None:
        return ink
    axis, threshold = split
    second = np.zeros_like(ink.mask)
    second[rows, columns] = _tones(pixels, paper, rows, columns) @ axis > threshold
    first = ink.mask - second
    for form, pen in ((first, second), (second, first)):
        if _is_form(form, pen, height):
            return replace(ink, mask=pen, level=ink.level * (1 - form))
    return ink


def _paper_colour(pixels: Pixels) -> Pixels:
    """Colour of the paper on a coarse grid: shape (64, 64, 3)."""
    sample = np.ascontiguousarray(pixels[::2, ::2])  # every second pixel tells as well
    small = cv2.resize(sample, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.medianBlur(small, GRID // 2 - 1), np.uint8)


def _tones(
    pixels: Pixels, paper: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Floats:
    """Direction in which pixels' colours differ from the paper's: shape (n, 3)."""
    height, width = pixels.shape[:2]
    local = paper[rows * GRID // height, columns * GRID // width].astype(np.float32)
    difference = local - pixels[rows, columns]
    length = np.sqrt(np.einsum("ij,ij->i", difference, difference))[:, None]
    return np.asarray(difference / np.maximum(length, 1), np.float32)


def _split(tones: Floats) -> tuple[Floats, float] | None:
    """Axis and threshold that part two inks, or None where there is but one."""
    centred = tones - tones.mean(axis=0)
    axis = np.asarray(np.linalg.eigh(centred.T @ centred)[1][:, -1], np.float32)
    along = tones @ axis
    low, high = float(along.min()), float(along.max())
    if high - low < 1e-3:
        return None
    levels = ((along - low) * (255 / (high - low))).astype(np.uint8)
    cut, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    threshold = low + (cut + 1) * (high - low) / 255
    one, other = along[along <= threshold], along[along > threshold]
    if min(len(one), len(other)) < LEAST_SHARE * len(along):
        return None
    distance = float(one.mean() - other.mean()) ** 2 / float(one.var() + other.var() + 1e-9)
    return (axis, threshold) if distance >= APART else None


def _is_form(form: Pixels, pen: Pixels, height: float) -> bool:
    """Tell whether one colour draws boxes or straight lines and the other does not."""
    boxes = _form_share(form, height)
    if boxes >= FORM and boxes >= _form_share(pen, height) + MARGIN:
        return True
    straight = _straight_share(form, height)
    return straight >= STRAIGHT and straight >= _straight_share(pen, height) + MARGIN


def _straight_share(mask: Pixels, height: float) -> float:
    """Share of a mask's ink in level or upright strokes of half a digit's height."""
    length = max(3, int(0.5 * height))
    whole = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3))), np.uint8)
    level = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    return float(np.asarray(cv2.max(level, upright)).sum()) / max(1.0, float(whole.sum()))


def _form_share(mask: Pixels, height: float) -> float:
    """Share of a mask's ink that lies in boxes, corners and straight lines."""
    pieces = find_pieces(np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3)))))
    lines = sum(piece.area for piece in pieces if _is_line(piece, height))
    return lines / max(1, sum(piece.area for piece in pieces))


def _is_line(piece: Piece, height: float) -> bool:
    slender = min(piece.width, piece.height) <= max(3.0, 0.16 * max(piece.width, piece.height))
    return slender or is_frame(piece, 0.5 * height)
