"""Find which page of a template a scan shows, and lay the scan on it.

Marks are looked for where the template has them, else features: quick ones (ORB), then sure ones
(SIFT), matched with each page's, and a homography through as many as agree (MAGSAC++, Barath et al.
2020). Whatever they say is believed only if the map is one that a scanner or a camera makes, and if
afterwards the page's print is really found where it belongs (`tenfold.forms.register`): a sheet that
is not aligned costs a person a look, one that is wrongly aligned costs wrong numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from tenfold.forms.marks import Marks, find_marks
from tenfold.forms.pyramid import Floats, Grey, Pyramid
from tenfold.forms.references import (
    LONG_SIDE,
    Features,
    Reference,
    References,
    orb_of,
    sift_of,
)  # fmt: skip
from tenfold.forms.register import Fit, Map, fit, lay

How = Literal["marks", "features"]

ENOUGH = 0.6  # share of a page's patches that must be found; handwriting may cover the others
ENOUGH_WITH_MARKS = 0.4
ENOUGH_OF_A_SIDE = 0.25  # the same for each third along an edge of the page
FEWEST_OF_A_SIDE = 6  # patches that a third must have to say anything
INLIERS = 10  # matches that agree, at least
RATIO = 0.8  # a match is kept if the next best is further away than this share of it
_CANDIDATES = 3  # pages whose print is looked for, those with most inliers first
_SIDES = ("upper", "right", "lower", "left")


@dataclass(frozen=True, slots=True)
class Aligned:
    """A scan laid on a page of its template.

    Parameters
    ----------
    page : int
        From 1.
    image : uint8 array, shape (h, w)
        The scan, grey, on the reference image's pixels.
    inliers : int
        How many patches of the reference's print were found.
    confidence : float
        Their share, 0 to 1.
    how : str
        ``"marks"`` or ``"features"``.
    map : Map
        From the reference's pixels to the scan's: ``map(points)``.
    error : float
        Median distance of the print from where it belongs, in pixels of the reference.
    copy : int or None
        The number of a printed copy, where its marks say it.
    """

    page: int
    image: Grey
    inliers: int
    confidence: float
    how: How
    map: Map
    error: float
    copy: int | None = None


@dataclass(frozen=True, slots=True)
class NotAligned:
    """A scan that shows no page of the template, or not enough of it.

    Parameters
    ----------
    reason : str
        For a person: one clause.
    """

    reason: str


def align(scan: Grey, references: References) -> Aligned | NotAligned:
    """Find which page a scan shows, and lay it on the reference.

    Parameters
    ----------
    scan : uint8 array, shape (h, w)
        Grey, in any orientation, 100 to 600 dots per inch, scanned or photographed.
    references : References
        Of the template.

    Returns
    -------
    Aligned or NotAligned

    Examples
    --------
    >>> import numpy as np
    >>> page = np.full((800, 600), 255, np.uint8)
    >>> for i in range(40):
    ...     _ = cv2.putText(page, f"{i * i * 7919}", (40 + i % 3 * 180, 40 + 18 * i), 0, 0.8, 0)
    >>> references = References.of([page])
    >>> found = align(np.rot90(page), references)
    >>> found.page, found.how, found.confidence > 0.9
    (1, 'features', True)
    >>> align(np.full((800, 600), 255, np.uint8), references)
    NotAligned(reason='nothing is printed on it')
    """
    pages, pyramid = references.pages, Pyramid(scan)
    codes = {page.marks.code for page in pages if page.marks}
    marks = find_marks(pyramid) if codes else None
    if marks and marks.code not in {None, *codes} and len(marks.corners) == 4:
        return NotAligned(f"its marks are those of another form, code {marks.code}")
    refusal = _Refusal(0.0, "it shows no page of this form")
    for how, roughs in _attempts(pyramid, pages, marks):
        fits = {
            number: laid
            for number, rough in roughs
            if (laid := fit(pyramid, pages[number - 1], rough)) is not None
        }
        chosen = _choose(fits, pages, scan, how)
        if isinstance(chosen, int):
            laid = fits[chosen]
            copy = marks.copy if marks and how == "marks" else None
            found, share = int(laid.found.sum()), _share(pages[chosen - 1], laid)
            image = lay(pyramid, laid.map)
            return Aligned(chosen, image, found, share, how, laid.map, laid.error, copy)
        refusal = max(refusal, chosen, key=lambda each: each.share)
    return NotAligned(
        _BLANK if refusal.share < ENOUGH_OF_A_SIDE and _is_blank(pyramid) else refusal.reason
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    share: float  # of the patches that were found: what comes nearest is told
    reason: str


def _attempts(
    pyramid: Pyramid, pages: tuple[Reference, ...], marks: Marks | None
) -> Iterator[tuple[How, list[tuple[int, Floats]]]]:
    """Say where pages may be, the quickest way first: their numbers, and maps to the scan."""
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


_FEWEST_MARKS = 2


def _matched(seen: Features, known: Features, shape: tuple[int, ...]) -> tuple[Floats | None, int]:
    """Return the homography that most matches agree on, reference to scan, and how many do."""
    if min(len(seen.points), len(known.points)) < INLIERS:
        return None, 0
    norm = cv2.NORM_HAMMING if known.descriptors.dtype == np.uint8 else cv2.NORM_L2
    pairs = cv2.BFMatcher(norm).knnMatch(known.descriptors, seen.descriptors, 2)
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


def _share(page: Reference, laid: Fit) -> float:
    """Return the share of patches found, of all or of the telling ones: the smaller."""
    telling = laid.found[page.telling]
    shares = [float(laid.found.mean())]
    if len(telling) >= FEWEST_OF_A_SIDE:
        shares.append(float(telling.mean()))
    return min(shares)


def _choose(
    fits: dict[int, Fit], pages: tuple[Reference, ...], scan: Grey, how: How
) -> int | _Refusal:
    """Return the page that a scan shows, or why none is certain."""
    refusal = _Refusal(0.0, "it shows no page of this form")
    good: list[tuple[float, int]] = []
    for number, laid in fits.items():
        page, share = pages[number - 1], _share(pages[number - 1], laid)
        missing = _missing(page, laid, scan)
        if share < (ENOUGH if how == "features" else ENOUGH_WITH_MARKS):
            reason = f"only {share:.0%} of the print of page {number} is found on it"
        elif missing:
            reason = f"it shows page {number}, but {missing}"
        else:
            good.append((share, number))
            continue
        refusal = max(refusal, _Refusal(share, reason), key=lambda each: each.share)
    if not good:
        return refusal
    good.sort(reverse=True)
    best = good[0][1]
    for share, rival in good[1:]:
        winner = _compared(pages, fits, best, rival)
        if winner is None:
            low, high = sorted((best, rival))
            return _Refusal(share, f"it may be page {low} or page {high}, which look alike")
        best = winner
    return best


def _missing(page: Reference, laid: Fit, scan: Grey) -> str:
    """Say which part of a page is not on the scan: a third of its print, or a field."""
    height, width = page.small.shape
    x, y = page.patches[:, 0] / width, page.patches[:, 1] / height
    for side, at in zip(_SIDES, (y < 1 / 3, x > 2 / 3, y > 2 / 3, x < 1 / 3), strict=True):
        if at.sum() >= FEWEST_OF_A_SIDE and laid.found[at].mean() < ENOUGH_OF_A_SIDE:
            return f"its {side} part is missing"
    for field in page.fields:
        left, top, right, bottom = page.box(field)
        place = laid.map(np.array([[(left + right) / 2, (top + bottom) / 2]]))[0]
        if not ((place >= 0).all() and (place < scan.shape[::-1]).all()):
            return f"field {field.name} lies beyond the edge"
    return ""


def _compared(
    pages: tuple[Reference, ...], fits: dict[int, Fit], first: int, second: int
) -> int | None:
    """Choose between pages that both seem to be there, by the print that only one of them has."""
    shares = []
    for one, other in ((first, second), (second, first)):
        page, rival = pages[one - 1], pages[other - 1]
        across = np.linalg.inv(fits[other].map.matrix) @ fits[one].map.matrix
        same = fit(Pyramid(rival.image), page, across)
        own = ~same.found if same is not None else np.ones_like(fits[one].found)
        shares.append(float(fits[one].found[own].mean()) if own.any() else 0.0)
    if abs(shares[0] - shares[1]) < _CLEARLY or max(shares) < ENOUGH_WITH_MARKS:
        return None
    return first if shares[0] > shares[1] else second


_CLEARLY = 0.25  # difference of those shares
_BLANK = "nothing is printed on it"


def _is_blank(scan: Pyramid) -> bool:
    """Say whether a scan shows paper alone, evenly lit or not."""
    small = cv2.medianBlur(scan.reduced(LONG_SIDE)[0], 3)
    dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((9, 9), np.uint8))
    return float((dark > _INK).mean()) < _DIRT


_INK = 40  # grey levels darker than what is around it
_DIRT = 0.0005  # share of a sheet that specks may cover
