"""Scans and photos of a drawn form whose true place is known, point for point."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from drawn_forms import DPI, Box, Grey
from tenfold.synthesis.pages.camera import clouds, grain

Floats = NDArray[np.float64]


@dataclass
class Scan:
    """A simulated scan.

    Parameters
    ----------
    image : uint8 array, shape (h, w)
    points, places : float arrays, shape (n, 2)
        Points of the reference in its pixels, and where the scan truly shows them.
    how : str
        ``"scanner"`` or ``"phone"``.
    turn : int
        Quarter turns.
    """

    image: Grey
    points: Floats
    places: Floats
    how: str
    turn: int


def write_on(rng: Generator, page: Grey, boxes: list[Box], filled: float = 0.8) -> Grey:
    """Return the page with strokes in most of its fields and some beside them."""
    page = page.copy()
    scale = DPI / 25.4
    for left, top, width, height in boxes:
        if rng.random() < filled:
            count = max(1, int(width / height))
            for i in range(count):
                x = (left + width * (i + 0.5) / count) * scale
                _glyph(rng, page, x, (top + height / 2) * scale, 0.42 * height * scale)
    for _ in range(int(rng.integers(0, 12))):  # signatures, notes, doodles
        x, y = rng.uniform(0, page.shape[1]), rng.uniform(0, page.shape[0])
        for i in range(int(rng.integers(1, 14))):
            _glyph(rng, page, x + 18 * i, y, rng.uniform(10, 24))
    return page


def _glyph(rng: Generator, page: Grey, x: float, y: float, size: float) -> None:
    knots = rng.uniform(-1, 1, (int(rng.integers(3, 7)), 2)) * [0.7 * size, size]
    t = np.linspace(0, 1, 24)
    curve = np.stack(
        [np.polyval(np.polyfit(np.linspace(0, 1, len(knots)), knots[:, i], 3), t)
         if len(knots) > 3 else np.interp(t, np.linspace(0, 1, len(knots)), knots[:, i])
         for i in (0, 1)], 1)  # fmt: skip
    points = np.rint(np.clip(curve, -1.3 * size, 1.3 * size) + np.array([x, y])).astype(np.int32)
    shade = int(rng.integers(10, 110))
    cv2.polylines(page, [points], False, shade, int(rng.integers(2, 5)), cv2.LINE_AA)


def _curl(points: Floats, size: tuple[int, int], depth: Floats) -> Floats:
    """How far a sheet that does not lie flat shows its points elsewhere, in pixels."""
    x, y = points[..., 0] / size[0] - 0.5, points[..., 1] / size[1] - 0.5
    up = depth[0] * (x**2 - 0.1) + depth[1] * x * y + depth[2] * np.sin(4 * y + depth[3]) * 0.3
    side = depth[4] * (y**2 - 0.1) + depth[5] * np.sin(3 * x + depth[3]) * 0.3
    return np.asarray(np.stack([side, up], -1))


def scan(rng: Generator, page: Grey, how: str | None = None) -> Scan:
    """Return what a scanner, after a photocopier at times, or a phone makes of a page."""
    how = how or ("phone" if rng.random() < 0.4 else "scanner")
    turn = int(rng.choice(4))
    height, width = page.shape
    if how == "scanner":
        matrix, size = _scanner(rng, width, height, turn)
        depth = np.zeros(6)
    else:
        matrix, size = _phone(rng, width, height, turn)
        depth = rng.uniform(-1, 1, 6) * rng.uniform(0, 1) * 10  # up to about a millimetre
    image = _lay(rng, page, matrix, size, depth, how)
    rows, columns = np.mgrid[0:1:5j, 0:1:4j]
    points = np.stack([columns.ravel() * (width - 1), rows.ravel() * (height - 1)], 1)
    moved = points + _curl(points, (width, height), depth)
    places = cv2.perspectiveTransform(moved[None], matrix)[0]
    return Scan(_exposed(rng, image, how), points, np.asarray(places), how, turn)


def _turned(size: Floats, turn: int) -> Floats:
    """Quarter turns of a page of one size: a 3×3 matrix."""
    width, height = size
    turns = [
        np.eye(3),
        np.array([[0, -1, height], [1, 0, 0], [0, 0, 1]]),
        np.array([[-1, 0, width], [0, -1, height], [0, 0, 1]]),
        np.array([[0, 1, 0], [-1, 0, width], [0, 0, 1]]),
    ]
    return np.asarray(turns[turn], np.float64)


def _scanner(rng: Generator, width: int, height: int, turn: int) -> tuple[Floats, tuple[int, int]]:
    scale = float(rng.choice([100, 150, 200, 200, 300, 300, 400, 600])) / DPI
    shrink = rng.uniform(0.97, 1) if rng.random() < 0.4 else rng.uniform(0.995, 1.005)
    angle = np.radians(rng.uniform(-5, 5) if rng.random() < 0.5 else rng.normal(0, 0.6))
    cos, sin = np.cos(angle) * shrink * scale, np.sin(angle) * shrink * scale
    stretch = rng.uniform(0.997, 1.003)
    middle = np.array([width, height]) / 2
    side = np.array([[cos, -sin * stretch, 0], [sin, cos * stretch, 0], [0, 0, 1]])
    side[:2, 2] = middle * scale - side[:2, :2] @ middle + rng.normal(0, 12, 2) * scale
    size = np.array([width, height]) * scale
    matrix = _turned(size, turn) @ side
    size = size[::-1] if turn % 2 else size
    return np.asarray(matrix), (round(size[0]), round(size[1]))


def _phone(rng: Generator, width: int, height: int, turn: int) -> tuple[Floats, tuple[int, int]]:
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    long = rng.uniform(1600, 3200)
    frame = np.array([width, height]) * (long / max(width, height))
    fill = rng.uniform(0.62, 0.95)
    at = corners / np.array([width, height]) - 0.5
    angle = np.radians(rng.normal(0, 4))
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    at = at * fill + rng.uniform(-1, 1, (4, 2)) * 0.06
    places = (at * frame) @ spin.T + frame / 2
    matrix = cv2.getPerspectiveTransform(corners, places.astype(np.float32))
    matrix = _turned(frame, turn) @ matrix
    size = frame[::-1] if turn % 2 else frame
    return np.asarray(matrix, np.float64), (round(size[0]), round(size[1]))


def _lay(
    rng: Generator, page: Grey, matrix: Floats, size: tuple[int, int], depth: Floats, how: str
) -> NDArray[np.float32]:
    """Warp the page into the scan, with what lies around it."""
    height, width = page.shape
    table = 255.0 if how == "scanner" and rng.random() < 0.6 else rng.uniform(10, 170)
    sheet = page.astype(np.float32)
    if rng.random() < 0.3:  # folded
        along = sheet if rng.random() < 0.5 else sheet.T
        at = int(len(along) * rng.uniform(0.3, 0.7))
        along[at : at + 3] -= 30
        along[at + 3 : at + 50] -= np.linspace(25, 0, len(along[at + 3 : at + 50]))[:, None]
    if rng.random() < 0.1:  # a dog's ear
        ear = int(rng.uniform(0.05, 0.1) * width)
        cv2.fillPoly(sheet, [np.array([[width, 0], [width - ear, 0], [width, ear]])], 215.0)
    shrink = np.hypot(matrix[0, 0], matrix[1, 0]) / abs(matrix[2, 2])
    if shrink < 1:
        sheet = np.asarray(cv2.GaussianBlur(sheet, (0, 0), 0.45 / shrink), np.float32)
    back = np.linalg.inv(matrix)
    if not depth.any():
        return np.asarray(cv2.warpPerspective(sheet, matrix, size, borderValue=table), np.float32)
    columns, rows = np.meshgrid(np.arange(0, size[0]), np.arange(0, size[1]))
    w = back[2, 0] * columns + back[2, 1] * rows + back[2, 2]
    seen = np.stack(
        [(back[i, 0] * columns + back[i, 1] * rows + back[i, 2]) / w for i in (0, 1)], -1
    )
    flat = seen - _curl(seen, (width, height), depth)
    flat = seen - _curl(flat, (width, height), depth)
    maps = flat.astype(np.float32)
    return np.asarray(
        cv2.remap(sheet, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderValue=table),
        np.float32,
    )


def _exposed(rng: Generator, scene: NDArray[np.float32], how: str) -> Grey:
    """Blur, light, noise, contrast, and what files do."""
    height, width = scene.shape
    unit = max(height, width) / 2300
    scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.3, 1.3) * max(0.5, unit)))
    if how == "phone":
        scene *= 1 + np.float32(rng.uniform(0.02, 0.25)) * clouds(rng, height, width, (2, 3))
        y, x = np.ogrid[:height, :width]
        slope = (x / width * rng.uniform(-1, 1) + y / height * rng.uniform(-1, 1)) * 0.3
        scene *= (1 + slope).astype(np.float32)
        if rng.random() < 0.3:
            edge = x * np.cos(1.0) + y * np.sin(1.0) - rng.uniform(0.2, 0.9) * (width + height)
            scene *= (1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-edge / 20))).astype(np.float32)
    low, high = rng.uniform(0, 60), rng.uniform(190, 255)
    scene = low + np.clip(scene, 0, 255) * ((high - low) / 255)
    scene += rng.uniform(0.5, 9) * grain(rng, height, width)
    image = np.clip(scene, 0, 255).astype(np.uint8)
    if how == "scanner" and rng.random() < 0.12:  # black and white
        return np.asarray(np.where(image > (low + high) / 2, 255, 0), np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 92))]
    content = cv2.imencode(".jpg", image, quality)[1]
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)
