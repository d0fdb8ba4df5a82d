"""Layouts that no hand wrote and that ask for trouble: lines, grids, mazes and the like.

Every picture follows from its number alone, and any size can be asked for. fuzz.py feeds them to
the reader by the thousand, beside the files of damaged.py, tests/e2e/test_fuzz_reading.py a few of
them, and cost_of_reading.py times large ones. Needs nothing but NumPy and OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Rng = np.random.Generator
Draw = Callable[[Pixels, Rng, float], None]  # page, what is by chance, pixels of a fine line

FONT = cv2.FONT_HERSHEY_SIMPLEX
INK = 30
LARGEST = 1200  # pixels of the longer side, where nothing else is asked for
SIZES = ((200, 300), (480, 640), (900, 1200), (1200, 500), (64, 64), (28, 28), (40, 700))


def _segment(
    page: Pixels, start: tuple[float, float], end: tuple[float, float], width: float
) -> None:
    first, last = ((round(x), round(y)) for x, y in (start, end))
    cv2.line(page, first, last, INK, max(1, round(width)), cv2.LINE_AA)


def _box(page: Pixels, left: float, top: float, right: float, bottom: float, width: float) -> None:
    ends = (round(left), round(top)), (round(right), round(bottom))
    cv2.rectangle(page, *ends, INK, max(1, round(width)))


def lines(page: Pixels, rng: Rng, fine: float) -> None:
    """Straight lines, here and there."""
    height, width = page.shape
    for _ in range(int(rng.choice([1, 3, 20, 200]))):
        x, y, u, v = rng.uniform(0, 1, 4) * (width, height, width, height)
        _segment(page, (x, y), (u, v), fine * rng.uniform(0.5, 4))


def crosses(page: Pixels, rng: Rng, fine: float) -> None:
    """One cross, or fields of them: + and #."""
    height, width = page.shape
    many = int(rng.choice([1, 2, 12]))
    pitch = min(width, height) / many
    bars = (0.35, 0.65) if rng.random() < 0.5 else (0.5,)
    pen = rng.uniform(0.02, 0.15) * pitch
    for row in range(round(height / pitch)):
        for column in range(round(width / pitch)):
            x, y = column * pitch, row * pitch
            for at in bars:
                tilt = rng.normal(0, 0.03) * pitch
                a, b, middle = 0.15 * pitch, 0.85 * pitch, at * pitch
                _segment(page, (x + a, y + middle), (x + b, y + middle + tilt), max(fine, pen))
                _segment(page, (x + middle, y + a), (x + middle + tilt, y + b), max(fine, pen))


def squares(page: Pixels, rng: Rng, fine: float) -> None:
    """Frames, some crossed inside like a window, a little crooked."""
    height, width = page.shape
    for _ in range(int(rng.choice([1, 4, 60]))):
        side = rng.uniform(0.05, 0.7) * min(height, width)
        x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
        corners = np.array([[0, 0], [side, 0], [side, side], [0, side]])
        corners = corners + np.array([x, y]) + rng.normal(0, 0.03 * side, (4, 2))
        pen = fine * rng.uniform(1, 4)
        for index in range(4):
            _segment(page, tuple(corners[index]), tuple(corners[index - 1]), pen)
        if rng.random() < 0.4:
            for a, b in ((0, 2), (1, 3)):
                middle = (corners[a] + corners[a - 1]) / 2, (corners[b] + corners[b - 1]) / 2
                _segment(page, tuple(middle[0]), tuple(middle[1]), pen)


def grid(page: Pixels, rng: Rng, fine: float) -> None:
    """Rule a grid to the edges, with or without digits in it."""
    height, width = page.shape
    pitch = fine * rng.uniform(8, 60)
    for x in np.arange(rng.uniform(0, pitch), width, pitch):
        _segment(page, (x, 0), (x, height), fine)
    for y in np.arange(rng.uniform(0, pitch), height, pitch):
        _segment(page, (0, y), (width, y), fine)
    if rng.random() < 0.5:
        text(page, rng, fine)


def comb(page: Pixels, rng: Rng, fine: float) -> None:
    """Combs, as forms have them: a base with many teeth."""
    height, width = page.shape
    for base in np.linspace(0.2, 0.9, int(rng.integers(1, 6))) * height:
        _segment(page, (0.05 * width, base), (0.95 * width, base), 1.5 * fine)
        for x in np.linspace(0.05, 0.95, int(rng.integers(2, 80))) * width:
            _segment(page, (x, base - rng.uniform(0.05, 0.12) * height), (x, base), fine)


def checkerboard(page: Pixels, rng: Rng, fine: float) -> None:
    """Blacken every other square; at their finest every other pixel."""
    rows, columns = np.indices(page.shape)
    side = max(1, round(fine * rng.choice([0.5, 1, 3, 10, 40])))
    page[(rows // side + columns // side) % 2 == 0] = INK


def dots(page: Pixels, rng: Rng, fine: float) -> None:
    """Ten thousand dots at most, by chance or in rows."""
    height, width = page.shape
    count = int(rng.choice([30, 1000, 10_000]))
    points = rng.uniform(0, 1, (count, 2)) * (width, height)
    if rng.random() < 0.3:
        pitch = max(2.0, np.sqrt(width * height / count))
        points = np.round(points / pitch) * pitch
    radius = max(1, round(fine * rng.uniform(0.5, 2)))
    for x, y in points.astype(int):
        cv2.circle(page, (int(x), int(y)), radius, INK, -1)


def maze(page: Pixels, rng: Rng, fine: float) -> None:
    """Slanted walls, one a cell, that join to long winding strokes."""
    height, width = page.shape
    pitch = fine * rng.uniform(6, 30)
    for y in np.arange(0, height, pitch):
        for x in np.arange(0, width, pitch):
            left, right = (x, x + pitch) if rng.random() < 0.5 else (x + pitch, x)
            _segment(page, (left, y), (right, y + pitch), 1.5 * fine)


def nested(page: Pixels, rng: Rng, fine: float) -> None:
    """Boxes in boxes."""
    height, width = page.shape
    step = fine * rng.uniform(3, 12)
    for inset in np.arange(step, min(height, width) / 2, step):
        _box(page, inset, inset, width - inset, height - inset, fine)


def spiral(page: Pixels, rng: Rng, fine: float) -> None:
    """One stroke that winds and winds."""
    height, width = page.shape
    pitch = fine * rng.uniform(4, 20)
    turns = min(height, width) / 2 / pitch
    angle = np.linspace(0, 2 * np.pi * turns, max(8, round(60 * turns)))
    radius = pitch * angle / (2 * np.pi)
    x, y = width / 2 + radius * np.cos(angle), height / 2 + radius * np.sin(angle)
    path = np.round(np.stack([x, y], 1)).astype(np.int32)
    cv2.polylines(page, [path[:, None]], False, INK, max(1, round(1.5 * fine)), cv2.LINE_AA)


def text(page: Pixels, rng: Rng, fine: float) -> None:
    """Dense rows of letters, digits and signs."""
    height, width = page.shape
    size = fine * rng.uniform(0.3, 1.2)
    pitch = max(6, round(34 * size))
    signs = np.array(list("0123456789" if rng.random() < 0.4 else "abcdeKMRS018.,-+/%#()"))
    for y in range(pitch, height + pitch, pitch):
        word = "".join(rng.choice(signs, max(1, round(width / (18 * size)))))
        cv2.putText(page, word, (0, y), FONT, size, INK, max(1, round(2 * size)), cv2.LINE_AA)


def eights(page: Pixels, rng: Rng, fine: float) -> None:
    """Rows of one digit, all alike, as close as they go."""
    height, width = page.shape
    size = fine * rng.uniform(0.3, 1)
    digit = str(rng.choice(list("0689")))
    for y in range(round(30 * size), height, max(6, round(30 * size))):
        row = digit * max(1, round(width / (20 * size)))
        cv2.putText(page, row, (0, y), FONT, size, INK, max(1, round(2 * size)))


def noise(page: Pixels, rng: Rng, fine: float) -> None:
    """Blots like writing: noise, smoothed along the lines, cut at a level."""
    height, width = page.shape
    rough = rng.normal(0, 1, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), fine * rng.uniform(0.5, 4), sigmaY=fine)
    page[smooth > rng.uniform(0.2, 1.5) * max(1e-6, float(smooth.std()))] = INK


def sheet(page: Pixels, rng: Rng, fine: float) -> None:
    """Lay a sheet with tilted edges on a darker desk, with a number on it or none."""
    height, width = page.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    corners += rng.uniform(0, 0.12, (4, 2)) * (width, height) * [[1, 1], [-1, 1], [-1, -1], [1, -1]]
    page[:] = rng.choice([20, 90, 180])
    cv2.fillPoly(page, [np.round(corners).astype(np.int32)[:, None]], 236, cv2.LINE_AA)
    if rng.random() < 0.7:
        size = rng.uniform(0.5, 4) * fine
        at = round(0.3 * width), round(0.55 * height)
        cv2.putText(page, "56290", at, FONT, size, INK, max(1, round(3 * size)), cv2.LINE_AA)


def even(page: Pixels, rng: Rng, _fine: float) -> None:
    """One level all over: black, white, or a grey; or with a single pixel of another."""
    page[:] = rng.choice([0, 1, 128, 254, 255])
    if rng.random() < 0.3:
        page[int(rng.integers(page.shape[0])), int(rng.integers(page.shape[1]))] = 128


def gradient(page: Pixels, rng: Rng, _fine: float) -> None:
    """From dark to light, straight or round, in steps or smoothly."""
    height, width = page.shape
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    slope = rng.uniform(-1, 1) * rows + rng.uniform(-1, 1) * columns
    if rng.random() < 0.3:
        slope = np.hypot(rows - 0.5, columns - 0.5)
    steps = int(rng.choice([4, 256]))
    levels = (slope - slope.min()) / max(1e-9, float(np.ptp(slope)))
    page[:] = np.floor(levels * steps) * (255 / max(1, steps))


def huge(page: Pixels, rng: Rng, fine: float) -> None:
    """Strokes as wide as a third of the picture, over its edges."""
    height, width = page.shape
    pen = rng.uniform(0.1, 0.35) * min(height, width)
    points = rng.uniform(-0.2, 1.2, (int(rng.integers(2, 6)), 2)) * (width, height)
    for start, end in pairwise(points):
        _segment(page, tuple(start), tuple(end), max(pen, fine))


def sliver(page: Pixels, rng: Rng, fine: float) -> None:
    """Noise or text in whatever shape it is given; for pictures as narrow as one pixel."""
    (noise if rng.random() < 0.5 else text)(page, rng, fine)


DRAWS: tuple[Draw, ...] = (
    *(lines, crosses, squares, grid, comb, checkerboard, dots, maze, nested, spiral, text, eights),
    *(noise, sheet, even, gradient, huge, sliver),
)
KINDS = {draw.__name__: draw for draw in DRAWS}
SLIVERS = ((2000, 1), (1, 2000), (2000, 8), (8, 2000), (8, 8), (3, 1600))


def layout(number: int) -> tuple[str, Pixels]:
    """Draw layout ``number``: its kind, and the picture, shape (h, w) or (h, w, 3)."""
    rng = np.random.default_rng([3, number])
    kind = DRAWS[number % len(DRAWS)].__name__
    sizes = SLIVERS if kind == "sliver" else SIZES
    shape = sizes[int(rng.integers(len(sizes)))]
    return kind, _soiled(drawn(kind, shape, rng), rng)


def drawn(kind: str, shape: tuple[int, int], rng: Rng) -> Pixels:
    """Draw a kind of layout in any size, dark on white."""
    page = np.full(shape, 250, np.uint8)
    KINDS[kind](page, rng, max(1.0, 2 * max(shape) / LARGEST))
    return page


def _soiled(page: Pixels, rng: Rng) -> Pixels:
    """Turn dark to light, or add grain or a colour; most stay as they are."""
    if rng.random() < 0.25:
        page = 255 - page
    if rng.random() < 0.2:
        grain = rng.normal(0, rng.uniform(2, 30), page.shape)
        page = np.clip(page + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        tint = rng.uniform(0.3, 1, 3)
        page = np.asarray(page[:, :, None] * tint).astype(np.uint8)
    return page
