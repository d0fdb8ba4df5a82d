"""Draw strokes as dark ink on white paper: what a pen left on a canvas becomes a picture.

A stroke is a few hundred bytes where a picture of it is many thousands, and one piece of code draws
it on every machine. The picture drawn here goes the way of every other picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from tenfold.server.bodies import Drawing, Pixels

PENS_TO_A_SIDE = 24  # the pen of who names none, as a part of the shorter side
FINE_SIDE = 640  # pictures no larger are drawn four times finer, others twice
SUBPIXEL = 4  # bits behind the point in OpenCV's coordinates


def rasterise(drawing: Drawing) -> Pixels:
    """Draw a drawing as the API takes it.

    Returns
    -------
    uint8 array, shape (height, width)
        255 where the paper is bare, 0 where ink is.

    Examples
    --------
    >>> from tenfold.server.bodies import Drawing, Stroke
    >>> stroke = Stroke(points=[[5, 5], [15, 15]], pen=3)
    >>> picture = rasterise(Drawing(strokes=[stroke], width=20, height=20))
    >>> picture.shape, int(picture[10, 10]), int(picture[2, 17])
    ((20, 20), 0, 255)
    """
    width, height = drawing.width, drawing.height
    fine = 4 if max(width, height) <= FINE_SIDE else 2
    cover = np.zeros((height * fine, width * fine), np.uint8)
    for stroke in drawing.strokes:
        # OpenCV draws nothing through a single point; a dot is a line to itself.
        points = np.array(stroke.points * (2 if len(stroke.points) == 1 else 1), np.float64)
        # Far outside nothing shows, and OpenCV's coordinates must not overflow.
        points = np.clip(points, -2048, 4096)
        path = np.round((points + 0.5) * fine * 2**SUBPIXEL).astype(np.int32)[:, None]
        pen = stroke.pen or min(width, height) / PENS_TO_A_SIDE
        cv2.polylines(
            cover, [path], False, 255, max(1, round(pen * fine)), cv2.LINE_AA, shift=SUBPIXEL
        )
    small = cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(255 - small, np.uint8)
