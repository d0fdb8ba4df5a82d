"""Find the mesh of a page: the rules of a sudoku, a table, a form with rows of boxes.

Rules may be faint, thick, blurred, broken, curved and askew, so they are not looked for as lines.
What is left of the paper between them, the holes of the mesh, lies in rows and columns; these say
how the page is warped, and on the straightened page the rules are what runs all along them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.holes import (
    FAINTEST,
    SIDE,
    find_holes,
    levels,
    neighbours,
    rotation,
    straight_boxes,
)
from tenfold.preprocess.straighten import Straight, straighten
from tenfold.preprocess.warp import fit_warp

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

LEAST_HOLES = 4
SHARE = 0.4  # of the typical rule's level: fainter is none
ALONG = 0.72  # share of a rule's length that shows
RIM, SPANNED = 0.15, 0.5  # share of a hole that ends at a rule, and of holes that have none there
GOES_ON = 0.8  # share of most of a cell's width beyond the grid along which a rule shows
SEEN = 0.05  # bonus of the place where a rule shows over others where holes end
EDGE, OPEN_EDGE = 0.5, 0.8  # share of sides that show in outer cells, and where these leak
CLOSE = 0.3  # of a cell: rules no further apart are one
LEAST_RULES = 3
REFINED = 2  # times: outer rules of a curved page show only once the inner ones are straight


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Rows and columns of cells.

    Parameters
    ----------
    corners : float array, shape (rows + 1, columns + 1, 2)
        Where the rules cross, ``(x, y)`` in pixels.
    """

    corners: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns of cells."""
        rows, columns = self.corners.shape[:2]
        return rows - 1, columns - 1


def find_mesh(ink: Ink) -> Mesh | None:
    """Return the page's mesh with the most cells, or None; quick where there is none."""
    zoom = min(1.0, SIDE / max(ink.level.shape))
    holes = find_holes(ink, zoom)
    if len(holes) < LEAST_HOLES:
        return None
    found = neighbours(straight_boxes(holes, rotation(holes)))
    if found is not None:  # straightened, the page may show more of them
        found = neighbours(straight_boxes(holes, fit_warp(*levels(holes, found))))
    return None if found is None else _refine(ink, zoom, holes, found)


def _refine(
    ink: Ink, zoom: float, holes: Floats, found: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> Mesh | None:
    """Find the rules on the straightened page, straighten it by these, and once more."""
    warp = fit_warp(*levels(holes, found))
    members = np.unique(np.concatenate(found))
    for _ in range(1 + REFINED):
        boxes = straight_boxes(holes, warp)
        page = straighten(ink, warp, boxes[members], zoom)
        if page is None:
            return None
        rules = _rules(page, page.pixels(boxes), members)
        if min(len(rules[0]), len(rules[1])) < LEAST_RULES:
            return None
        corners = _corners(page, *rules)
        warp = fit_warp(_trace_points(page, rules, 1), _trace_points(page, rules, 0))
    return Mesh((corners + 0.5) / zoom - 0.5)


def _rules(page: Straight, boxes: Floats, members: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Positions of the columns' and of the rows' rules, in the page's pixels."""
    own = boxes[members]
    ranges = [(float(own[:, axis].min()), float(own[:, axis + 2].max())) for axis in (0, 1)]
    shows = (_shows(page, own, 0), _shows(page, own, 1))
    found = [np.zeros(0), np.zeros(0)]
    for _ in range(2):
        for axis in (1, 0):
            profile = _profile(shows[axis], axis, ranges[1 - axis])
            spanned, ended = _by_holes(boxes, axis, ranges[1 - axis], len(profile))
            profile = np.maximum(profile, ended) + SEEN * profile
            profile *= np.where(spanned > SPANNED, 1 - spanned, 1.0)
            found[axis] = _peaks(profile, page.cell[axis])
            if len(found[axis]) >= 2:
                ranges[axis] = (float(found[axis][0]), float(found[axis][-1]))
    columns, rows = _trim(shows, boxes, found[0], found[1])
    ruled = _goes_on(shows, columns, rows, page.cell[0], 1) or _goes_on(
        shows, rows, columns, page.cell[1], 0
    )
    return (np.zeros(0), np.zeros(0)) if ruled else (columns, rows)


def _goes_on(
    shows: tuple[Floats, Floats], ends: Floats, rules: Floats, cell: float, axis: int
) -> bool:
    """Tell ruled paper, whose rules go on beyond the last that crosses them, from a grid."""
    if min(len(ends), len(rules)) < LEAST_RULES:
        return False
    lines = shows[1] if axis == 1 else shows[0].T
    places = np.clip(rules.round().astype(int), 1, len(lines) - 2)
    seen = np.maximum.reduce([lines[places + shift] for shift in (-1, 0, 1)])
    sides = [(ends[-1] + 0.3 * cell, ends[-1] + cell), (ends[0] - cell, ends[0] - 0.3 * cell)]
    beyond = [seen[:, max(0, int(low)) : max(1, int(high))].mean(axis=1) for low, high in sides]
    return max(float((side >= GOES_ON).mean()) for side in beyond) > EDGE


def _by_holes(
    boxes: Floats, axis: int, limits: tuple[float, float], count: int
) -> tuple[Floats, Floats]:
    """Share of the holes at every position that lie across it, and of the length that ends there.

    The first speaks against a rule, whatever digits stand in a column; the second for one, even
    where it is too crooked to be seen along all of its length.
    """
    along = (boxes[:, 1 - axis] + boxes[:, 3 - axis]) / 2
    across, total, ended = np.zeros(count), np.full(count, 1e-9), np.zeros(count)
    for box in boxes[(along > limits[0]) & (along < limits[1])]:
        low, high, length = box[axis], box[axis + 2], box[3 - axis] - box[1 - axis]
        gap = RIM * (high - low)
        across[max(0, int(low + gap)) : max(0, int(high - gap) + 1)] += length
        total[max(0, int(low - gap)) : max(0, int(high + gap) + 1)] += length
        for end in (low, high):
            ended[max(0, int(end - gap / 2)) : max(0, int(end + gap / 2) + 1)] += length
    # A rule between two holes ends both: where half of them show that is enough.
    return across / total, np.minimum(1.0, ended / max(1.0, limits[1] - limits[0]))


def _shows(page: Straight, boxes: Floats, axis: int) -> Floats:
    """1.0 where a rule runs through a pixel, else 0.0: level for axis 1, upright for 0."""
    level = page.level if axis == 1 else np.ascontiguousarray(page.level.T)
    length = max(3, int(0.3 * page.cell[1 - axis]))
    width = max(3, int(0.3 * page.cell[axis])) | 1
    kernel = np.ones((width, 1), np.uint8)
    calm = cv2.blur(level, (5, 1))
    thin = np.asarray(cv2.morphologyEx(calm, cv2.MORPH_TOPHAT, kernel), np.uint8)
    dark = np.asarray(thin >= _faintest(page, thin, boxes, axis)).astype(np.float32)
    near = cv2.dilate(dark, np.ones((3, 1), np.uint8))
    # A majority bridges breaks, and makes no stroke longer.
    shows = np.asarray(cv2.blur(near, (length, 1)) > 0.5).astype(np.float64)
    return shows if axis == 1 else np.asarray(shows.T)


def _faintest(page: Straight, thin: Pixels, boxes: Floats, axis: int) -> float:
    """Grey levels from which on ink may be a rule, by what bounds the holes."""
    low, high = boxes[:, 1 - axis], boxes[:, 3 - axis]
    ends = np.stack([low + RIM * (high - low), high - RIM * (high - low)]).astype(int)  # no digits
    columns = np.clip(ends.repeat(2, axis=0).ravel(), 0, thin.shape[1] - 1)
    edges = np.tile(np.concatenate([boxes[:, axis], boxes[:, axis + 2]]), 2)
    reach = max(2, int(RIM * page.cell[axis]))
    rows = edges.astype(int)[:, None] + np.arange(-reach, reach + 1)
    peaks = thin[np.clip(rows, 0, len(thin) - 1), columns[:, None]].max(axis=1)
    return max(FAINTEST, SHARE * float(np.median(peaks)))


def _profile(shows: Floats, axis: int, limits: tuple[float, float]) -> Floats:
    """Share of the length between the limits along which a rule shows, at every position."""
    part = slice(max(0, int(limits[0])), int(limits[1]) + 1)
    return np.asarray(shows[:, part].mean(axis=1) if axis == 1 else shows[part].mean(axis=0))


def _peaks(profile: Floats, cell: float) -> Floats:
    """Positions where the profile is high, the highest of neighbours."""
    reach = max(1, int(CLOSE * cell))
    padded = np.pad(profile, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    top = (profile >= ALONG) & (profile >= windows.max(axis=1) - 1e-9)
    places = np.flatnonzero(top)
    groups = np.split(places, np.flatnonzero(np.diff(places) > reach) + 1) if len(places) else []
    return np.array([group.mean() for group in groups])


def _trim(
    shows: tuple[Floats, Floats], boxes: Floats, columns: Floats, rows: Floats
) -> tuple[Floats, Floats]:
    """Leave out rules beyond which no rules cross: frames, underlines, the picture's edge."""
    while len(rows) >= LEAST_RULES and len(columns) >= LEAST_RULES:
        ends = [
            _closed(shows, boxes, columns, rows[:2], 0),
            _closed(shows, boxes, columns, rows[-2:], 0),
            _closed(shows, boxes, rows, columns[:2], 1),
            _closed(shows, boxes, rows, columns[-2:], 1),
        ]
        worst = int(np.argmin(ends))
        if ends[worst] >= 0:
            break
        if worst < 2:
            rows = rows[1:] if worst == 0 else rows[:-1]
        else:
            columns = columns[1:] if worst == 2 else columns[:-1]
    return columns, rows


def _closed(
    shows: tuple[Floats, Floats], boxes: Floats, across: Floats, between: Floats, axis: int
) -> float:
    """Whether rules cross between two others, by how much; holes there make it likelier."""
    low, high = boxes[:, 1 - axis], boxes[:, 3 - axis]
    middles = (boxes[:, axis] + boxes[:, axis + 2]) / 2
    there = (low + high > 2 * between[0]) & (low + high < 2 * between[1])
    there &= high - low > 0.6 * (between[1] - between[0])
    there &= (middles > across[0]) & (middles < across[-1])
    held = np.unique(np.searchsorted(across, middles[there])).size / (len(across) - 1)
    return _crossed(shows[axis], across, between, axis) - (EDGE if held >= EDGE else OPEN_EDGE)


def _crossed(shows: Floats, across: Floats, between: Floats, axis: int) -> float:
    """Share of the rules across that show between two others."""
    gap = 0.15 * (between[1] - between[0])
    part = slice(int(between[0] + gap), int(between[1] - gap) + 1)
    strip = shows[part] if axis == 0 else shows[:, part].T
    places = np.clip(across.round().astype(int), 1, strip.shape[1] - 2)
    seen = np.maximum.reduce([strip[:, places + shift] for shift in (-1, 0, 1)])
    return float((seen.mean(axis=0) >= EDGE).mean())


def _trace(page: Straight, rules: tuple[Floats, Floats], axis: int) -> tuple[Floats, Floats]:
    """Where each rule runs: nodes along it, and its offset there, (rules, nodes)."""
    shows = page.level if axis == 1 else np.ascontiguousarray(page.level.T)
    cell, length = page.cell[axis], max(3, int(0.7 * page.cell[1 - axis]))
    calm = cv2.blur(shows, (length, 3)).astype(np.float64)
    ends = rules[1 - axis]
    count = max(4, 2 * len(ends))
    nodes = np.linspace(ends[0], ends[-1], count)
    reach = max(2, int(0.15 * cell))
    shifts = np.arange(-reach, reach + 1)
    rows = np.clip(rules[axis].round().astype(int)[:, None] + shifts, 0, len(shows) - 1)
    columns = np.clip(nodes.round().astype(int), 0, shows.shape[1] - 1)
    values = calm[rows[:, None, :], columns[None, :, None]]
    values = values - 0.02 * np.abs(shifts) - values.min(axis=2, keepdims=True)
    sharp = np.maximum(values - 0.5 * values.max(axis=2, keepdims=True), 0)
    offsets = (sharp * shifts).sum(axis=2) / np.maximum(sharp.sum(axis=2), 1e-9)
    return nodes, np.asarray(offsets + rules[axis].round()[:, None])


def _trace_points(
    page: Straight, rules: tuple[Floats, Floats], axis: int
) -> tuple[Floats, NDArray[np.intp]]:
    """Points on the rules in the small picture, and which rule each lies on."""
    nodes, places = _trace(page, rules, axis)
    along = np.broadcast_to(nodes, places.shape)
    points = np.stack([along, places] if axis == 1 else [places, along], axis=-1)
    owner = np.repeat(np.arange(len(places)), len(nodes))
    return page.crooked(points.reshape(-1, 2)), owner


def _corners(page: Straight, columns: Floats, rows: Floats) -> Floats:
    """Where the rules cross, in the small picture: shape (rows, columns, 2)."""
    rules = (columns, rows)
    nodes_x, v = _trace(page, rules, 1)
    nodes_y, u = _trace(page, rules, 0)
    at_v = np.stack([np.interp(columns, nodes_x, _calm(line)) for line in v])
    at_u = np.stack([np.interp(rows, nodes_y, _calm(line)) for line in u], axis=1)
    points = np.stack([at_u, at_v], axis=-1)
    return page.crooked(points.reshape(-1, 2)).reshape(points.shape)


def _calm(offsets: Floats) -> Floats:
    """Median of neighbours: a digit on the rule must not pull it aside."""
    padded = np.pad(offsets, 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
