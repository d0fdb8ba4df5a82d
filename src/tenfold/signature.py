"""What the finder and the line recogniser take and give, for both halves: training and reading.

The finder takes planes of a picture of any size and gives the kinds of ink at half that size and
places of digits at a quarter. The line recogniser takes normalised strips 48 pixels high and gives
every second column a probability of each character.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Kinds of ink: digits by hand, printed ones that stand by themselves, printed ones in words and
# sentences, signs between digits, digits that are struck out.
HAND, PRINT, RUNNING, SIGN, STRUCK = range(5)
KINDS = 5
DIGIT_KINDS = (HAND, PRINT, RUNNING, STRUCK)
PLACES = 1 + 4 + 10 + len(DIGIT_KINDS)  # heat; offset and size; which digit; which kind

FINE, PLACE = 2, 4  # pixels a cell of the kinds, and of the places
AROUND = 63  # pixels of the picture as the finder sees it: a large digit's height
FLOOR = 6.0  # grey levels: what varies less is flat paper, not faint ink

DIGITS = "0123456789"
SIGNS = ".,-/:+=()%"
CHARS = DIGITS + SIGNS  # the line recogniser's classes, in this order, after the blank
STRIP, DIGIT = 48, 30.0  # pixels: the height of a strip, and of a digit in it
STRIDE = 2  # columns of a strip in a frame
SPREAD = 8.0  # grey levels: what varies less is paper, not faint ink


def planes(grey: Pixels) -> Floats:
    """Return two planes, float ``(2, h, w)``: grey from −0.5 to 0.5, and how it stands out locally.

    Examples
    --------
    >>> planes(np.zeros((32, 48), np.uint8)).shape
    (2, 32, 48)
    """
    level = grey.astype(np.float32)
    mean = cv2.blur(level, (AROUND, AROUND), borderType=cv2.BORDER_REPLICATE)
    square = cv2.blur(level * level, (AROUND, AROUND), borderType=cv2.BORDER_REPLICATE)
    spread = np.sqrt(np.maximum(square - mean * mean, 0)) + FLOOR
    return np.stack(
        [level * np.float32(1 / 255) - np.float32(0.5), (level - mean) / spread * np.float32(0.5)]
    )


def strips_of(strips: list[Pixels]) -> Floats:
    """Bring grey strips to mean 0 and spread 1 each, and to one width: float ``(n, 1, 48, w)``.

    Narrower ones go on to the right as their last column is.

    Examples
    --------
    >>> strips_of([np.zeros((48, 40), np.uint8), np.zeros((48, 60), np.uint8)]).shape
    (2, 1, 48, 60)
    """
    width = max(strip.shape[1] for strip in strips)
    out = np.empty((len(strips), 1, STRIP, width), np.float32)
    for row, strip in zip(out, strips, strict=True):
        level = strip.astype(np.float32)
        level = (level - level.mean()) / (level.std() + SPREAD)
        row[0, :, : level.shape[1]] = level
        row[0, :, level.shape[1] :] = level[:, -1:]
    return out
