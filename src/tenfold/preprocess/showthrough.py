"""Leave out what shows through from the other side of the paper.

It is much fainter than the writing, and the paper has blurred it; strokes of a pen that runs dry
are faint, too, but as sharp as the others, and there are strokes of every strength between.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.lines import digit_height
from tenfold.preprocess.normalize import slopes
from tenfold.preprocess.rules import is_frame
from tenfold.preprocess.segment import Piece

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

SIZED = 0.5  # digit heights: smaller marks are not asked how strong ink is
STRONGEST = 3  # so many marks must be strong
FULL = 90.0  # percentile of a mark's ink levels, and of its slopes
# Shares of the strong marks' ink level: what is fainter than the first shows through in any case,
# what is fainter than the second if it is blurred and no mark lies between.
FAINT, FAINTER = 0.15, 0.4
GAP = 1.5  # ratio of ink levels between which no mark lies
BLURRED = 0.65  # of the strong marks' sharpness


def drop_show_through(ink: Ink, pieces: list[Piece]) -> Ink:
    """Return the ink without marks of the paper's other side.

    Parameters
    ----------
    ink : Ink
    pieces : list of Piece
        Its pieces.
    """
    if len(pieces) <= STRONGEST:
        return ink
    levels = np.array([_at_full(ink.level, piece) for piece in pieces], np.float32)
    weighty = _weighty(pieces, digit_height(pieces, len(ink.mask)), ink.mask.shape)
    ranked = np.sort(levels[weighty])
    if len(ranked) < STRONGEST:
        return ink
    least = max(FAINT * ranked[-STRONGEST], _gap(ink, pieces, levels, weighty))
    faint = [piece for piece, level in zip(pieces, levels, strict=True) if level < least]
    if not faint:
        return ink
    keep = np.ones_like(ink.mask)
    for piece in faint:
        keep[piece.y : piece.bottom, piece.x : piece.right][piece.mask > 0] = 0
    return replace(ink, mask=ink.mask * keep)


def _weighty(pieces: list[Piece], height: float, shape: tuple[int, ...]) -> Flags:
    """Mark what may be writing: no speck, no box, nothing at the picture's edge."""
    return np.array(
        [
            piece.height > SIZED * height
            and min(piece.x, piece.y, shape[1] - piece.right, shape[0] - piece.bottom) > 1
            and not is_frame(piece, height)
            for piece in pieces
        ],
        bool,
    )


def _gap(ink: Ink, pieces: list[Piece], levels: Floats, weighty: Flags) -> float:
    """Least ink level of writing where a gap parts it from blurred, faint marks; else 0."""
    ranked = np.sort(levels[weighty])
    ratios = ranked[1:] / np.maximum(ranked[:-1], 1)
    ratios[ranked[:-1] > FAINTER * ranked[-STRONGEST]] = 0
    if not len(ratios) or ratios.max() < GAP:
        return 0.0
    least = float(ranked[int(ratios.argmax()) + 1])
    steepness = slopes(ink.level)
    edges = np.array([_at_full(steepness, piece) for piece in pieces], np.float32)
    sharpness = edges / np.maximum(levels, 1)
    faint, strong = sharpness[weighty & (levels < least)], sharpness[weighty & (levels >= least)]
    blurred = np.median(faint) < BLURRED * np.median(strong)
    return least if blurred else 0.0


def _at_full(values: NDArray[np.uint8] | Floats, piece: Piece) -> float:
    window = values[piece.y : piece.bottom, piece.x : piece.right]
    return float(np.percentile(window[piece.mask > 0], FULL))
