"""Which marks of a page may be writing, by size and place alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.rules import is_frame
from tenfold.preprocess.segment import Piece, stroke_width

Pixels = NDArray[np.uint8]

SPECK = 0.22  # digit heights: smaller marks are no digits
BAR_LONG, BAR_THICK = 1.8, 0.5  # digit heights: no digit is so long and thin
TALLEST, LONGEST = 2.5, 14.0  # digit heights of a piece, however many digits touch in it
EDGE_TALL, EDGE_LONG = 1.6, 5.0  # digit heights: what is larger and touches the picture's edge
REMNANT, BOUNDED = 0.75, 0.2  # digit heights, and share of its outline along rules taken away
SIZED = 0.5  # digit heights: smaller marks do not say how wide the pen is
HAIRLINE = 0.3  # of the pen's stroke
EDGE_SHARE = 0.6  # of its length: what touches the edge for longer is the table or a shadow


def may_be_writing(piece: Piece, height: float, mask: Pixels) -> bool:
    """Leave out specks, blocks, and what only the picture's edge shows."""
    longest = max(piece.width, piece.height)
    if longest < SPECK * height or piece.height > TALLEST * height:
        return False
    if piece.width > LONGEST * height or is_frame(piece, height):
        return False
    if longest > BAR_LONG * height and min(piece.width, piece.height) < BAR_THICK * height:
        return False
    touching = _edge_share(piece, mask)
    if touching == 0.0:
        return True
    large = piece.height > EDGE_TALL * height or piece.width > EDGE_LONG * height
    return not large and touching < EDGE_SHARE


def drop_hairlines(pieces: list[Piece], height: float) -> list[Piece]:
    """Leave out lines far thinner than the pen: a fold, a scratch, the paper's edge."""
    widths = [stroke_width(piece.mask) for piece in pieces if piece.height > SIZED * height]
    least = HAIRLINE * float(np.median(widths)) if widths else 0.0
    return [piece for piece in pieces if min(piece.width, piece.height) >= least]


def is_remnant(piece: Piece, height: float, gone: Pixels) -> bool:
    """Tell what rules left behind where they crossed: small, and bounded by them."""
    return piece.height < REMNANT * height and bounded_share(piece, gone) > BOUNDED


def bounded_share(piece: Piece, gone: Pixels) -> float:
    """Share of the piece's outline that lies along ink taken away."""
    rows = slice(max(0, piece.y - 1), piece.bottom + 1)
    columns = slice(max(0, piece.x - 1), piece.right + 1)
    pad = ((min(1, piece.y), 1), (min(1, piece.x), 1))
    near = np.pad(piece.mask, pad)[: gone[rows].shape[0], : gone[:, columns].shape[1]]
    outline = np.asarray(cv2.dilate(near, np.ones((3, 3), np.uint8)), np.uint8) - near
    return int((outline & gone[rows, columns]).sum()) / max(1, int(outline.sum()))


def _edge_share(piece: Piece, mask: Pixels) -> float:
    """Share of the piece's length along which it touches the picture's edge."""
    below, beyond = len(mask) - piece.bottom, mask.shape[1] - piece.right
    shares = [
        (piece.mask[:, 0].mean(), piece.x),
        (piece.mask[:, -1].mean(), beyond),
        (piece.mask[0].mean(), piece.y),
        (piece.mask[-1].mean(), below),
    ]
    return (
        max(float(share) for share, away in shares if away <= 1)
        if min(away for _, away in shares) <= 1
        else 0.0
    )
