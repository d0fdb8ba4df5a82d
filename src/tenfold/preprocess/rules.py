"""Take ruled lines, squares, underlines and boxes away without breaking the digits on them.

A rule is long, straight and thin. Where it runs alone its pixels go; where a stroke crosses it the
ink across it is longer than the rule is thick, and stays.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.segment import Piece

Pixels = NDArray[np.uint8]

LONG = 2.2  # digit heights: what is straight for longer is no stroke
ACROSS = 1.3  # digit heights: enough where it runs across the whole picture
STEEPEST = 0.21  # slope of a rule against the picture's edge
HOUGH_HEIGHT, FAINTEST = 32.0, 40  # lines are sought where digits are this high, and this inky
BREAK = 0.6  # digit heights of a rule that crossing strokes may hide
THICKEST = 0.2  # digit heights
MOST_RULES = 400
# Shares of its length without a stroke across, and with ink at all; feet of digits in a row are
# taken for a short rule too easily.
LONG_RULE, SHORT_RULE = (0.4, 0.85), (0.6, 0.95)


def remove_rules(ink: Ink, height: float) -> Ink:
    """Return the ink without the straight lines that are longer than digits are high.

    Parameters
    ----------
    ink : Ink
    height : float
        How high a digit is, in pixels.
    """
    across = _rules(ink.mask, height)
    down = _rules(np.ascontiguousarray(ink.mask.T), height).T
    gone = np.asarray(cv2.max(across, np.ascontiguousarray(down)), np.uint8)
    if not gone.any():
        return ink
    return ink.without(gone)


def _rules(mask: Pixels, height: float) -> Pixels:
    """Mark the pixels of nearly horizontal rules."""
    marks = np.zeros_like(mask)
    shortest = min(LONG * height, max(ACROSS * height, 0.85 * mask.shape[1]))
    if shortest > mask.shape[1]:
        return marks
    zoom = min(1.0, HOUGH_HEIGHT / height)
    thick = np.ones((max(2, int(THICKEST * height)) + 1, 1), np.uint8)
    thin = cv2.subtract(mask, cv2.morphologyEx(mask, cv2.MORPH_OPEN, thick))
    size = (max(1, round(mask.shape[1] * zoom)), max(1, round(mask.shape[0] * zoom)))
    small = cv2.resize(thin * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    points = np.asarray(small > FAINTEST).astype(np.uint8)
    unit = height * zoom
    segments = cv2.HoughLinesP(
        points, 1, np.pi / 360, round(0.4 * shortest * zoom), None, shortest * zoom, BREAK * unit
    )
    if segments is None:
        return marks
    lines = np.asarray(segments).reshape(-1, 4)[:MOST_RULES] / zoom
    lines = lines[np.abs(lines[:, 3] - lines[:, 1]) <= STEEPEST * np.abs(lines[:, 2] - lines[:, 0])]
    lines = lines[lines[:, 2] != lines[:, 0]]
    if not len(lines):
        return marks
    # Only the rows around the lines matter, and on a photo these are few.
    top = max(0, int(lines[:, 1::2].min() - 2 * height))
    bottom = int(lines[:, 1::2].max() + 2 * height) + 1
    runs = run_lengths(mask[top:bottom])
    for x0, y0, x1, y1 in lines.tolist():
        _mark(marks[top:bottom], runs, (x0, y0 - top, x1, y1 - top), height)
    return marks


def run_lengths(mask: Pixels) -> NDArray[np.int32]:
    """Length of the vertical run of ink through every pixel, 0 on paper."""
    count = np.zeros(mask.shape, np.int32)
    for row in range(len(mask)):
        np.multiply(count[row - 1] + 1 if row else 1, mask[row], out=count[row])
    for row in range(len(mask) - 2, -1, -1):
        np.maximum(count[row], count[row + 1] * mask[row], out=count[row])
    return count


def _mark(
    marks: Pixels,
    runs: NDArray[np.int32],
    segment: tuple[float, float, float, float],
    height: float,
) -> None:
    """Mark the rule's own runs along one segment, as thick as it is where it runs alone."""
    x0, y0, x1, y1 = segment
    columns = np.arange(max(0, int(x0) - 2), min(runs.shape[1], int(x1) + 3))
    rows = np.round(y0 + (columns - x0) * (y1 - y0) / (x1 - x0)).astype(int)
    inside = (rows >= 0) & (rows < runs.shape[0])
    columns, rows = columns[inside], rows[inside]
    rows = _snap(runs, rows, columns, 2 + int(0.06 * height))
    along = runs[rows, columns]
    alone = along[(along > 0) & (along <= max(2.0, THICKEST * height))]
    needed_alone, needed_ink = LONG_RULE if len(along) >= LONG * height else SHORT_RULE
    if len(alone) < needed_alone * len(along):
        return
    thickness = float(np.median(alone))
    near = np.maximum.reduce([runs[np.clip(rows + d, 0, len(runs) - 1), columns] for d in (-1, 1)])
    if np.count_nonzero((along > 0) | (near > 0)) < needed_ink * len(along):
        return
    reach = int(thickness) + 2
    for shift in range(-reach, reach + 1):
        y = np.clip(rows + shift, 0, runs.shape[0] - 1)
        rule = (runs[y, columns] > 0) & (runs[y, columns] <= 1.6 * thickness + 1)
        marks[y[rule], columns[rule]] = 1


def _snap(
    runs: NDArray[np.int32], rows: NDArray[np.intp], columns: NDArray[np.intp], reach: int
) -> NDArray[np.intp]:
    """Move the whole line up or down to where it meets most thin ink."""

    def ink(shift: int) -> float:
        local = runs[np.clip(rows + shift, 0, len(runs) - 1), columns]
        return float((1 / local[local > 0]).sum()) - 0.01 * abs(shift)

    best = max(range(-reach, reach + 1), key=ink)
    return np.clip(rows + best, 0, len(runs) - 1)


def is_frame(piece: Piece, height: float) -> bool:
    """Tell whether a piece is a box drawn around digits: larger than they, its ink at its rim."""
    if piece.width < 0.8 * height or piece.height < 1.15 * height:
        return False
    rim_x, rim_y = max(1, round(0.2 * piece.width)), max(1, round(0.15 * piece.height))
    middle = piece.mask[rim_y : piece.height - rim_y, rim_x : piece.width - rim_x]
    return int(middle.sum()) < 0.04 * piece.area
