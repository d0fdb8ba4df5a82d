"""Classify glyphs that come as arrays of numbers: 28×28 as MNIST has them, 8×8 as scikit-learn."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import DataError
from tenfold.model import Model
from tenfold.preprocess.normalize import BOX, FIELD, frame_glyph

MOST = 10_000
SMALL = 8
FULL_INK = {FIELD: 255.0, SMALL: 16.0}  # the value of full ink, by size
FAINT = 60  # of 255: what is fainter in an enlarged 8×8 picture is the rim of a stroke

Pixels = NDArray[np.uint8]


def classify(model: Model, record: dict[str, Any]) -> dict[str, Any]:
    """Answer ``{"images": …}`` with the digit, probabilities and digitness of each.

    Raises
    ------
    DataError
        If the arrays are of another shape or hold values out of range.
    """
    glyphs = _glyphs(record.get("images"))
    chances, digitness = model.predict_with_digitness(glyphs)
    return {
        "answers": [
            {
                "digit": int(row.argmax()),
                "confidence": round(float(row.max()), 4),
                "probabilities": [round(float(p), 4) for p in row],
                "digitness": round(float(likeness), 4),
            }
            for row, likeness in zip(chances, digitness, strict=True)
        ]
    }


def _glyphs(images: object) -> Pixels:
    if not isinstance(images, list) or not 0 < len(images) <= MOST:
        raise DataError(f"images: give a list of 1 to {MOST} pictures, each a list of rows.")
    try:
        # Booleans and text would pass for numbers in an array.
        array = np.asarray(images)
        if array.dtype.kind not in "iuf":
            raise ValueError
    except ValueError:
        raise DataError("images: not all of one size, or not all numbers.") from None
    if array.shape[1:] not in {(FIELD, FIELD), (SMALL, SMALL)}:
        shape = "×".join(map(str, array.shape[1:])) or "no rows"
        raise DataError(f"images: each is {shape}; give {FIELD}×{FIELD} or {SMALL}×{SMALL}.")
    full = FULL_INK[array.shape[1]]
    if not ((array >= 0) & (array <= full)).all():
        raise DataError(
            f"images: {array.shape[1]}×{array.shape[1]} pictures hold values from 0 (paper) to "
            f"{full:g} (full ink)."
        )
    levels = np.rint(array * (255 / full)).astype(np.uint8)
    return levels if array.shape[1] == FIELD else np.stack([_enlarge(one) for one in levels])


def _enlarge(level: Pixels) -> Pixels:
    large = np.asarray(cv2.resize(level, (BOX, BOX), interpolation=cv2.INTER_CUBIC), np.uint8)
    return frame_glyph(large, (large > FAINT).astype(np.uint8))
