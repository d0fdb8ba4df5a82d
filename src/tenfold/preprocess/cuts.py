"""Cut pieces in which digits touch.

Every promising place gets the cheapest path from top to bottom in a band around it, the cost being
the ink it crosses. The cuts are candidates only: the reader lets the classifier judge what lies
between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.segment import Piece

Pixels = NDArray[np.uint8]

ROWS = 48  # cuts are sought on a copy of this height
BAND = 0.22  # digit heights a path may stray to either side
SPACING = 0.12  # digit heights between places tried
SIDEWAYS = 0.15  # cost of a sideways step, in pixels of ink
MOST_CUTS = 24
NARROW, STIFF = 0.1, 0.05  # digit heights between straight cuts, and how far these stray
HALF = 0.5  # of full ink
LENGTHWISE = 0.2  # cost of a pen width cut beyond one for each stroke crossed
MOST_RUNS, MOST_COST = 3, 4.0
APART = 0.07  # digit heights between cuts, on average


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """A part of a piece that is not cut further.

    Parameters
    ----------
    piece : Piece
        Its ink.
    before : float
        What the cut on its left costs, about one a stroke crossed; 0.0 at the piece's own edge.
    """

    piece: Piece
    before: float


def cut(piece: Piece, height: float, pen: float) -> list[Atom]:
    """Cut a piece at every promising place, from left to right.

    Parameters
    ----------
    piece : Piece
    height, pen : float
        How high a digit and how wide the pen is, in pixels.
    """
    scale = ROWS / piece.height
    size = (max(2, round(piece.width * scale)), ROWS)
    small = np.asarray(cv2.resize(piece.mask * np.uint8(255), size, interpolation=cv2.INTER_AREA))
    ink = small.astype(np.float32) / np.float32(255)
    unit = height * scale
    paths, costs = _cuts(ink, unit, max(1.0, pen * scale))
    if not len(paths):
        return [Atom(piece, 0.0)]
    zones = (np.arange(size[0])[None, None, :] >= paths[:, :, None]).sum(axis=0).astype(np.uint8)
    full = cv2.resize(zones, (piece.width, piece.height), interpolation=cv2.INTER_NEAREST)
    return _atoms(piece, np.asarray(full, np.uint8), costs)


def _cuts(
    ink: NDArray[np.float32], unit: float, pen: float
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Paths worth cutting along, from left to right, and what each costs."""
    places = _places(ink, unit)
    straight = np.arange(round(NARROW * unit), ink.shape[1] - 1, max(2, round(NARROW * unit)))
    if not len(places):
        return np.zeros((0, len(ink)), np.intp), np.zeros(0, np.float32)
    free, free_ink, free_runs = _paths(ink, places, max(2, round(BAND * unit)))
    stiff, stiff_ink, stiff_runs = _paths(ink, straight, max(1, round(STIFF * unit)))
    # Through the one stroke that two digits share, along it, the free paths find ways around.
    along = stiff_runs <= 1
    paths = np.concatenate([free, stiff[along]])
    crossed = np.concatenate([free_ink, stiff_ink[along]]) / pen
    runs = np.concatenate([free_runs, stiff_runs[along]])
    costs = runs + LENGTHWISE * np.maximum(crossed - runs, 0)
    cheap = (runs <= MOST_RUNS) & (costs <= MOST_COST)
    return _distinct(paths[cheap], costs[cheap].astype(np.float32), APART * unit)


def _places(ink: NDArray[np.float32], unit: float) -> NDArray[np.intp]:
    """Columns worth trying: evenly spaced, moved to the least ink nearby."""
    width = ink.shape[1]
    step = max(2, round(SPACING * unit))
    profile = ink.sum(axis=0)
    starts = np.arange(step, width - step + 1, step)
    reach = max(1, step // 2)
    moved = [s - reach + int(np.argmin(profile[s - reach : s + reach + 1])) for s in starts]
    places = np.unique(moved)
    if len(places) > MOST_CUTS:
        places = np.sort(places[np.argsort(profile[places], kind="stable")[:MOST_CUTS]])
    return places.astype(np.intp)


def _paths(
    ink: NDArray[np.float32], places: NDArray[np.intp], band: int
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.intp]]:
    """Cheapest path in a band around each place: columns (n, rows), ink and strokes crossed."""
    padded = np.pad(ink, ((0, 0), (band, band)), constant_values=0)
    columns = places[:, None] + np.arange(2 * band + 1)[None]
    local = padded[:, columns].transpose(1, 0, 2)  # (n, rows, 2 band + 1)
    away = 0.004 * np.abs(np.arange(-band, band + 1, dtype=np.float32))
    total = local[:, 0] + away
    steps = np.zeros(local.shape, np.int8)
    far = np.full((len(places), 1), np.inf, np.float32)
    for row in range(1, local.shape[1]):
        left = np.concatenate([far, total[:, :-1]], axis=1) + SIDEWAYS
        right = np.concatenate([total[:, 1:], far], axis=1) + SIDEWAYS
        choices = np.stack([total, left, right])
        best = choices.argmin(axis=0)
        steps[:, row] = np.array([0, -1, 1], np.int8)[best]
        total = np.take_along_axis(choices, best[None], axis=0)[0] + local[:, row] + away
    each = np.arange(len(places))
    position = total.argmin(axis=1)
    paths = np.zeros(local.shape[:2], np.intp)
    crossed = np.zeros(len(places), np.float32)
    runs = np.zeros(len(places), np.intp)
    inside = np.zeros(len(places), np.bool_)
    for row in range(local.shape[1] - 1, -1, -1):
        paths[:, row] = position
        here = local[each, row, position]
        runs += (here > HALF) & ~inside
        inside = here > HALF
        crossed += here
        position = position + steps[each, row, position]
    return paths + places[:, None] - band, crossed, runs


def _distinct(
    paths: NDArray[np.intp], costs: NDArray[np.float32], apart: float
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Keep the cheaper of paths that nearly coincide, and none that cross."""
    kept: list[int] = []
    for index in np.argsort(costs, kind="stable"):
        gaps = [paths[index] - paths[other] for other in kept]
        if all(np.abs(gap).mean() >= apart and _one_side(gap) for gap in gaps):
            kept.append(int(index))
    order = sorted(kept, key=lambda row: float(paths[row].mean()))
    return paths[order], costs[order]


def _one_side(gap: NDArray[np.intp]) -> bool:
    return bool((gap >= 0).all() or (gap <= 0).all())


def _atoms(piece: Piece, zones: Pixels, costs: NDArray[np.float32]) -> list[Atom]:
    atoms: list[Atom] = []
    before = 0.0
    for zone in range(int(zones.max()) + 1):
        own = piece.mask * (zones == zone)
        before = float(costs[zone - 1]) if zone else 0.0
        columns, rows = np.flatnonzero(own.any(axis=0)), np.flatnonzero(own.any(axis=1))
        if not len(columns):
            continue
        x, y = int(columns[0]), int(rows[0])
        part = np.ascontiguousarray(own[y : rows[-1] + 1, x : columns[-1] + 1])
        inner = Piece(piece.x + x, piece.y + y, part.shape[1], part.shape[0], part, int(part.sum()))
        atoms.append(Atom(inner, before if atoms else 0.0))
    return atoms
