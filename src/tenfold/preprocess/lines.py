"""Group pieces of ink into lines of writing, slanting ones and columns of digits included."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.segment import Piece

Floats = NDArray[np.float64]

SLOPES = np.tan(np.radians(np.arange(-15, 15.1, 1.0)))
NEAR = 0.45  # digit heights by which neighbours on a line may stand apart across it


def digit_height(pieces: list[Piece], page_height: int) -> float:
    """Estimate how high the digits are, in pixels; 0.0 without pieces.

    The median over the pieces, the higher counting more: grain is small, digits are alike.
    """
    heights = np.array([piece.height for piece in pieces], float)
    if not len(heights):
        return 0.0
    shapes = np.array([piece.width / piece.height for piece in pieces])
    usable = (shapes < 6) & (shapes > 1 / 12) & (heights < 0.95 * page_height)
    if usable.any():
        heights = heights[usable]
    order = np.sort(heights)
    weights = np.cumsum(order)
    return float(order[np.searchsorted(weights, weights[-1] / 2)])


def group_lines(pieces: list[Piece], height: float) -> list[list[Piece]]:
    """Return the lines from top to bottom, each from left to right.

    Parameters
    ----------
    pieces : list of Piece
    height : float
        How high a digit is, in pixels.
    """
    if not pieces:
        return []
    middles = np.array([piece.middle for piece in pieces])
    slope = _slope(middles, height)
    levels = middles[:, 1] - slope * middles[:, 0]
    owner = list(range(len(pieces)))
    order = np.argsort(middles[:, 0], kind="stable")
    for position, index in enumerate(order):
        following = _neighbour(index, order[position + 1 :], pieces, levels, height)
        if following is not None:
            old, new = owner[following], owner[index]
            owner = [new if value == old else value for value in owner]
    lines: dict[int, list[int]] = {}
    for index in order:
        lines.setdefault(owner[index], []).append(int(index))
    ranked = sorted(lines.values(), key=lambda rows: float(np.mean(levels[rows])))
    return [[pieces[row] for row in rows] for rows in ranked]


def _slope(middles: Floats, height: float) -> float:
    """Slope under which the pieces' centres fall into the sharpest rows."""
    if len(middles) < 3:
        return 0.0
    best, best_score = 0.0, -1.0
    for slope in sorted(SLOPES, key=abs):
        rows = (middles[:, 1] - slope * middles[:, 0]) / height
        apart = np.abs(rows[:, None] - rows[None, :])
        score = float(np.maximum(0, 1 - 2 * apart).sum())
        if score > best_score * 1.02:
            best, best_score = float(slope), score
    return best


def _neighbour(
    index: int, later: NDArray[np.intp], pieces: list[Piece], levels: Floats, height: float
) -> int | None:
    """Return the nearest piece to the right on the same line."""
    piece = pieces[index]
    for other in later:
        tall = max(piece.height, pieces[other].height, height)
        if abs(levels[other] - levels[index]) <= NEAR * tall:
            return int(other)
    return None
