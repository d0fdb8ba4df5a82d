"""Find the pieces of ink that may be digits, and merge them.

A piece is a connected component or part of one: a box and a mask. The reader joins pieces to
candidates (a 5 whose bar floats) and lets the classifier judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.normalize import frame_glyph

Pixels = NDArray[np.uint8]

LEAST_AREA = 4  # pixels; smaller marks are grain
LEAST_SHARE = 0.002  # of the largest component's area
MOST_PIECES = 1500  # a picture with more is a texture, not writing; the largest are kept
HALO = 2  # pixels around the mask whose soft ink belongs to the glyph


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A piece of ink.

    Parameters
    ----------
    x, y, width, height : int
        Its box, in pixels of the working picture.
    mask : uint8 array, shape (height, width)
        1 on its ink.
    area : int
        How many pixels of ink it has.
    """

    x: int
    y: int
    width: int
    height: int
    mask: Pixels
    area: int

    @property
    def right(self) -> int:
        """First column beyond the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the box, (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2


def find_pieces(mask: Pixels) -> list[Piece]:
    """Return the connected components of a mask, grain left out, from left to right."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return []
    least = max(LEAST_AREA, LEAST_SHARE * float(areas.max()))
    rows = 1 + np.flatnonzero(areas >= least)
    if len(rows) > MOST_PIECES:
        rows = rows[np.argsort(-stats[rows, cv2.CC_STAT_AREA])[:MOST_PIECES]]
    pieces = []
    for row in rows:
        x, y, width, height, area = (int(value) for value in stats[row])
        own = (labels[y : y + height, x : x + width] == row).astype(np.uint8)
        pieces.append(Piece(x, y, width, height, own, area))
    return sorted(pieces, key=lambda piece: (piece.x, piece.y))


def merge(pieces: Sequence[Piece]) -> Piece:
    """Join pieces into one; at least one is needed."""
    if len(pieces) == 1:
        return pieces[0]
    x, y = min(piece.x for piece in pieces), min(piece.y for piece in pieces)
    width = max(piece.right for piece in pieces) - x
    height = max(piece.bottom for piece in pieces) - y
    mask = np.zeros((height, width), np.uint8)
    for piece in pieces:
        part = mask[piece.y - y : piece.bottom - y, piece.x - x : piece.right - x]
        np.maximum(part, piece.mask, out=part)
    return Piece(x, y, width, height, mask, sum(piece.area for piece in pieces))


def glyph_of(ink: Ink, piece: Piece) -> Pixels:
    """Return the piece as MNIST would show it: uint8, shape (28, 28)."""
    return frame_glyph(*_surroundings(ink, piece))


def _surroundings(ink: Ink, piece: Piece) -> tuple[Pixels, Pixels]:
    """Ink level in and around the piece, and its mask there."""
    height, width = ink.level.shape
    top, left = min(HALO, piece.y), min(HALO, piece.x)
    down, right = min(HALO, height - piece.bottom), min(HALO, width - piece.right)
    mask = cv2.copyMakeBorder(piece.mask, top, down, left, right, cv2.BORDER_CONSTANT, value=0)
    rows = slice(piece.y - top, piece.bottom + down)
    columns = slice(piece.x - left, piece.right + right)
    return ink.level[rows, columns], np.asarray(mask, np.uint8)
