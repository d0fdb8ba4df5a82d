"""How the exported files that frame glyphs themselves make one from a grey crop.

This is what they are compared with: ink told from plain paper, then `frame_glyph`. The reader does
more than that, for whole pictures: it evens out the light and leaves out what is no digit.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.normalize import REACH, ROOM, THIN, frame_glyph

Pixels = NDArray[np.uint8]

INK = 42  # per cent of the blackest ink's level: where a stroke's edge lies
FAINTEST_INK = 6  # grey levels that the blackest ink differs from the paper at least
DARK = 128  # paper below this is dark, and its ink is light
WIDEST = round(THIN * ROOM)  # pixels that a pen is widened by at the most
NIB = WIDEST + 1  # the widest nib's side
TAPS = round(REACH * 8 + 1) | 1  # of OpenCV's Gaussian on floats


def frame_crop(grey: Pixels) -> Pixels:
    """Frame the glyph of a crop with plain paper around it, as MNIST's makers framed theirs.

    The paper's level is the median of the crop's border. If it is dark, the ink is lighter.

    Parameters
    ----------
    grey : uint8 array, shape (h, w)
        One glyph on plain paper; the crop may be of any size.

    Returns
    -------
    uint8 array, shape (28, 28)
        White ink on black; all black where there is no ink.

    Examples
    --------
    >>> import numpy as np
    >>> crop = np.full((60, 40), 230, np.uint8)
    >>> crop[10:50, 18:24] = 40
    >>> glyph = frame_crop(crop)
    >>> glyph.shape, int(glyph.max()), int((glyph > 0).any(axis=1).sum())
    ((28, 28), 255, 20)
    """
    border = np.sort(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    paper = int(border[(len(border) - 1) // 2])
    dark = np.full_like(grey, paper)
    level = cv2.subtract(grey, dark) if paper < DARK else cv2.subtract(dark, grey)
    peak = int(level.max())
    mask = level.astype(int) * 100 > INK * peak if peak >= FAINTEST_INK else level > 255
    return frame_glyph(np.asarray(level, np.uint8), mask.astype(np.uint8))


def nibs() -> Pixels:
    """Return the nibs by which pens are widened: uint8 ``(widths, NIB, NIB)``, 1 on the nib.

    Row ``w`` is that of pens widened by ``w`` pixels. The middle is at ``NIB // 2``.

    Examples
    --------
    >>> nibs()[2, 4:7, 4:7].tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    found = np.zeros((WIDEST + 1, NIB, NIB), np.uint8)
    for width in range(WIDEST + 1):
        nib = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
        first = NIB // 2 - (width + 1) // 2
        found[width, first : first + width + 1, first : first + width + 1] = nib
    return found
