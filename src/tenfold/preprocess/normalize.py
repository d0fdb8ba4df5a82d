"""Fit a glyph into MNIST's frame.

MNIST's digits were cropped, scaled into a 20×20 box keeping their aspect ratio, and moved so that
their centre of mass lies at the centre of a 28×28 field (LeCun et al. 1998, section III.A).
A network trained on MNIST reads only pictures framed the same way, so everything it sees passes
here. The pen is brought near MNIST's as well: a hairline would vanish when shrunk to 20 pixels. So
are edges: blur closes the holes that tell a 6 from a 5.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

FIELD, BOX = 28, 20
MARGIN = 0.3  # of the digit's longer side: paper around it, to tell ink from paper by
MOSTLY = 0.5  # of a connected component: so much of it where the digit is, and all of it belongs
LEAST = 6  # pixels of ink
FULL_INK = 90.0  # percentile of the ink's levels that becomes 255
FAINTEST = 20  # levels of 255 below which the edge of a stroke does not count
ROOM = 4  # pens are widened on a grid this many times finer than the box
THIN, THINNEST = 2.2, 1.7  # pens under the second are widened to the first, in pixels of the box

SOFTEST = 0.68  # grey levels of 1 a pixel: the steepest edges of the blurriest of MNIST's digits
INKED = 50  # grey levels: what is fainter has no edge
SHARPEN, REACH = 1.0, 1.5  # unsharp masking: how much, and its Gaussian's standard deviation


def frame_glyph(level: Pixels, mask: Pixels) -> Pixels:
    """Frame one glyph the way MNIST's makers framed theirs.

    Parameters
    ----------
    level : uint8 array, shape (h, w)
        Ink level; its surroundings included, as far as they belong to the glyph.
    mask : uint8 array, shape (h, w)
        1 on the glyph's own ink, 0 elsewhere, ink of neighbours included.

    Returns
    -------
    uint8 array, shape (28, 28)
        White ink on black; all black where the mask is empty.

    Examples
    --------
    >>> import numpy as np
    >>> bar = np.full((40, 8), 200, np.uint8)
    >>> glyph = frame_glyph(bar, np.ones_like(bar))
    >>> glyph.shape, int(glyph.max()), int((glyph > 0).any(axis=1).sum())
    ((28, 28), 255, 20)
    """
    soft = _soften(level, mask)
    rows, columns = np.flatnonzero(soft.any(axis=1)), np.flatnonzero(soft.any(axis=0))
    if not len(rows):
        return np.zeros((FIELD, FIELD), np.uint8)
    soft = soft[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _sharpen(_centre(_fit(soft)))


def frame_own(ink: Ink, near: NDArray[np.bool_]) -> Pixels | None:
    """Frame the ink that mostly lies where the digit is: uint8 ``(28, 28)``, None for too little.

    Parameters
    ----------
    ink : Ink
        Of the digit and what is around it.
    near : bool array, shape (h, w)
        Where the digit's own ink may be.
    """
    count, labels, _, _ = cv2.connectedComponentsWithStats(ink.mask, connectivity=8)
    inked = np.bincount(labels.ravel(), minlength=count)
    on = np.bincount(labels.ravel(), weights=near.ravel(), minlength=count)
    whole = on > MOSTLY * inked
    whole[0] = False
    mask = whole[labels] | (near & (ink.mask > 0))
    return frame_glyph(ink.level, mask.astype(np.uint8)) if int(mask.sum()) >= LEAST else None


def _soften(level: Pixels, mask: Pixels) -> Pixels:
    """Ink levels of the glyph alone, stretched so that a stroke's core is 255."""
    full = _full_ink(level, mask)
    if full is None:
        return np.zeros_like(level)
    near = np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)
    soft = np.asarray(cv2.multiply(level, near, scale=255 / max(1.0, full)), np.uint8)
    soft[soft < FAINTEST] = 0
    return soft


def slopes(grey: Pixels) -> Floats:
    """How steep a grey picture is at every pixel: Sobel's, eight times grey levels a pixel."""
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    return np.asarray(np.hypot(across, cv2.Sobel(grey, cv2.CV_32F, 0, 1)), np.float32)


def _full_ink(level: Pixels, mask: Pixels) -> float | None:
    """FULL_INK's percentile of the levels on the mask, from their histogram; None without any."""
    counts = np.cumsum(cv2.calcHist([level], [0], mask, [256], [0, 256]).ravel())
    if not counts[-1]:
        return None
    place = FULL_INK / 100 * (float(counts[-1]) - 1)
    below, above = np.searchsorted(
        counts, [int(place), min(int(place) + 1, counts[-1] - 1)], "right"
    )
    return float(below + (place - int(place)) * (above - below))


def pen_width(soft: Pixels) -> float:
    """Mean stroke width in pixels: twice the ink's area over the length of its outline."""
    ink = np.pad(soft > 127, 1)
    edges = np.count_nonzero(ink[1:] != ink[:-1]) + np.count_nonzero(ink[:, 1:] != ink[:, :-1])
    outline = edges * np.pi / 4  # Cauchy–Crofton: crossings along both axes
    return 2 * float(soft.sum(dtype=np.float64)) / 255 / max(outline, 1.0)


def _fit(soft: Pixels) -> Pixels:
    """Scale to the 20×20 box keeping the aspect ratio, with a pen that survives it."""
    longest = max(soft.shape)
    if longest == BOX:
        return soft
    return _resize(_broaden(soft, longest, BOX), BOX)


def _broaden(soft: Pixels, now: int, then: int) -> Pixels:
    """Broaden a pen that would vanish when what is so many pixels long now is made as long then."""
    pen = pen_width(soft) * then / now
    if pen >= THINNEST or now <= then:
        return soft
    zoom = min(1.0, then * ROOM / now)
    fine = _resize(soft, round(max(soft.shape) * zoom)) if zoom < 1 else soft
    width = round((THIN - pen) * now * zoom / then)
    if width < 1:
        return fine
    nib = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
    broad = np.asarray(cv2.dilate(np.pad(fine, width), nib), np.uint8)
    peak = int(broad.max())
    broad = np.asarray(cv2.convertScaleAbs(broad, alpha=255 / max(peak, 1)), np.uint8)
    rows, columns = np.flatnonzero(broad.any(axis=1)), np.flatnonzero(broad.any(axis=0))
    return broad[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resize(soft: Pixels, longest: int) -> Pixels:
    height, width = soft.shape
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(soft, size, interpolation=how), np.uint8)


def _centre(small: Pixels) -> Pixels:
    """Place in the field with the centre of mass at its centre."""
    height, width = small.shape
    weights = small.astype(np.float64)
    total = max(float(weights.sum()), 1e-9)
    middle = FIELD / 2  # measured on MNIST: its centres of mass lie within half a pixel of 14.0
    top = round(middle - float(weights.sum(axis=1) @ np.arange(height)) / total)
    left = round(middle - float(weights.sum(axis=0) @ np.arange(width)) / total)
    top, left = min(max(top, 0), FIELD - height), min(max(left, 0), FIELD - width)
    field = np.zeros((FIELD, FIELD), np.uint8)
    field[top : top + height, left : left + width] = small
    return field


def _sharpen(glyph: Pixels) -> Pixels:
    """Sharpen a glyph whose edges are softer than those of any digit of MNIST."""
    grey = glyph.astype(np.float32)
    inked = glyph > INKED
    if not inked.any() or _nearly_most(slopes(glyph)[inked]) >= 4 * 255 * SOFTEST:
        return glyph
    sharp = grey + SHARPEN * (grey - cv2.GaussianBlur(grey, (0, 0), REACH))
    return np.asarray(
        np.clip(sharp * (255 / max(1.0, _nearly_most(sharp[inked]))), 0, 255), np.uint8
    )


def _nearly_most(values: Floats) -> float:
    """FULL_INK's percentile as NumPy gives it, five times faster for so few."""
    place = FULL_INK / 100 * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    parted = np.partition(values, (below, above))
    return float(parted[below]) + (place - below) * (float(parted[above]) - float(parted[below]))
