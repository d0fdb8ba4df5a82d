"""Lay a scan on a reference exactly, once it is known roughly where its page is.

Patches of the reference's print are looked for near the places where they should be; the map is
fitted to where they are, and where the sheet did not lie flat it is bent. What share of the patches
was found says whether it is that page at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.forms.pyramid import Floats, Grey, Pyramid, scaling
from tenfold.forms.references import PATCH, Reference

SEEN = 0.55  # correlation from which on a patch says where it is
# And from which on it counts as found. Other words in the same place, on the same lines, reach 0.65
# in two of five patches; of the page's own, blurred and written over, nearly all do.
FOUND = 0.65
REACH = 10  # pixels of the reduced reference by which the rough map may be off
CLOSE = 4  # the same after the first fit
APART = 3.0  # a patch that lies further from where its neighbours say is another's
_ENOUGH_TO_FIT = 8
_ENOUGH_TO_BEND = 40
_NO_MAP: Any = None  # where one map holds x and y
_STEP = 16  # pixels between the places at which a bent map is worked out


@dataclass(frozen=True, slots=True)
class Map:
    """From pixels of a reference to pixels of a scan.

    Parameters
    ----------
    matrix : float array, shape (3, 3)
        A homography.
    bend : float array, shape (10, 2), or None
        How far a point of the reference moves before, by cubic polynomials of its place.
    size : tuple of int
        Width and height of the reference.
    """

    matrix: Floats
    size: tuple[int, int]
    bend: Floats | None = None

    def __call__(self, points: Floats) -> Floats:
        """Return where a scan shows points of the reference, shape (n, 2)."""
        points = np.asarray(points, np.float64)
        if self.bend is not None:
            points = points + _cubic(points, self.size) @ self.bend
        return np.asarray(cv2.perspectiveTransform(points[None], self.matrix)[0], np.float64)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a scan shows a page of a template.

    Parameters
    ----------
    map : Map
    found : bool array, shape (n,)
        Which of the reference's patches are there.
    error : float
        Median distance of those from where the map says, in pixels of the reference.
    """

    map: Map
    found: NDArray[np.bool_]
    error: float


def fit(pyramid: Pyramid, page: Reference, rough: Floats) -> Fit | None:
    """Lay a scan on a page that it may show.

    Parameters
    ----------
    pyramid : Pyramid
        Of the scan.
    page : Reference
    rough : float array, shape (3, 3)
        From the reference's pixels to the scan's, off by a few millimetres at most.

    Returns
    -------
    Fit or None
        None where hardly anything of the page is found.
    """
    height, width = page.image.shape
    at: Floats = (page.patches + 0.5).astype(np.float64) / page.scale - 0.5
    map_ = Map(rough, (width, height))
    for reach in (REACH, CLOSE):
        shifts, scores = _measure(pyramid, page, map_.matrix, reach)
        seen = scores >= SEEN
        if seen.sum() < _ENOUGH_TO_FIT:
            return None
        places = cv2.perspectiveTransform((at + shifts / page.scale)[None], map_.matrix)[0]
        scale = _scale(map_.matrix, (width, height)) * APART / page.scale
        matrix: Any = cv2.findHomography(
            at[seen], places[seen], cv2.USAC_MAGSAC, scale, maxIters=1000, confidence=0.999
        )[0]
        if matrix is None:
            return None
        map_ = Map(np.asarray(matrix, np.float64), (width, height))
    back = cv2.perspectiveTransform(places[None], np.linalg.inv(map_.matrix))[0]
    off = np.asarray(back - at, np.float64)  # in pixels of the reference
    map_, off = _bent(map_, at, off, seen)
    near = (scores >= FOUND) & (np.hypot(off[:, 0], off[:, 1]) < APART / page.scale)
    if near.sum() < _ENOUGH_TO_FIT:
        return None
    return Fit(map_, near, float(np.median(np.hypot(*off[near].T))))


def _measure(
    pyramid: Pyramid, page: Reference, matrix: Floats, reach: int
) -> tuple[Floats, Floats]:
    """Find each patch near its place: how far off in the reduced reference, and how well."""
    small, patches = page.small, page.patches
    part = warped(pyramid, matrix, (small.shape[1], small.shape[0]), page.scale, page.image.shape)
    around = PATCH + reach
    seen = cv2.copyMakeBorder(part, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=255.0)
    shifts, scores = np.zeros((len(patches), 2)), np.zeros(len(patches))
    for i, (x, y) in enumerate(patches):
        patch = small[y - PATCH : y + PATCH + 1, x - PATCH : x + PATCH + 1]
        window = seen[y + reach - around : y + reach + around + 1,
                      x + reach - around : x + reach + around + 1]  # fmt: skip
        match: Any = cv2.matchTemplate(window, patch, cv2.TM_CCOEFF_NORMED)
        _, best, _, (column, row) = cv2.minMaxLoc(match)
        there = window[row : row + 2 * PATCH + 1, column : column + 2 * PATCH + 1]
        if int(there.max()) - int(there.min()) < _FLAT:
            continue
        scores[i] = best
        shifts[i] = (column - reach + _vertex(match[row], column),
                     row - reach + _vertex(match[:, column], row))  # fmt: skip
    return shifts, scores


_FLAT = 12  # grey levels: paper without print, where a correlation means nothing


def _vertex(values: NDArray[np.float32], at: int) -> float:
    """Return how far from its highest value, -0.5 to 0.5, a row's parabola has its vertex."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, top, after = (float(value) for value in values[at - 1 : at + 2])
    curve = before - 2 * top + after
    return 0.5 * (before - after) / curve if curve < -1e-6 else 0.0


def warped(
    pyramid: Pyramid, matrix: Floats, size: tuple[int, int], scale: float, full: tuple[int, ...]
) -> Grey:
    """Return a scan as a flat map shows it, in a reference of this size reduced by ``scale``."""
    shrink = _scale(matrix, (full[1], full[0])) / scale
    picture, smaller = pyramid.at(shrink)
    grow = np.linalg.inv(scaling(size[0] / full[1], size[1] / full[0]))
    return np.asarray(
        cv2.warpPerspective(
            picture, smaller @ matrix @ grow, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT, borderValue=255,
        ),
        np.uint8,
    )  # fmt: skip


def lay(pyramid: Pyramid, map_: Map) -> Grey:
    """Return a scan on the pixels of a reference, white where there is none of it."""
    width, height = map_.size
    if map_.bend is None:
        return warped(pyramid, map_.matrix, map_.size, 1.0, (height, width))
    picture, smaller = pyramid.at(_scale(map_.matrix, map_.size))
    # Places are worked out on a coarse grid, one step wider on each side, and filled in between.
    columns = np.arange(-1, width // _STEP + 2) * _STEP + (_STEP - 1) / 2
    rows = np.arange(-1, height // _STEP + 2) * _STEP + (_STEP - 1) / 2
    grid = np.stack(np.meshgrid(columns, rows), -1)
    places = cv2.perspectiveTransform(map_(grid.reshape(-1, 2))[None], smaller)[0]
    coarse = places.reshape(*grid.shape).astype(np.float32)
    full = cv2.resize(coarse, (len(columns) * _STEP, len(rows) * _STEP))
    full = full[_STEP : _STEP + height, _STEP : _STEP + width]
    seen = cv2.remap(
        picture, full, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255
    )
    return np.asarray(seen, np.uint8)


def _scale(matrix: Floats, size: tuple[int, int]) -> float:
    """Return how many pixels of the scan one of the reference is, in its middle."""
    x, y = size[0] / 2, size[1] / 2
    points = np.array([[[x, y], [x + 1, y], [x, y + 1]]])
    a, b, c = cv2.perspectiveTransform(points, matrix)[0]
    return float(np.sqrt(abs(np.linalg.det(np.stack([b - a, c - a])))))


def _bent(map_: Map, at: Floats, off: Floats, seen: NDArray[np.bool_]) -> tuple[Map, Floats]:
    """Bend a map by what is left over, if that clearly explains it; return what is left then."""
    near = seen & (np.hypot(off[:, 0], off[:, 1]) < 4 * APART)
    if near.sum() < _ENOUGH_TO_BEND:
        return map_, off
    terms = _cubic(at, map_.size)
    weights = np.where(near, 1.0, 0.0)
    for _ in range(5):
        root = np.sqrt(weights)[:, None]
        left = (terms * root).T @ (terms * root) + _STIFF * near.sum() * np.eye(terms.shape[1])
        bend = np.linalg.solve(left, (terms * root).T @ (off * root))
        after = off - terms @ bend
        far = np.hypot(after[:, 0], after[:, 1])
        weights = np.where(near, 1 / (1 + (far / 1.0) ** 2), 0.0)
    before = float(np.median(np.hypot(*off[near].T)))
    if float(np.median(far[near])) > 0.7 * before or before < _EVEN:
        return map_, off
    return Map(map_.matrix, map_.size, np.asarray(bend)), np.asarray(after)


_STIFF = 1e-4  # how much a bend costs, so that it stays small where nothing was found
_EVEN = 0.5  # pixels: what is left over on flat sheets


def _cubic(points: Floats, size: tuple[int, int]) -> Floats:
    x, y = 2 * points[:, 0] / size[0] - 1, 2 * points[:, 1] / size[1] - 1
    one = np.ones_like(x)
    return np.stack([one, x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3], 1)
