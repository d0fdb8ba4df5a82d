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
FORM, MARGIN = 0.6, 0.25  # share of boxes and lines in a form's colour, and more than in the pen's
MOST_SAMPLES = 20_000


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
    tones = _tones(pixels, inked)
    split = _split(tones[:: max(1, len(tones) // MOST_SAMPLES)])
    if split is None:
        return ink
    axis, threshold = split
    second = np.zeros_like(ink.mask)
    second[inked] = (tones @ axis > threshold).astype(np.uint8)
    first = ink.mask - second
    shares = [_form_share(mask, height) for mask in (first, second)]
    form = int(np.argmax(shares))
    if shares[form] < FORM or shares[form] < shares[1 - form] + MARGIN:
        return ink
    pen = (first, second)[1 - form]
    return replace(ink, mask=pen, level=ink.level * (1 - (first, second)[form]))


def _tones(pixels: Pixels, inked: NDArray[np.bool_]) -> Floats:
    """Direction in which each ink pixel's colour differs from the paper's: shape (n, 3)."""
    small = cv2.resize(pixels, (64, 64), interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(small, 31), inked.shape[::-1], interpolation=cv2.INTER_LINEAR)
    difference = paper[inked].astype(np.float32) - pixels[inked]
    length = np.linalg.norm(difference, axis=1, keepdims=True)
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
    threshold = low + (cut + 0.5) * (high - low) / 255
    one, other = along[along <= threshold], along[along > threshold]
    if min(len(one), len(other)) < LEAST_SHARE * len(along):
        return None
    distance = float(one.mean() - other.mean()) ** 2 / float(one.var() + other.var() + 1e-9)
    return (axis, threshold) if distance >= APART else None


def _form_share(mask: Pixels, height: float) -> float:
    """Share of a mask's ink that lies in boxes, corners and straight lines."""
    pieces = find_pieces(np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3)))))
    lines = sum(piece.area for piece in pieces if _is_line(piece, height))
    return lines / max(1, sum(piece.area for piece in pieces))


def _is_line(piece: Piece, height: float) -> bool:
    slender = min(piece.width, piece.height) <= max(3.0, 0.16 * max(piece.width, piece.height))
    return slender or is_frame(piece, 0.5 * height)
