"""Where a page of a template may be on a scan: rough maps, from one to the other.

They come from marks, from features, and from the sheet's edges. Features are quick ones (ORB)
first, then sure ones (SIFT), matched with each page's; the map is a homography through as many as
agree (MAGSAC++, Barath et al. 2020). Only maps that a scanner or a camera makes are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np

from tenfold.forms.corner_marks import Marks
from tenfold.forms.outline import map_onto, outlines
from tenfold.forms.pyramid import Floats, Grey, Pyramid
from tenfold.forms.references import LONG_SIDE, Features, Reference, orb_of, sift_of

How: TypeAlias = Literal["marks", "features"]

INLIERS = 10  # matches that agree, at least
RATIO = 0.8  # a match is kept if the next best is further away than this share of it
_CANDIDATES = 3  # pages whose print is looked for, those with most inliers first
_FEWEST_MARKS = 2


def attempts(
    pyramid: Pyramid, pages: tuple[Reference, ...], marks: Marks | None
) -> Iterator[tuple[How, list[tuple[int, Floats]]]]:
    """Say where pages may be, the quickest way first.

    Parameters
    ----------
    pyramid : Pyramid
        Of the scan.
    pages : tuple of Reference
    marks : Marks or None
        Found on the scan.

    Yields
    ------
    how : str
    roughs : list of tuple
        Numbers of pages, from 1, each with a map from its pixels to the scan's, shape (3, 3).
    """
    scan = pyramid.picture
    for number, page in enumerate(pages, 1):
        rough = _by_marks(page, marks)
        if rough is not None and _is_plausible(rough, page, scan):
            yield "marks", [(number, rough)]
    for kind in ("orb", "sift"):
        features = orb_of(pyramid) if kind == "orb" else sift_of(pyramid)
        known = [page.orb if kind == "orb" else page.sift for page in pages]
        found = []
        for number, (page, its) in enumerate(zip(pages, known, strict=True), 1):
            rough, inliers = _matched(features, its, scan.shape)
            if rough is not None and _is_plausible(rough, page, scan):
                found.append((inliers, number, rough))
        found.sort(key=lambda each: -each[0])
        yield "features", [(number, rough) for _, number, rough in found[:_CANDIDATES]]
    for corners in outlines(pyramid):
        for turn in range(4):
            roughs = [
                (n, map_onto(corners, turn, page.image.shape)) for n, page in enumerate(pages, 1)
            ]
            yield (
                "features",
                [(n, rough) for n, rough in roughs if _is_plausible(rough, pages[n - 1], scan)],
            )


def _by_marks(page: Reference, marks: Marks | None) -> Floats | None:
    """Return the map, reference to scan, by the corner marks that both have; at least two."""
    if marks is None or page.marks is None:
        return None
    shared = page.marks.corners.keys() & marks.corners.keys()
    if len(shared) < _FEWEST_MARKS:
        return None
    before = np.concatenate([page.marks.corners[identity] for identity in shared])
    after = np.concatenate([marks.corners[identity] for identity in shared])
    if len(shared) == _FEWEST_MARKS:  # too few for a slant
        matrix, _ = cv2.estimateAffinePartial2D(before, after)
        return None if matrix is None else np.vstack([matrix, [0.0, 0.0, 1.0]])
    matrix, _ = cv2.findHomography(before, after)
    return None if matrix is None else np.asarray(matrix, np.float64)


def _matched(seen: Features, known: Features, shape: tuple[int, ...]) -> tuple[Floats | None, int]:
    """Return the homography that most matches agree on, reference to scan, and how many do."""
    if min(len(seen.points), len(known.points)) < INLIERS:
        return None, 0
    norm = cv2.NORM_HAMMING if known.descriptors.dtype == np.uint8 else cv2.NORM_L2
    one: Any = known.descriptors
    other: Any = seen.descriptors
    pairs = cv2.BFMatcher(norm).knnMatch(one, other, 2)
    good = [(a.queryIdx, a.trainIdx) for a, b in pairs if a.distance < RATIO * b.distance]
    if len(good) < INLIERS:
        return None, 0
    before, after = (np.array(side) for side in zip(*good, strict=True))
    near = 3.0 * max(1.0, max(shape) / LONG_SIDE)
    matrix, agreeing = cv2.findHomography(
        known.points[before], seen.points[after], cv2.USAC_MAGSAC, near, maxIters=3000,
        confidence=0.999,
    )  # fmt: skip
    count = 0 if agreeing is None else int(agreeing.sum())
    return (None, 0) if matrix is None or count < INLIERS else (matrix, count)


def _is_plausible(matrix: Floats, page: Reference, scan: Grey) -> bool:
    """Say whether a scanner or a camera makes such a map: no mirror, not much shear or slant."""
    height, width = page.image.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    depth = matrix[2] @ np.c_[corners, np.ones(4)].T
    if not (np.isfinite(matrix).all() and (depth * depth[0] > 0).all()):
        return False
    places = cv2.perspectiveTransform(corners[None], matrix)[0]
    sides = np.roll(places, -1, 0) - places
    turns = sides[:, 0] * np.roll(sides, -1, 0)[:, 1] - sides[:, 1] * np.roll(sides, -1, 0)[:, 0]
    if (turns <= 0).any():  # mirrored, or not convex
        return False
    lengths = np.hypot(*sides.T)
    stretch = lengths / [width, height, width, height]
    sines = turns / (lengths * np.roll(lengths, -1))
    most = max(scan.shape) / max(page.image.shape)  # a page no wider than thrice the picture
    return bool(
        stretch.max() < 2.2 * stretch.min() and sines.min() > 0.7
        and 0.2 * most < stretch.mean() < 3 * most
    )  # fmt: skip
