"""A sheet to draw on that remembers what each pixel and each mark is.

Everything a scene draws passes here: ink is laid by coverage, and digits, signs and what is struck
out are kept beside it as masks and boxes, the ground truth that the networks learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from tenfold.signature import HAND, KINDS, PRINT, RUNNING, STRUCK
from tenfold.synthesis.pages.strokes import Floats, Pixels, rasterise

SEEN = 0.6  # of a mark's ink must lie on the sheet, or it is no digit any more


@dataclass(frozen=True, slots=True)
class Placed:
    """One digit or sign on the sheet: its character, kind and box (left, top, right, bottom)."""

    char: str
    kind: int
    box: tuple[float, float, float, float]

    @property
    def middle(self) -> float:
        """Where it is along the line."""
        return (self.box[0] + self.box[2]) / 2


class Canvas:
    """Ink on nothing yet, uint8 ``(h, w)``.

    Parameters
    ----------
    height, width : int
    masks : bool
        Whether to keep a mask of each kind; strips need none.
    """

    def __init__(self, height: int, width: int, masks: bool = True) -> None:
        self.height, self.width = height, width
        self.ink = np.zeros((height, width), np.uint8)
        self.masks = np.zeros((KINDS if masks else 0, height, width), np.uint8)
        self.placed: list[Placed] = []

    def put(
        self,
        glyph: Pixels,
        x: float,
        y: float,
        level: float = 1.0,
        kind: int | None = None,
        char: str | None = None,
    ) -> None:
        """Lay coverage on the sheet, its corner at x, y; level is how dark, 0 to 1."""
        left, top = round(x), round(y)
        height, width = glyph.shape
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + width, self.width), min(top + height, self.height)
        if x1 <= x0 or y1 <= y0:
            return
        part = glyph[y0 - top : y1 - top, x0 - left : x1 - left]
        inked = part if level >= 1 else cv2.convertScaleAbs(part, alpha=level)
        target = self.ink[y0:y1, x0:x1]
        np.maximum(target, inked, out=target)
        if kind is None:
            return
        whole = (x1 - x0) * (y1 - y0) == width * height
        if not whole and int(part.sum(dtype=np.int64)) < SEEN * int(glyph.sum(dtype=np.int64)):
            return
        if len(self.masks):
            mask = self.masks[kind, y0:y1, x0:x1]
            np.maximum(mask, part, out=mask)
        if char is not None:
            self.placed.append(Placed(char, kind, (x0, y0, x1, y1)))

    def draw(
        self,
        strokes: Sequence[Floats],
        pen: float,
        level: float = 1.0,
        kind: int | None = None,
        char: str | None = None,
    ) -> None:
        """Draw strokes given in the sheet's pixels."""
        glyph, x, y = rasterise(strokes, max(0.6, pen))
        self.put(glyph, x, y, level * min(1.0, pen) if pen < 1 else level, kind, char)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], pen: float, level: float = 1.0
    ) -> None:
        """Draw a straight line of no kind: a rule, the side of a box."""
        if pen <= 3.5:
            thick = max(1, round(pen))
            sheet = self.ink if level >= 1 else np.zeros_like(self.ink)
            points = [tuple(round(v * 16) for v in point) for point in (start, end)]
            cv2.line(sheet, points[0], points[1], 255, thick, cv2.LINE_AA, 4)
            if level < 1:
                np.maximum(self.ink, cv2.convertScaleAbs(sheet, alpha=level), out=self.ink)
            return
        self.draw([np.array([start, end], np.float32)], pen, level)

    def box(
        self, left: float, top: float, right: float, bottom: float, pen: float, level: float
    ) -> None:
        """Draw a rectangle of no kind, side by side."""
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        for start, end in pairwise(corners):
            self.line(start, end, pen, level)

    def soften(self, spread: float) -> None:
        """Blur what is drawn so far, as a copy or an enlargement has it; what follows is sharp."""
        if spread > 0.3:
            self.ink = np.asarray(cv2.GaussianBlur(self.ink, (0, 0), spread), np.uint8)

    def strike(self, placed: Sequence[Placed]) -> None:
        """Call these digits struck out, their ink moves to that mask."""
        for mark in placed:
            x0, y0, x1, y1 = (int(v) for v in mark.box)
            if len(self.masks) and mark.kind in (HAND, PRINT, RUNNING):
                own = self.masks[:, y0:y1, x0:x1]
                np.maximum(own[STRUCK], own[mark.kind], out=own[STRUCK])
                own[mark.kind] = 0
            self.placed[self.placed.index(mark)] = Placed(mark.char, STRUCK, mark.box)


def straight(points: Sequence[tuple[float, float]]) -> Floats:
    """Return points as a stroke."""
    return np.array(points, np.float32)
