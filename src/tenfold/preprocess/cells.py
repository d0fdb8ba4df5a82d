"""Part the ink of a mesh into its cells: the rules go, digits that touch or cross them stay.

Every side of every cell is looked at as a straight strip. Where the rule runs alone its ink goes;
where a stroke crosses it the column stays; where one only touches it the stroke stays and the rule
goes. What then hangs together over a rule belongs to the cell that holds most of it, unless it is
two digits that touch.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import (
    FAINT_SHARE,
    MIN_CONTRAST,
    NOISE_FACTOR,
    STROKE_SHARE,
    Ink,
    mark_ink,
)
from tenfold.preprocess.mesh import Mesh
from tenfold.preprocess.segment import LEAST_AREA, Piece

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Whole = NDArray[np.int32]

RIM = 0.14  # of a cell: what its rules take of it on each side
PEAK = 99.0  # percentile of a cell's levels that is full ink
FAINT_CELL = 0.2  # of the typical cell's full ink: fainter marks are dirt
REACH = 0.22  # of a cell's shorter side: a rule and its roughness lie within
ALONG_STEP, ACROSS_STEP = 0.7, 0.5  # pixels between samples, so that none is missed
SEEN, CORE = 0.15, 0.4  # share of a side that shows inked, and of that where the rule ends
SPARE = 1.0  # pixels a side may be thicker than its rule is elsewhere
ROUGH = 0.15  # of its thickness, and a pixel: how far a rule's edge strays
OWN = 0.65  # share of its ink that a mark over a rule has in its own cell
BESIDE = 0.35  # of a cell: what reaches further into another is a digit of its own


def number_cells(mesh: Mesh, shape: tuple[int, ...]) -> Whole:
    """Return an int32 array of a picture's shape: numbers of cells, row by row from 1; else 0."""
    cells = np.zeros(shape, np.int32)
    for number in range(mesh.shape[0] * mesh.shape[1]):
        cv2.fillConvexPoly(cells, _outline(mesh, number), number + 1)
    return cells


def ink_by_cell(ink: Ink, mesh: Mesh, cells: Whole) -> Ink:
    """Tell ink from paper in each cell by itself: a pencil stays beside bold print.

    Parameters
    ----------
    ink : Ink
    mesh : Mesh
    cells : int32 array, shape (h, w)
        From `number_cells`.
    """
    peaks = np.zeros(1 + mesh.shape[0] * mesh.shape[1], np.float32)
    calm = np.asarray(cv2.blur(ink.level, (3, 3)), np.uint8)
    for number in range(1, len(peaks)):
        inner = _inner(mesh, number - 1)
        low, high = np.maximum(inner.min(axis=0), 0), inner.max(axis=0) + 1
        window = (slice(low[1], high[1]), slice(low[0], high[0]))
        inside = np.zeros_like(calm[window])
        cv2.fillConvexPoly(inside, inner - low, 1)
        levels = calm[window][inside > 0]
        peaks[number] = np.percentile(levels, PEAK) if levels.size else 0.0
    least = max(MIN_CONTRAST, NOISE_FACTOR * ink.noise, FAINT_CELL * float(np.median(peaks[1:])))
    edge = np.maximum(STROKE_SHARE * peaks, least).astype(np.uint8)
    faint = np.maximum(FAINT_SHARE * peaks, least).astype(np.uint8)
    own = mark_ink(ink.level, edge[cells], faint[cells])
    return replace(ink, mask=np.where(cells > 0, own, ink.mask))


def _inner(mesh: Mesh, number: int) -> Whole:
    """Outline of a cell without its rules."""
    quad = _outline(mesh, number)
    middle = quad.mean(axis=0)
    return np.asarray(np.rint(middle + (1 - 2 * RIM) * (quad - middle)), np.int32)


def remove_mesh(ink: Ink, mesh: Mesh) -> Ink:
    """Return the ink without the mesh's rules."""
    mask, gone = ink.mask, np.zeros_like(ink.mask)
    corners = mesh.corners.astype(np.float32)
    level = corners[:, :-1].reshape(-1, 2), corners[:, 1:].reshape(-1, 2)
    turned = corners.swapaxes(0, 1)
    upright = turned[:, :-1].reshape(-1, 2), turned[:, 1:].reshape(-1, 2)
    short = min(_typical(*level), _typical(*upright))
    reach = max(3.0, REACH * short)
    rules = corners.shape[:2]
    sides = zip((level, upright), rules, strict=True)
    strips = [_Strips(mask, *ends, reach, count) for ends, count in sides]
    thick = [float(np.median(strip.high - strip.low)) * ACROSS_STEP for strip in strips]
    for strip, across in zip(strips, reversed(thick), strict=True):
        strip.mark(gone, ends=across / 2 + 2)
    keep = 1 - gone
    return replace(ink, level=ink.level * keep, mask=mask * keep)


def _typical(starts: Floats, ends: Floats) -> float:
    return float(np.median(np.linalg.norm(ends - starts, axis=1)))


class _Strips:
    """The sides of all cells in one direction, each as a straight strip of samples."""

    def __init__(
        self, mask: Pixels, starts: Floats, ends: Floats, reach: float, rules: int
    ) -> None:
        along = ends - starts
        self.lengths = np.linalg.norm(along, axis=1)
        self.count = max(4, int(float(self.lengths.max()) / ALONG_STEP) + 1)
        self.middle = int(reach / ACROSS_STEP)
        shifts = np.arange(-self.middle, self.middle + 1, dtype=np.float32) * ACROSS_STEP
        unit = along / np.maximum(self.lengths[:, None], 1e-6)
        normal = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
        share = np.linspace(0, 1, self.count, dtype=np.float32)
        points = starts[:, None] + share[None, :, None] * along[:, None]
        grid = points[:, :, None] + shifts[None, None, :, None] * normal[:, None, None]
        whole = np.rint(grid).astype(np.int32)
        self.x = np.clip(whole[..., 0], 0, mask.shape[1] - 1)
        self.y = np.clip(whole[..., 1], 0, mask.shape[0] - 1)
        self.ink = mask[self.y, self.x] > 0
        self.low, self.high = _alike(*self._rule(), rules)

    def _rule(self) -> tuple[Whole, Whole]:
        """Where the rule lies across each strip: first sample and one beyond the last."""
        seen = self.ink.mean(axis=1)
        half = self.middle // 2
        low = np.full(len(seen), self.middle, np.int32)
        high = low + 1
        for index, profile in enumerate(seen):
            core = profile[half : len(profile) - half]
            top = int(core.argmax()) + half
            if profile[top] < SEEN:
                continue
            first = last = top
            while first > 0 and profile[first - 1] >= CORE * profile[top]:
                first -= 1
            while last + 1 < len(profile) and profile[last + 1] >= CORE * profile[top]:
                last += 1
            low[index], high[index] = first, last + 1
        return low, high

    def mark(self, gone: Pixels, ends: float) -> None:
        """Mark the rule's ink, all of it near the strip's ends, where other rules cross."""
        size = self.ink.shape[2]
        place = np.arange(size)
        low, high = self.low[:, None, None], self.high[:, None, None]
        above = _reach(self.ink[:, :, ::-1], size - low)
        below = _reach(self.ink, high)
        rough = (1 + ROUGH * (self.high - self.low) * ACROSS_STEP) / ACROSS_STEP
        rough = rough[:, None]
        crossing = (above > rough) & (below > rough)
        steps = np.arange(self.count) / (self.count - 1)
        near = np.minimum(steps, 1 - steps)[None] * self.lengths[:, None] <= ends
        crossing &= ~near
        more_above = np.where((above <= rough) | near, np.minimum(above, rough), 0)
        more_below = np.where((below <= rough) | near, np.minimum(below, rough), 0)
        rule = (place >= low - more_above[..., None]) & (place < high + more_below[..., None])
        rule &= ~crossing[..., None]
        gone[self.y[rule], self.x[rule]] = 1


def _alike(low: Whole, high: Whole, rules: int) -> tuple[Whole, Whole]:
    """Hold each side to what its rule is elsewhere: the foot of a digit may lie on it."""
    spare = round(SPARE / ACROSS_STEP)
    lows, highs = low.reshape(rules, -1), high.reshape(rules, -1)
    first = np.median(lows, axis=1, keepdims=True).astype(np.int32)
    last = np.median(highs, axis=1, keepdims=True).astype(np.int32)
    lows, highs = np.maximum(lows, first - spare), np.minimum(highs, last + spare)
    return lows.ravel(), np.maximum(lows + 1, highs).ravel()


def _reach(ink: NDArray[np.bool_], start: Whole) -> NDArray[np.intp]:
    """For how many samples ink goes on from a start, without a break: shape (strips, count)."""
    place = np.arange(ink.shape[2])
    stopped = ~ink & (place >= start)
    first = np.where(stopped.any(axis=2), stopped.argmax(axis=2), ink.shape[2])
    return np.asarray(first - start[..., 0])


def cell_pieces(mask: Pixels, mesh: Mesh, cells: Whole) -> tuple[list[list[Piece]], int]:
    """Return the pieces of each cell, row by row, and how many marks its rules part."""
    count = mesh.shape[0] * mesh.shape[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    inked = np.flatnonzero(mask.ravel())
    keys, areas = np.unique(
        labels.ravel()[inked].astype(np.int64) * (count + 1) + cells.ravel()[inked],
        return_counts=True,
    )
    owners, homes = np.divmod(keys, count + 1)
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    found: list[list[Piece]] = [[] for _ in range(count)]
    parted = 0
    for own in np.split(np.arange(len(keys)), starts[1:]):
        parts, sizes = homes[own], areas[own]
        home = int(parts[sizes.argmax()])
        if not parts.any():
            continue
        x, y, w, h = (int(value) for value in stats[owners[own[0]]][:4])
        window = (slice(y, y + h), slice(x, x + w))
        mark = labels[window] == owners[own[0]]
        pieces = {home: mark}
        if len(parts) > 1 and not _is_one(mark, cells[window], home, mesh, sizes):
            parted += 2 * h > float(np.ptp(_outline(mesh, int(parts.max()) - 1)[:, 1]))
            pieces = {int(part): mark & (cells[window] == part) for part in parts}
        for part, own_mark in pieces.items():
            if part and int(own_mark.sum()) >= LEAST_AREA:
                found[part - 1].append(_piece(own_mark, x, y))
    return found, parted


def _outline(mesh: Mesh, number: int) -> Whole:
    row, column = divmod(number, mesh.shape[1])
    corners = mesh.corners
    quad = (
        corners[row, column],
        corners[row, column + 1],
        corners[row + 1, column + 1],
        corners[row + 1, column],
    )
    return np.rint(quad).astype(np.int32)


def _is_one(
    mark: NDArray[np.bool_], cells: Whole, home: int, mesh: Mesh, sizes: NDArray[np.intp]
) -> bool:
    """Tell whether a mark over a rule is one digit that strays, not two that touch."""
    if sizes.max() < OWN * sizes.sum():
        return False
    if not home:
        return True
    quad = _outline(mesh, home - 1)
    width, height = np.ptp(quad, axis=0)
    away = mark & (cells != home)
    rows, columns = np.flatnonzero(away.any(axis=1)), np.flatnonzero(away.any(axis=0))
    return bool(np.ptp(rows) < BESIDE * height and np.ptp(columns) < BESIDE * width)


def _piece(mark: NDArray[np.bool_], x: int, y: int) -> Piece:
    rows, columns = np.flatnonzero(mark.any(axis=1)), np.flatnonzero(mark.any(axis=0))
    part = mark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)
    height, width = part.shape
    left, top = x + int(columns[0]), y + int(rows[0])
    return Piece(left, top, width, height, np.ascontiguousarray(part), int(part.sum()))
