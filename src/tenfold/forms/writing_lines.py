"""Lines and rows of dots that a blank form is written on, and how much room each leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

LineKind: TypeAlias = Literal["line", "dots"]
Mask: TypeAlias = NDArray[np.uint8]

# All in millimetres.
LINE = 12.0  # the shortest line to write on
ROOM = 9.0  # above a line
BELOW = 2.0  # what is written on a line reaches so far below it
BESIDE = 12.0  # and beyond its right end, where nothing is printed
TALL_INK = 4.2  # ink of this height in a box is writing, not print
DOT = 1.0
PITCH = 3.5  # the widest step from dot to dot
DOTS = 6  # the fewest of a row that are seen
LOW = 3.2  # with less room above nobody writes on a line


class Rect(NamedTuple):
    """A rectangle in pixels: left, top, right, bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Return its width."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Return its height."""
        return self.bottom - self.top


def free_lines(across: Mask, cells: Sequence[Rect], mm: float) -> Iterator[tuple[Rect, LineKind]]:
    """Yield the lines across that no cell stands on or hangs from."""
    joined = cv2.morphologyEx(across, cv2.MORPH_CLOSE, np.ones((3, round(1.5 * mm)), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    near = round(1.0 * mm)
    for left, top, wide, high, _ in stats[1:count].tolist():
        line = Rect(left, top, left + wide, top + high)
        at_cell = any(
            cell.left - near < line.right and cell.right + near > line.left
            and (abs(cell.top - line.bottom) <= near or abs(cell.bottom - line.top) <= near)
            for cell in cells
        )  # fmt: skip
        if wide >= LINE * mm and not at_cell and high < 2 * mm:
            yield line, "line"


def rows_of_dots(ink: Mask, mm: float) -> Iterator[tuple[Rect, LineKind]]:
    """Yield rows of dots or short dashes, evenly spaced; writing may cover some of them."""
    count, _, stats, middles = cv2.connectedComponentsWithStats(ink)
    small = (
        (stats[:, cv2.CC_STAT_HEIGHT] <= DOT * mm)
        & (stats[:, cv2.CC_STAT_WIDTH] <= PITCH * mm)
        & (stats[:, cv2.CC_STAT_AREA] >= 3)
    )
    below = slice(round(0.3 * mm), round(1.2 * mm))
    dots = sorted(
        (y, x)
        for x, y in middles[:count][small[:count]].tolist()
        if not ink[round(y) + 2 :, round(x)][below].any()  # or it is that of an i
    )
    flat = 0.3 * mm  # how far a dot may lie above or below the one before
    while dots:
        y, x = dots.pop(0)
        near = [dot for dot in dots if dot[0] - y < 4 * flat]
        row = _straight(_chain((x, y), sorted((x, y) for y, x in near), mm, flat))
        if len(row) >= DOTS and _is_even(row):
            taken = {(y, x) for x, y in row}
            dots = [dot for dot in dots if dot not in taken]
            xs, ys = zip(*row, strict=True)
            yield Rect(int(min(xs)), int(min(ys)), int(max(xs)) + 1, int(max(ys)) + 1), "dots"


def _chain(
    start: tuple[float, float], others: list[tuple[float, float]], mm: float, flat: float
) -> list[tuple[float, float]]:
    """Follow dots from one to the next, to the right and to the left."""
    row = [start]
    for side in (1, -1):
        x, y = start
        for dot in others[::side]:
            step = side * (dot[0] - x)
            if 0 < step < 4 * PITCH * mm and abs(dot[1] - y) < flat:
                row.append(dot)
                x, y = dot
    return sorted(row)


def _straight(row: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out dots that lie beside the line through the others."""
    if len(row) < DOTS:
        return row
    xs, ys = np.array(row).T
    one, other = np.triu_indices(len(row), 1)  # Theil–Sen: the median slope of all pairs
    slope = np.median((ys[other] - ys[one]) / np.maximum(xs[other] - xs[one], 1e-6))
    off = ys - slope * xs
    kept = np.abs(off - np.median(off)) < 1.5
    return [dot for dot, keep in zip(row, kept, strict=True) if keep]


def _is_even(row: Sequence[tuple[float, float]]) -> bool:
    """Say whether dots lie one step apart, or several where something covers those between."""
    steps = np.diff([x for x, _ in row])
    steps = steps / np.percentile(steps, 30)
    whole = np.abs(steps - np.rint(steps)) < 0.25
    return bool(whole.mean() > 0.75 and (np.abs(steps - 1) < 0.2).mean() >= 0.4)


def room_on(
    line: Rect, rest: Mask, kind: LineKind, lines: Sequence[Rect], mm: float
) -> Rect | None:
    """Return where one writes on a line; None where it underlines or parts what is printed."""
    height, width = rest.shape
    band = rest[max(0, line.top - round(3 * mm)) : max(1, line.top - 2), line.left : line.right]
    if kind == "line":
        covered = float((band.max(0) > 0).mean()) if band.size else 1.0
        if covered > 0.5 or (line.width > 0.6 * width and not _printed_left(line, rest, mm)):
            return None
    above = _free_above(line, rest, mm)
    for other in lines:
        beside = min(line.right, other.right) - max(line.left, other.left)
        if other.bottom < line.top and beside > 0:
            above = min(above, line.top - other.bottom - round(0.3 * mm))
    if above < LOW * mm:
        return None
    right = line.right + round(BESIDE * mm)
    beyond = rest[line.top - above : line.bottom, line.right - round(2 * mm) : right + 1]
    print_ = _print_alone(beyond, round(3 * mm), mm)[-round(3 * mm) :]
    hit = np.flatnonzero(print_.max(0)) if print_.size else np.array([0])
    if len(hit):
        right = line.right - round(2 * mm) + int(hit[0]) - round(0.5 * mm)
    bottom = min(height, line.bottom + round(BELOW * mm))
    return Rect(line.left, line.top - above, min(width, right), bottom)


def _print_alone(part: Mask, inside: int, mm: float) -> Mask:
    """Leave out what begins in the first columns, which belong to a line, or is too high."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(part)
    writing = (stats[:, cv2.CC_STAT_HEIGHT] >= TALL_INK * mm) | (
        stats[:, cv2.CC_STAT_LEFT] <= inside
    )
    writing[0] = True
    return np.asarray(np.where(writing[labels], 0, 255), np.uint8)


def _printed_left(line: Rect, rest: Mask, mm: float) -> bool:
    at = slice(max(0, line.top - round(3 * mm)), line.top + round(mm))
    return bool(rest[at, max(0, line.left - round(8 * mm)) : max(1, line.left - 2)].any())


def _free_above(line: Rect, rest: Mask, mm: float) -> int:
    """Return how much room is above a line; writing that stands on it takes none."""
    most = min(line.top, round(ROOM * mm))
    # Print of the line before is seen whole, or it would pass for writing cut off.
    more = min(line.top, most + round(TALL_INK * mm))
    part = rest[line.top - more : line.top, line.left : line.right]
    near = np.ones((max(3, round(0.4 * mm)), max(3, round(1.2 * mm))), np.uint8)
    joined = cv2.morphologyEx(part, cv2.MORPH_CLOSE, near)  # letters to words
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    room = most
    for _, top, wide, high, _ in stats[1:count].tolist():
        gap = more - (top + high)
        if DOT * mm < high < TALL_INK * mm and wide > 4 * mm and gap > 1.8 * mm:
            room = min(room, gap - round(0.4 * mm))
    return room
