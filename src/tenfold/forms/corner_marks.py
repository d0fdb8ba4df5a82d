"""Corner marks: what a printed sheet carries so that its scans are found at once.

Each corner has an ArUco mark (Garrido-Jurado et al. 2014) of OpenCV's dictionary 5X5_1000. The four
numbers together say which form and which page it is: 65,536 forms, 122 pages, one number in excess,
so that any three corners suffice and four check each other. Two more marks in the foot number the
copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from tenfold.forms.pyramid import Floats, Grey, Pyramid

BASE = 200  # numbers of a corner's own; the last 200 of 1000 number copies
CODES = 1 << 16
MOST_PAGES = BASE**3 // CODES
_PER_MARK = 100
_RIGHT = 4 * BASE + _PER_MARK  # the first number of the right one of those two
MOST_COPIES = _PER_MARK**2
_LONG_SIDE = 1400  # pixels on which marks are looked for


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks found on a picture.

    Parameters
    ----------
    corners : dict of int to float array, shape (4, 2)
        By id: the corners of the mark of a page's corner in pixels, from the mark's own top left,
        clockwise.
    code, page : int or None
        Which form and which page, from 1, where three corners or more say so and agree.
    copy : int or None
        The number of the copy, from 1.
    """

    corners: dict[int, Floats]
    code: int | None
    page: int | None
    copy: int | None


def ids_of(code: int, page: int) -> tuple[int, int, int, int]:
    """Return the ids of the four corner marks of a page, top left first, clockwise.

    Examples
    --------
    >>> ids_of(4711, 1), ids_of(4711, 2)
    ((111, 223, 400, 734), (47, 351, 401, 799))
    """
    number = (page - 1) * CODES + code
    values = [number % BASE, number // BASE % BASE, number // BASE**2]
    values.append(sum(values) % BASE)
    a, b, c, d = (corner * BASE + value for corner, value in enumerate(values))
    return a, b, c, d


def ids_of_copy(copy: int) -> tuple[int, int]:
    """Return the ids of the two marks, left and right, that number a copy, from 1 to 10,000."""
    return 4 * BASE + (copy - 1) // _PER_MARK, _RIGHT + (copy - 1) % _PER_MARK


def draw_mark(identity: int, cell: int = 8) -> Grey:
    """Draw one mark: black frame, 5×5 cells, as an image of 7 cells a side."""
    return np.asarray(cv2.aruco.generateImageMarker(_dictionary(), identity, 7 * cell), np.uint8)


def find_marks(picture: Pyramid) -> Marks | None:
    """Find the corner marks of one page, in any orientation; None if there are none."""
    small, matrix = picture.reduced(_LONG_SIDE)
    detected: Any = _detector().detectMarkers(small)  # its stubs know no None
    quads, ids, _ = detected
    if ids is None:
        return None
    back = np.linalg.inv(matrix)
    found: dict[int, list[Floats]] = {}
    for quad, identity in zip(quads, np.ravel(ids), strict=True):
        place = cv2.perspectiveTransform(np.asarray(quad, np.float64).reshape(1, 4, 2), back)[0]
        found.setdefault(int(identity), []).append(np.asarray(place, np.float64))
    # A number seen twice belongs to two sheets in one picture, or is no mark.
    single = {identity: places[0] for identity, places in found.items() if len(places) == 1}
    corners = {identity: quad for identity, quad in single.items() if identity < 4 * BASE}
    code, page = _decoded({identity // BASE: identity % BASE for identity in corners})
    copy = _copy([identity for identity in single if identity >= 4 * BASE])
    return Marks(corners, code, page, copy)


def _decoded(by_corner: dict[int, int]) -> tuple[int, int] | tuple[None, None]:
    """Return the form's code and the page's number that three or four corners say."""
    if len(by_corner) < 3:
        return None, None
    total = sum(by_corner.get(corner, 0) for corner in range(3))
    check = by_corner.get(3)
    if len(by_corner) == 4 and check != total % BASE:
        return None, None
    first = [by_corner.get(corner, ((check or 0) - total) % BASE) for corner in range(3)]
    number = first[0] + BASE * first[1] + BASE**2 * first[2]
    page = number // CODES + 1
    return (number % CODES, page) if page <= MOST_PAGES else (None, None)


def _copy(ids: list[int]) -> int | None:
    left = [identity - 4 * BASE for identity in ids if identity < _RIGHT]
    right = [identity - _RIGHT for identity in ids if identity >= _RIGHT]
    if len(left) != 1 or len(right) != 1:
        return None
    return left[0] * _PER_MARK + right[0] + 1


@cache
def _dictionary() -> cv2.aruco.Dictionary:
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_1000)


@cache
def _detector() -> cv2.aruco.ArucoDetector:
    how = cv2.aruco.DetectorParameters()
    how.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    how.adaptiveThreshWinSizeMin = how.adaptiveThreshWinSizeMax = 13  # one size: twice as quick
    how.minMarkerPerimeterRate = 0.02
    how.maxMarkerPerimeterRate = 0.6
    return cv2.aruco.ArucoDetector(_dictionary(), how)
