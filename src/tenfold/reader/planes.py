"""How the finder sees a picture: grey, and grey against its surroundings."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

AROUND = 63  # pixels of the picture as the finder sees it: a large digit's height
FLOOR = 6.0  # grey levels: what varies less is flat paper, not faint ink


def planes(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
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
