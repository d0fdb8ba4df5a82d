"""Take boxes away that a digit touches, so that box and digit are one piece.

Seen from outside, a box's side is a straight line most of the way, and paper lies right behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.segment import Piece, stroke_width

Pixels = NDArray[np.uint8]
Indices = NDArray[np.intp]

LEAST_BOX, MOST_BOXES = 12, 200  # pixels, and pieces looked at
STRAIGHT = 0.6  # of a side, on one line; a digit that reaches beyond hides the rest
STEEPEST = 0.12  # slope of a side
SLACK = 1  # pixels a side may waver
CORNER = 0.08  # of a side left out at each end, where the next one begins
THICKEST = 0.15  # of the box's smaller side
HELD = 0.4  # of a box's height: what is this high inside it may be a digit
# Of the pen's stroke: so thin are three sides that make a box, and one upright side alone.
THIN, HAIRLINE = 0.75, 0.5


class _Side(NamedTuple):
    """Rows of a side, where it begins in each, and how thick it is."""

    rows: Indices
    starts: Indices
    thickness: float


def remove_boxes(ink: Ink, pieces: Sequence[Piece]) -> Ink:
    """Return the ink without boxes around digits that touch them.

    Parameters
    ----------
    ink : Ink
    pieces : sequence of Piece
        Its pieces.
    """
    gone = np.zeros_like(ink.mask)
    for piece in sorted(pieces, key=lambda piece: -piece.width * piece.height)[:MOST_BOXES]:
        if min(piece.width, piece.height) >= LEAST_BOX:
            window = gone[piece.y : piece.bottom, piece.x : piece.right]
            window[_box(piece.mask) > 0] = 1
    return replace(ink, mask=ink.mask * (1 - gone)) if gone.any() else ink


def _box(mask: Pixels) -> Pixels:
    """Mark a box's sides where a digit's height of other ink is left.

    Four sides make a box, or three that are thinner than what is drawn inside. Where a digit
    breaks the others, one upright hairline does.
    """
    marks = np.zeros_like(mask)
    turned = [np.rot90(mask, turn) for turn in range(4)]  # left, top, right, bottom
    sides = [_side(np.ascontiguousarray(view)) for view in turned]
    bands = np.zeros_like(mask)
    for turn, side in enumerate(sides):
        if side is not None:
            _mark(np.rot90(marks, turn), np.rot90(bands, turn), np.rot90(mask, turn), side)
    marks[(bands > 1) & (mask > 0)] = 1  # corners
    rest = mask & ~marks
    if int(rest.any(axis=1).sum()) < HELD * len(mask):
        return np.zeros_like(mask)
    seen = [side.thickness for side in sides if side is not None]
    upright = [side.thickness for side in sides[::2] if side is not None]
    pen = stroke_width(rest)
    is_box = len(seen) == 4 or (len(seen) == 3 and max(seen) <= THIN * pen)
    if is_box or (upright and max(upright) <= HAIRLINE * pen):
        return marks
    return np.zeros_like(mask)


def _side(mask: Pixels) -> _Side | None:
    """Return the left side if it is straight and thin."""
    height = len(mask)
    end = round(CORNER * height)
    rows = end + np.flatnonzero(mask[end : height - end].any(axis=1))
    if len(rows) < STRAIGHT * (height - 2 * end):
        return None
    starts = mask[rows].argmax(axis=1)
    slope, offset = _line(rows, starts)
    on_line = np.abs(starts - offset - slope * rows) <= 1 + 0.01 * height
    if abs(slope) > STEEPEST or on_line.sum() < STRAIGHT * (height - 2 * end):
        return None
    rows, starts = rows[on_line], starts[on_line]
    thickness = float(np.median(_runs(mask, rows, starts)))
    return _Side(rows, starts, thickness) if thickness <= THICKEST * min(mask.shape) else None


def _line(rows: Indices, starts: Indices) -> tuple[float, float]:
    """Slope and offset of the line most points lie on, by the medians of slopes and offsets."""
    half = len(rows) // 2
    slope = float(np.median((starts[-half:] - starts[:half]) / (rows[-half:] - rows[:half])))
    return slope, float(np.median(starts - slope * rows))


def _runs(mask: Pixels, rows: Indices, starts: Indices) -> Indices:
    """Length of the run of ink that begins at each start."""
    ahead = np.arange(mask.shape[1]) >= starts[:, None]
    paper = (mask[rows] == 0) & ahead
    ends = np.where(paper.any(axis=1), paper.argmax(axis=1), mask.shape[1])
    return np.asarray(ends - starts, np.intp)


def _mark(marks: Pixels, bands: Pixels, mask: Pixels, side: _Side) -> None:
    """Mark the side from end to end, but where a stroke crosses it; count it among the bands."""
    slope, offset = _line(side.rows, side.starts)
    columns = np.arange(mask.shape[1])
    from_side = columns - np.round(offset + slope * np.arange(len(mask)))[:, None]
    band = (from_side >= -SLACK) & (from_side < side.thickness + SLACK)
    bands += band
    beyond = (from_side >= side.thickness + SLACK) & (from_side < side.thickness + SLACK + 1)
    before = (from_side < -SLACK) & (from_side >= -SLACK - 1)
    crossed = ((beyond | before) & (mask > 0)).any(axis=1, keepdims=True)
    marks[band & (mask > 0) & ~crossed] = 1
