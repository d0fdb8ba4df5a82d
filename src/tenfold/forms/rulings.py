"""Find where a blank form wants to be filled in: boxes, combs, tick boxes, lines, rows of dots.

A page's ruled lines are its long dark runs, across and down. What they enclose is a cell; a row of
small cells of one width is a comb; a small square is a box to tick. A line that encloses nothing,
or a row of dots, is written on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np

from tenfold.forms.pyramid import Grey
from tenfold.forms.template import Field
from tenfold.forms.writing_lines import TALL_INK, Mask, Rect, free_lines, room_on, rows_of_dots

Kind: TypeAlias = Literal["box", "comb", "tick", "line", "dots"]
# All in millimetres.
SHORTEST = 4.0  # of a ruled line
CELL = (3.0, 3.0)  # the least width and height of a cell
TALLEST = 26.0  # higher boxes are for texts, stamps, pictures
COMB_CELL = 11.0  # the widest cell of a comb
COMB_GAP = 2.2  # between its cells
TICK = 6.5  # the largest box to tick
TICK_SIDE = 2.4  # the smallest one's side
EDGE = 0.15  # of a field's height: the lines around it lie no further in
LETTER = (
    0.15,
    0.35,
)  # of the same, wide and high: what is larger was written in it


@dataclass(frozen=True, slots=True)
class Place:
    """A place to fill in.

    Parameters
    ----------
    rect : Rect
        In pixels of the page.
    kind : str
        ``"box"``, ``"comb"``, ``"tick"``, ``"line"`` or ``"dots"``.
    cells : int
        Of a comb; 1 of others.
    """

    rect: Rect
    kind: Kind
    cells: int = 1


def find_places(page: Grey, dpi: float = 200) -> list[Place]:
    """Find the places to fill in on an upright, straight page.

    Parameters
    ----------
    page : uint8 array, shape (h, w)
        Dark print on light paper.
    dpi : float
        Dots per inch.

    Returns
    -------
    list of Place
        From the top down, and from the left where they stand side by side.

    Examples
    --------
    >>> page = np.full((300, 500), 255, np.uint8)
    >>> for i in range(4):
    ...     _ = cv2.rectangle(page, (100 + 40 * i, 100), (140 + 40 * i, 160), 0, 2)
    >>> [(place.kind, place.cells) for place in find_places(page)]
    [('comb', 4)]
    """
    mm = dpi / 25.4
    ink = ink_of(page, mm)
    across, down = _lines(ink, SHORTEST * mm)
    ruled = _joined(across | down)
    rest = np.asarray(cv2.subtract(ink, cv2.dilate(ruled, np.ones((3, 3), np.uint8))), np.uint8)
    cells = _cells(ruled, mm)
    places, single = _combs(cells, mm)
    places += [Place(cell, "box") for cell in single if _is_box(cell, rest, mm)]
    short = _joined(np.bitwise_or(*_lines(ink, TICK_SIDE * mm)))
    places += [Place(cell, "tick") for cell in _cells(short, mm) if _is_tick(cell, ink, mm)]
    lines = [*free_lines(across, cells, mm), *rows_of_dots(ink, mm)]
    for line, kind in lines:
        room = room_on(line, rest, kind, [other for other, _ in lines], mm)
        if room is not None:
            places.append(Place(room, kind))
    return _in_order(_apart(places))


def written_on(page: Grey, fields: Sequence[Field], dpi: float = 200) -> list[str]:
    """Return the names of fields for numbers in which something stands on the blank form already.

    It is taken for print on every scan: of a sheet that somebody had filled in before it became the
    blank form, these fields are never read where they hold the very same.

    Parameters
    ----------
    page : uint8 array, shape (h, w)
    fields : sequence of Field
        Of this page.
    dpi : float
        Dots per inch.
    """
    ink = ink_of(page, dpi / 25.4)
    rows, columns = page.shape
    names = []
    for field in fields:
        left, top, width, height = field.box
        tall = height * rows
        edge = EDGE * tall
        y0, y1 = round(top * rows + edge), round((top + height) * rows - edge)
        x0, x1 = round(left * columns + edge), round((left + width) * columns - edge)
        if field.kind == "tick" or min(y1 - y0, x1 - x0) < 1:
            continue
        stats = cv2.connectedComponentsWithStats(ink[y0:y1, x0:x1], connectivity=8)[2][1:]
        wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
        if ((wide > LETTER[0] * tall) & (high > LETTER[1] * tall)).any():
            names.append(field.name)
    return names


def ink_of(page: Grey, mm: float) -> Mask:
    """Return where a page is printed on, 0 or 255; so many pixels are a millimetre."""
    around = 2 * round(3 * mm) + 1
    mean = cv2.blur(page, (around, around))
    spread = max(30.0, 0.35 * float(np.percentile(mean, 95) - page.min()))
    return np.asarray(np.where(mean.astype(np.int16) - page > spread, 255, 0), np.uint8)


def _lines(ink: Mask, shortest: float) -> tuple[Mask, Mask]:
    """Return the long runs across and down, also those that a scan has a little slanted."""
    found = []
    for axis in (0, 1):
        thick, length = (3, 1) if axis == 0 else (1, 3), max(3, round(shortest))
        kernel = np.ones((1, length) if axis == 0 else (length, 1), np.uint8)
        runs = cv2.morphologyEx(cv2.dilate(ink, np.ones(thick, np.uint8)), cv2.MORPH_OPEN, kernel)
        # Thick runs are bars and pictures: what is left if thin ones are taken away.
        wide = max(3, round(0.3 * length))
        bars = cv2.morphologyEx(
            runs, cv2.MORPH_OPEN, np.ones((wide, 1) if axis == 0 else (1, wide), np.uint8)
        )
        found.append(np.asarray(cv2.subtract(runs, bars), np.uint8))
    return found[0], found[1]


def _cells(ruled: Mask, mm: float) -> list[Rect]:
    """Return what lines enclose, where that is a rectangle."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(255 - ruled, connectivity=4)
    height, width = ruled.shape
    cells = []
    for left, top, wide, high, area in stats[1:count]:
        inside = left > 0 and top > 0 and left + wide < width and top + high < height
        if (
            inside and wide >= CELL[0] * mm and CELL[1] * mm <= high <= TALLEST * mm
            and area > 0.85 * wide * high
        ):  # fmt: skip
            cells.append(
                Rect(int(left) - 1, int(top) - 1, int(left + wide) + 1, int(top + high) + 1)
            )
    return sorted(cells, key=lambda cell: (cell.top, cell.left))


def _combs(cells: Sequence[Rect], mm: float) -> tuple[list[Place], list[Rect]]:
    """Join small cells of one size that stand side by side; return the others too."""
    left = sorted(cells, key=lambda cell: cell.left)
    combs, single = [], []
    while left:
        row = [left.pop(0)]
        while (after := _next_of(row[-1], left, mm)) is not None:
            row.append(after)
            left.remove(after)
        if len(row) > 1:
            rect = Rect(row[0].left, min(cell.top for cell in row),
                        row[-1].right, max(cell.bottom for cell in row))  # fmt: skip
            combs.append(Place(rect, "comb", len(row)))
        else:
            single.append(row[0])
    return combs, single


def _next_of(cell: Rect, others: Sequence[Rect], mm: float) -> Rect | None:
    if cell.width > COMB_CELL * mm:
        return None
    slack = 0.6 * mm
    for other in others:
        if (
            0 <= other.left - cell.right + slack <= COMB_GAP * mm + slack
            and abs(other.top - cell.top) < slack and abs(other.bottom - cell.bottom) < slack
            and abs(other.width - cell.width) < max(slack, 0.15 * cell.width)
        ):  # fmt: skip
            return other
    return None


def _joined(lines: Mask) -> Mask:
    return np.asarray(cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)


def _is_box(cell: Rect, rest: Mask, mm: float) -> bool:
    inside = rest[cell.top + 3 : cell.bottom - 3, cell.left + 3 : cell.right - 3]
    small = cell.width <= TICK * mm and cell.height <= TICK * mm
    return not small and cell.width >= 1.5 * CELL[0] * mm and not _is_printed(inside, mm)


def _is_tick(cell: Rect, ink: Mask, mm: float) -> bool:
    """Say whether a cell is a small empty square with nothing else drawn close around it."""
    if max(cell.width, cell.height) > TICK * mm or not 0.75 < cell.width / cell.height < 1.33:
        return False
    inset = max(2, round(0.2 * cell.width))
    inside = ink[cell.top + inset : cell.bottom - inset, cell.left + inset : cell.right - inset]
    around = round(0.8 * mm)
    ring = ink[max(0, cell.top - around) : cell.bottom + around,
               max(0, cell.left - around) : cell.right + around].copy()  # fmt: skip
    edge = round(0.35 * mm) + 2
    ring[around - edge : edge - around, around - edge : edge - around] = 0
    return float((inside > 0).mean()) < 0.02 and float((ring > 0).mean()) < 0.05


def _is_printed(inside: Mask, mm: float) -> bool:
    """Say whether print stands here; writing, which is higher, does not count."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(inside)
    heights = [high for *_, high, area in stats[1:count].tolist() if area > 0.15 * mm * mm]
    return bool(heights) and max(heights) < TALL_INK * mm and len(heights) > 0


def _apart(places: Sequence[Place]) -> list[Place]:
    """Leave out lines whose room is a box already, or that lie in another's."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda place: place.kind in ("line", "dots")):
        clear = all(_overlap(place.rect, other.rect) < 0.6 for other in kept)
        if clear:
            kept.append(place)
    return kept


def _overlap(one: Rect, other: Rect) -> float:
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return max(0, wide) * max(0, high) / max(1, smaller)


def _in_order(places: Sequence[Place]) -> list[Place]:
    """Sort into rows, from the top, each from the left."""
    rows: list[list[Place]] = []
    for place in sorted(places, key=lambda place: place.rect.bottom):
        middle = (place.rect.top + place.rect.bottom) / 2
        if rows and rows[-1][0].rect.top < middle < rows[-1][0].rect.bottom:
            rows[-1].append(place)
        else:
            rows.append([place])
    return [place for row in rows for place in sorted(row, key=lambda place: place.rect.left)]
