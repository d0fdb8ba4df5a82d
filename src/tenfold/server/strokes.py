"""Draw strokes as dark ink on white paper: what a pen left on a canvas becomes a picture.

A stroke is a few hundred bytes where a picture of it is many thousands, and one piece of code draws
it on every machine. The picture drawn here goes the way of every other picture.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import DataError

Pixels = NDArray[np.uint8]

MOST_SIDE, LEAST_SIDE = 2048, 8
MOST_STROKES, MOST_POINTS = 2_000, 100_000
LEAST_PEN, MOST_PEN = 0.5, 200.0
PENS_TO_A_SIDE = 24  # the pen of who names none, as a part of the shorter side
FINE_SIDE = 640  # pictures no larger are drawn four times finer, others twice
SUBPIXEL = 4  # bits behind the point in OpenCV's coordinates


def rasterise(drawing: dict[str, Any]) -> Pixels:
    """Draw a drawing as the API takes it.

    Parameters
    ----------
    drawing : dict
        ``strokes``: a list of ``{"points": [[x, y], …], "pen": 6}``, in pixels, y downwards; a
        single point is a dot. ``width`` and ``height`` of the picture.

    Returns
    -------
    uint8 array, shape (height, width)
        255 where the paper is bare, 0 where ink is.

    Raises
    ------
    DataError
        If it is no such drawing or too large.

    Examples
    --------
    >>> drawing = {"strokes": [{"points": [[5, 5], [15, 15]], "pen": 3}], "width": 20, "height": 20}
    >>> picture = rasterise(drawing)
    >>> picture.shape, int(picture[10, 10]), int(picture[2, 17])
    ((20, 20), 0, 255)
    """
    width, height = _side(drawing, "width"), _side(drawing, "height")
    strokes = drawing.get("strokes")
    if not isinstance(strokes, list) or len(strokes) > MOST_STROKES:
        raise DataError(f"strokes: give a list of at most {MOST_STROKES} strokes.")
    fine = 4 if max(width, height) <= FINE_SIDE else 2
    cover = np.zeros((height * fine, width * fine), np.uint8)
    left = MOST_POINTS
    for number, stroke in enumerate(strokes):
        points, pen = _stroke(stroke, number, left, min(width, height) / PENS_TO_A_SIDE)
        left -= len(points)
        # Far outside nothing shows, and OpenCV's coordinates must not overflow.
        points = np.clip(points, -MOST_SIDE, 2 * MOST_SIDE)
        path = np.round((points + 0.5) * fine * 2**SUBPIXEL).astype(np.int32)[:, None]
        thick = max(1, round(pen * fine))
        cv2.polylines(cover, [path], False, 255, thick, cv2.LINE_AA, shift=SUBPIXEL)
    small = cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(255 - small, np.uint8)


def _side(drawing: dict[str, Any], name: str) -> int:
    value = drawing.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DataError(f"{name}: a drawing needs its {name}, a whole number of pixels.")
    if not LEAST_SIDE <= value <= MOST_SIDE:
        raise DataError(f"{name}: {value} is not from {LEAST_SIDE} to {MOST_SIDE} pixels.")
    return value


def _stroke(
    stroke: object, number: int, most: int, usual: float
) -> tuple[NDArray[np.float64], float]:
    where = f"strokes[{number}]"
    if not isinstance(stroke, dict) or not isinstance(stroke.get("points"), list):
        raise DataError(f'{where}: give {{"points": [[x, y], …], "pen": 6}}.')
    pen = stroke.get("pen", usual)
    if not _is_number(pen):
        raise DataError(f"{where}: its pen is no number. Give its width in pixels.")
    if "pen" in stroke and not LEAST_PEN <= pen <= MOST_PEN:
        raise DataError(f"{where}: a pen is {LEAST_PEN:g} to {MOST_PEN:g} pixels wide.")
    points = stroke["points"]
    if not 0 < len(points) <= most:
        raise DataError(
            f"{where}: it has {len(points)} points. Give at least one, "
            f"and at most {MOST_POINTS} in a drawing."
        )
    if not all(isinstance(p, list) and len(p) == 2 and all(map(_is_number, p)) for p in points):
        raise DataError(f"{where}: a point is two finite numbers, [x, y].")
    # OpenCV draws nothing through a single point; a dot is a line to itself.
    return np.array(points if len(points) > 1 else points * 2, np.float64), float(pen)


def _is_number(value: object) -> bool:
    # Booleans are integers to Python, and a huge integer fits no float.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 if isinstance(value, int) else math.isfinite(value)
