"""Where a sheet lies in a photo, by its edges alone, for print that is faint or all alike."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from tenfold.forms.pyramid import Floats, Pyramid

_LONG_SIDE = 500  # pixels on which edges are looked for
_LEAST = 0.15  # of the picture, that a sheet covers


def outlines(picture: Pyramid) -> Iterator[Floats]:
    """Yield the corners of what may be the sheet, float array (4, 2), clockwise: its edges, frame.

    Examples
    --------
    >>> desk = np.full((400, 600), 60, np.uint8)
    >>> desk[100:300, 150:450] = 230
    >>> next(outlines(Pyramid(desk))).round(-1).min(0).tolist()
    [150.0, 100.0]
    """
    small, matrix = picture.reduced(_LONG_SIDE)
    smooth = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))  # print gone
    _, light = cv2.threshold(smooth, 0, 255, cv2.THRESH_OTSU)
    shapes, _ = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    back = np.linalg.inv(matrix)
    for shape in sorted(shapes, key=cv2.contourArea, reverse=True)[:1]:
        hull = cv2.convexHull(shape)
        corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
        if len(corners) == 4 and cv2.contourArea(corners) > _LEAST * small.size:
            places = cv2.perspectiveTransform(corners.reshape(1, 4, 2).astype(np.float64), back)[0]
            yield _clockwise(np.asarray(places, np.float64))
    height, width = picture.picture.shape
    yield np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5


def _clockwise(corners: Floats) -> Floats:
    around = np.roll(corners, -1, 0)
    area = (corners[:, 0] * around[:, 1] - around[:, 0] * corners[:, 1]).sum()
    return corners if area > 0 else corners[::-1]


def map_onto(corners: Floats, turn: int, shape: tuple[int, ...]) -> Floats:
    """Return the map, page to picture, that lays a page on a quadrangle.

    Parameters
    ----------
    corners : float array, shape (4, 2)
        Clockwise.
    turn : int
        Which of them is the page's top left.
    shape : tuple of int
        The page's height and width in pixels.
    """
    height, width = shape
    page = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    places = np.roll(corners, -turn, 0).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(page, places), np.float64)
