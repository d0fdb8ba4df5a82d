"""Cut single glyphs out for the classifier: the ink of one digit, framed as MNIST's are.

Ink is told from paper close around the digit, and of that ink only what the finder calls a digit's
is kept: rests of frames, rules and neighbours fall away.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.normalize import MARGIN, frame_own
from tenfold.reader.find import Finding, Found
from tenfold.signature import DIGIT_KINDS, FINE

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]

DIGIT = 0.25  # probability of digit ink from which on ink may belong to the digit


def glyph(
    pixels: Pixels, seen: Finding, found: Found, others: Sequence[Found] = ()
) -> Pixels | None:
    """Frame the digit that was found: uint8 ``(28, 28)``, or None where there is no ink.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
    seen : Finding
    found : Found
    others : sequence of Found
        Its neighbours, whose boxes are not its own.
    """
    height, width = pixels.shape[:2]
    margin = MARGIN * max(found.width, found.height)
    left, top = max(0, int(found.x - margin)), max(0, int(found.y - margin))
    right, bottom = (
        min(width, int(found.right + margin) + 1),
        min(height, int(found.bottom + margin) + 1),
    )
    if right - left < 4 or bottom - top < 4:
        return None
    ink = find_ink(np.ascontiguousarray(pixels[top:bottom, left:right]))
    near = _digit_ink(seen, found, (left, top, right, bottom)) > DIGIT
    for other in others:
        if other is not found:
            x0 = max(
                0,
                int(
                    max(
                        other.x,
                        found.middle[0] + 0.2 * found.width if other.x > found.x else other.x,
                    )
                    - left
                ),
            )
            x1 = min(
                right - left,
                int(
                    min(
                        other.right,
                        found.middle[0] - 0.2 * found.width if other.x < found.x else other.right,
                    )
                    - left
                )
                + 1,
            )
            y0, y1 = max(0, int(other.y - top)), max(0, int(other.bottom - top) + 1)
            if x1 > x0:
                near[y0:y1, x0:x1] = False
    return frame_own(ink, near)


def _digit_ink(seen: Finding, found: Found, area: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Probability of digit ink of any kind, at the picture's size."""
    level = seen.levels[found.level]
    kinds = level.kinds[list(DIGIT_KINDS)].max(axis=0)
    left, top, right, bottom = area
    scale = level.scale / FINE
    # Sample the masks at the middle of each pixel.
    x = ((np.arange(left, right) + 0.5) * scale - 0.5).astype(np.float32)
    y = ((np.arange(top, bottom) + 0.5) * scale - 0.5).astype(np.float32)
    grid = np.meshgrid(x, y)
    return np.asarray(
        cv2.remap(kinds, grid[0], grid[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
