"""Find which page of a template a scan shows, and lay the scan on it.

Where the page may be is looked for in several ways (`tenfold.forms.locate`). Whatever they say is
believed only if afterwards the page's print is really found where it belongs
(`tenfold.forms.register`): a sheet that is not aligned costs a person a look, one that is wrongly
aligned costs wrong numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tenfold.forms.corner_marks import find_marks
from tenfold.forms.locate import How, attempts
from tenfold.forms.pyramid import Grey, Pyramid
from tenfold.forms.references import LONG_SIDE, Reference, References
from tenfold.forms.register import Fit, Map, fit, lay

ENOUGH = 0.6  # share of a page's patches that must be found; handwriting may cover the others
ENOUGH_WITH_MARKS = 0.4
ENOUGH_OF_A_SIDE = 0.25  # the same for each third along an edge of the page
FEWEST_OF_A_SIDE = 6  # patches that a third must have to say anything
FEWEST_TELLING = 3  # patches like no others that a page must have for them to be asked
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
    for how, roughs in attempts(pyramid, pages, marks):
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


def _share(page: Reference, laid: Fit) -> float:
    """Return the share of patches found, of all or of the telling ones: the smaller."""
    telling = laid.found[page.telling]
    shares = [float(laid.found.mean())]
    if len(telling) >= FEWEST_TELLING:
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
