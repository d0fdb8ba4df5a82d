"""Take boxes away that digits touch or cross, so that box and digit are one piece.

Seen from outside, a box's side is a straight line most of the way, and paper lies right behind it.
Where a few boxes of a row are found so, the lines along their tops and bottoms give the others
away: broken boxes, and boxes that a digit joins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.normalize import pen_width
from tenfold.preprocess.rules import run_lengths
from tenfold.preprocess.segment import Piece

Pixels = NDArray[np.uint8]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

LEAST_BOX, MOST_BOXES = 12, 200  # pixels, and pieces looked at
STRAIGHT = 0.6  # of a side, on one line; a digit that reaches beyond hides the rest
STEEPEST = 0.12  # slope of a side
CORNER = 0.08  # of a side left out at each end, where the next one begins
THICKEST = 0.15  # of the box's smaller side
HELD = 0.4  # of a box's height: what is this high inside it may be a digit
# Of the pen's stroke: so thin are three sides that make a box, and one upright side alone.
THIN, HAIRLINE = 0.75, 0.6
WIDEST = 1.6  # box heights: wider ones must show all four sides
SAME_HEIGHT, SAME_ROW = 0.25, 0.3  # shares of the height by which boxes of a row may differ
BESIDE = 1.5  # box heights beside the boxes found in which there may be more
WAVER = 0.06  # of the height: so far a row's lines may lie off their places
RAIL, RUN = 0.4, 0.2  # of the boxes' widths, and of their height: a rail runs along so much
# An upright line's share of its height that may be crossed by strokes, and that must be seen.
WHOLE, CLEAR = 0.8, 0.35
END, REACHED = 0.12, 0.9  # an upright line reaches so much of this share of the height at each end


class _Side(NamedTuple):
    """A side seen from the left: where it lies, along which rows, how thick it is."""

    slope: float
    offset: float
    first: int
    last: int
    thickness: float

    def at(self, row: float) -> float:
        return self.offset + self.slope * row


class _Box(NamedTuple):
    """A box in the picture: its edges at its middle, how it is tilted, how thick its lines are."""

    left: float
    right: float
    top: float
    bottom: float
    slope: float
    thickness: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def remove_boxes(ink: Ink, pieces: Sequence[Piece]) -> Ink:
    """Return the ink without boxes around digits that touch them.

    Parameters
    ----------
    ink : Ink
    pieces : sequence of Piece
        Its pieces.
    """
    largest = sorted(pieces, key=lambda piece: -piece.width * piece.height)[:MOST_BOXES]
    boxes, own = [], np.zeros_like(ink.mask)
    for piece in largest:
        box = _box(piece, largest)
        if box is not None and min(box.height, box.right - box.left) >= LEAST_BOX:
            boxes.append(box)
            own[piece.y : piece.bottom, piece.x : piece.right] |= piece.mask
    if not boxes:
        return ink
    gone = np.zeros_like(ink.mask)
    for row in _rows(boxes):
        for box in row:
            _mark(gone, ink.mask, own, [box])
        if len(row) > 1:
            _mark(gone, ink.mask, own, row)
    return ink.without(gone)


def _box(piece: Piece, others: Sequence[Piece]) -> _Box | None:
    """Return the box a piece shows: four sides, or three that are thinner than what is inside.

    Where a digit breaks the others, one upright hairline does.
    """
    mask = piece.mask
    if min(mask.shape) < LEAST_BOX:
        return None
    views = [np.ascontiguousarray(np.rot90(mask, turn)) for turn in range(4)]
    sides = [_side(view) for view in views]  # left, top, right, bottom
    seen = [side for side in sides if side is not None]
    if not seen:
        return None
    thickness = max(side.thickness for side in seen)
    rim = round(thickness) + 2
    inside = mask[rim:-rim, rim:-rim]
    if int(inside.any(axis=1).sum()) < HELD * len(mask):
        around = len(seen) >= 3 and any(_holds(piece, other) for other in others)
        return _placed(piece, sides) if around else None
    pen = pen_width(inside * np.uint8(255))
    upright = [side.thickness for side in sides[::2] if side is not None]
    three = len(seen) == 3 and thickness <= THIN * pen
    hairline = len(upright) > 0 and max(upright) <= HAIRLINE * pen
    narrow = piece.width <= WIDEST * piece.height
    if len(seen) == 4 or (narrow and (three or hairline)):
        return _placed(piece, sides)
    return None


def _holds(box: Piece, other: Piece) -> bool:
    """Tell whether something that may be a digit lies inside the box."""
    x, y = other.middle
    inside = box.x < x < box.right and box.y < y < box.bottom
    return inside and HELD * box.height < other.height < box.height


def _placed(piece: Piece, sides: list[_Side | None]) -> _Box:
    """Place the sides in the picture; what is not seen lies where an upright side ends."""
    left, top, right, bottom = sides  # each seen from the left, turned a quarter further
    height, width = piece.mask.shape
    first, last = 0.0, height - 1.0
    if left is not None:
        first, last = left.first, left.last
    elif right is not None:  # turned by half: its rows count from below
        first, last = height - 1 - right.last, height - 1 - right.first
    seen = [side for side in sides if side is not None]
    return _Box(
        piece.x + (left.at(height / 2) if left else 0),
        piece.x + width - 1 - (right.at(height / 2) if right else 0),
        piece.y + (top.at(width / 2) if top else first),
        piece.y + (height - 1 - bottom.at(width / 2) if bottom else last),
        -float(np.median([side.slope for side in seen])),  # turned, they lean the other way
        float(np.median([side.thickness for side in seen])),  # a digit may lie on one
    )


def _side(mask: Pixels) -> _Side | None:
    """Return the left side if it is straight and thin."""
    height = len(mask)
    end = round(CORNER * height)
    rows = end + np.flatnonzero(mask[end : height - end].any(axis=1))
    if len(rows) < STRAIGHT * (height - 2 * end):
        return None
    starts = mask[rows].argmax(axis=1)
    half = len(rows) // 2
    slope = float(np.median((starts[-half:] - starts[:half]) / (rows[-half:] - rows[:half])))
    offset = float(np.median(starts - slope * rows))
    on_line = np.abs(starts - offset - slope * rows) <= 1 + 0.01 * height
    if abs(slope) > STEEPEST or on_line.sum() < STRAIGHT * (height - 2 * end):
        return None
    rows, starts = rows[on_line], starts[on_line]
    thickness = float(np.median(_lengths(mask, rows, starts)))
    if thickness > THICKEST * min(mask.shape):
        return None
    return _Side(slope, offset, int(rows[0]), int(rows[-1]), thickness)


def _lengths(mask: Pixels, rows: Indices, starts: Indices) -> Indices:
    """Length of the run of ink that begins at each start."""
    paper = (mask[rows] == 0) & (np.arange(mask.shape[1]) >= starts[:, None])
    ends = np.where(paper.any(axis=1), paper.argmax(axis=1), mask.shape[1])
    return np.asarray(ends - starts, np.intp)


def _rows(boxes: list[_Box]) -> list[list[_Box]]:
    """Group boxes of the same height side by side."""
    rows: list[list[_Box]] = []
    for box in sorted(boxes, key=lambda box: box.left):
        for row in rows:
            last = row[-1]
            expected = last.top + last.slope * (box.left - last.right)
            least = min(box.height, last.height)
            alike = abs(box.height - last.height) <= SAME_HEIGHT * least
            beside = box.left >= (last.left + last.right) / 2
            if alike and beside and abs(box.top - expected) <= SAME_ROW * least:
                row.append(box)
                break
        else:
            rows.append([box])
    return rows


def _mark(gone: Pixels, mask: Pixels, own: Pixels, row: list[_Box]) -> None:
    """Mark the lines of a row of boxes; within one, what does not touch it is no line."""
    middles = np.array([(box.left + box.right) / 2 for box in row])
    tops = np.array([box.top for box in row])
    slope = float(np.polyfit(middles, tops, 1)[0]) if len(row) > 1 else row[0].slope
    height = round(float(np.median([box.height for box in row])))
    margin = round(2 * WAVER * height) + 3
    # The row, laid level: strip[r, c] is the picture's pixel (ys[r, c], xs[r, c]).
    r = np.arange(-margin, height + margin)[:, None]
    left = max(0, int(row[0].left - BESIDE * height))
    c = np.arange(left, min(mask.shape[1], int(row[-1].right + BESIDE * height)))[None, :]
    ys = np.round(float(np.median(tops - slope * middles)) + slope * c + r).astype(np.intp)
    xs = np.round(c - slope * r).astype(np.intp)
    outside = (ys < 0) | (ys >= mask.shape[0]) | (xs < 0) | (xs >= mask.shape[1])
    ys, xs = ys.clip(0, mask.shape[0] - 1), xs.clip(0, mask.shape[1] - 1)
    strip = np.where(outside, np.uint8(0), mask[ys, xs])
    known = np.zeros(strip.shape[1], bool)
    for box in row:
        rim = round(box.thickness) + 2
        known[max(0, int(box.left) - rim - left) : max(0, int(box.right) + rim - left)] = True
    lines = _lines(strip, float(np.median([box.thickness for box in row])), margin, known)
    lines &= ~known | (own[ys, xs] > 0)
    gone[ys[lines], xs[lines]] = 1


def _lines(strip: Pixels, thickness: float, margin: int, known: Flags) -> Flags:
    """Mark rails along the tops and bottoms of boxes, and uprights from one to the other."""
    height = len(strip) - 2 * margin
    thinnest = 1.6 * thickness + 1.5  # lines vary, and a pixel more by laying the row level
    reach, slack = round(thinnest / 2), round(WAVER * height) + 1
    flat = (strip > 0) & (run_lengths(strip) <= thinnest)
    ink = flat[:, known].sum(axis=1)
    places, rails, ends = np.arange(len(strip)), np.zeros(len(strip), bool), []
    for expected in (margin, margin + height):
        best = expected - slack + int(ink[expected - slack : expected + slack + 1].argmax())
        near = np.abs(places - best) <= reach
        if flat[near][:, known].any(axis=0).mean() >= RAIL:
            rails |= near
        ends.append(best)
    top, bottom = ends
    between = (places > top + reach) & (places < bottom - reach)
    upright = np.zeros(strip.shape, bool)
    upright[between] = _uprights(strip[between], thinnest)
    upright &= known | _between_rails(strip, (top, bottom), reach)
    corners = (strip > 0) & rails[:, None] & upright.any(axis=0)
    return np.asarray((flat & rails[:, None]) | upright | corners, np.bool_)


def _between_rails(strip: Pixels, rails: tuple[int, int], reach: int) -> Flags:
    """Mark columns that lie at lines along the boxes' tops and bottoms."""
    long = np.ones((1, max(3, round(RUN * (rails[1] - rails[0])))), np.uint8)
    between = np.ones(strip.shape[1], bool)
    for rail in rails:
        line = strip[rail - reach : rail + reach + 1].max(axis=0, keepdims=True)
        runs = np.asarray(cv2.morphologyEx(line, cv2.MORPH_OPEN, long))
        between &= _widened(runs > 0, reach + 1)[0]
    return between


def _uprights(strip: Pixels, thinnest: float) -> Flags:
    """Mark thin lines from the strip's top to its bottom, single ones and pairs side by side."""
    runs = run_lengths(np.ascontiguousarray(strip.T)).T
    end, marks = max(2, round(END * len(strip))), np.zeros(strip.shape, bool)
    for least, most in ((0.0, thinnest), (thinnest, 2 * thinnest)):
        thin = (runs > least) & (runs <= most)
        crossed = _widened(runs > most, 1)
        wide = _widened(thin, 1)
        inked = wide | crossed
        columns = (inked.mean(axis=0) >= WHOLE) & (wide.mean(axis=0) >= CLEAR)
        columns &= np.minimum(inked[:end].mean(axis=0), inked[-end:].mean(axis=0)) >= REACHED
        marks |= thin & _widened(columns[None], round(most / 2))
    return marks


def _widened(flags: Flags, by: int) -> Flags:
    """Widen marks by so many pixels to either side."""
    return np.asarray(cv2.dilate(flags.astype(np.uint8), np.ones((1, 2 * by + 1))), np.bool_)
