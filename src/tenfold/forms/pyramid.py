"""A picture in the sizes in which it is compared, each made once and only when it is needed."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]

_FINE = 0.7  # a picture may be so many octaves larger than needed, which saves reducing it


def scaling(x: float, y: float) -> Floats:
    """Return the matrix that scales pixels, where whole numbers are the middles of pixels."""
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]], np.float64)


class Pyramid:
    """A picture, halved as often as needed.

    Parameters
    ----------
    picture : uint8 array, shape (h, w)

    Examples
    --------
    >>> pyramid = Pyramid(np.zeros((400, 300), np.uint8))
    >>> small, matrix = pyramid.reduced(100)
    >>> small.shape, float(matrix[0, 0])
    ((100, 75), 0.25)
    """

    def __init__(self, picture: Grey) -> None:
        self.picture = np.ascontiguousarray(picture)
        self._levels = [self.picture]

    def at(self, shrink: float) -> tuple[Grey, Floats]:
        """Return the picture about so many times smaller, and the matrix from its pixels there."""
        level = max(0, int(np.floor(np.log2(max(shrink, 1e-9)) + 1 - _FINE)))
        while level >= len(self._levels) and min(self._levels[-1].shape) >= 2:
            last = self._levels[-1]
            height, width = (side // 2 * 2 for side in last.shape)  # halved exactly is quick
            half = cv2.resize(
                last[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA
            )
            self._levels.append(np.asarray(half, np.uint8))
        level = min(level, len(self._levels) - 1)
        return self._levels[level], scaling(0.5**level, 0.5**level)

    def reduced(self, long_side: int) -> tuple[Grey, Floats]:
        """Return the picture with a long side of at most so many pixels, and that matrix."""
        shrink = max(self.picture.shape) / long_side
        if shrink <= 1:
            return self.picture, np.eye(3)
        self.at(2.0 ** (np.floor(np.log2(shrink)) + _FINE))
        near = min(int(np.log2(shrink)), len(self._levels) - 1)
        level = self._levels[near]
        height, width = self.picture.shape
        size = max(1, round(width / shrink)), max(1, round(height / shrink))
        small = cv2.resize(level, size, interpolation=cv2.INTER_AREA)
        inner = scaling(size[0] / level.shape[1], size[1] / level.shape[0])
        return np.asarray(small, np.uint8), inner @ scaling(0.5**near, 0.5**near)
