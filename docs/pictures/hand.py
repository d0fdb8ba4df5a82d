"""Write numbers the way a hand does, for the pictures of these pages and for tests.

Every digit is a few strokes through points; each time it is written a little differently. Run this
file to draw the pictures of the page about reading: ``python docs/pictures/hand.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Points (x, y) of each stroke in digit heights, y downwards; True where the pen turns smoothly.
STROKES: dict[str, list[tuple[bool, list[tuple[float, float]]]]] = {
    "0": [(True, [(0.4, 0.02), (0.12, 0.2), (0.04, 0.55), (0.18, 0.92), (0.42, 0.98),
                  (0.64, 0.75), (0.66, 0.35), (0.52, 0.06), (0.36, 0.03)])],
    "1": [(True, [(0.34, 0.0), (0.31, 0.5), (0.27, 1.0)])],
    "2": [(True, [(0.08, 0.25), (0.22, 0.04), (0.46, 0.02), (0.62, 0.2), (0.5, 0.5), (0.05, 0.96)]),
          (True, [(0.05, 0.96), (0.35, 0.93), (0.72, 0.97)])],
    "3": [(True, [(0.1, 0.12), (0.36, 0.0), (0.6, 0.14), (0.52, 0.36), (0.28, 0.46)]),
          (True, [(0.28, 0.46), (0.58, 0.56), (0.66, 0.78), (0.42, 0.99), (0.05, 0.88)])],
    "4": [(False, [(0.42, 0.0), (0.05, 0.62), (0.72, 0.6)]), (False, [(0.56, 0.3), (0.5, 1.0)])],
    "5": [(False, [(0.62, 0.03), (0.16, 0.04), (0.12, 0.44)]),
          (True, [(0.12, 0.44), (0.42, 0.38), (0.64, 0.62), (0.5, 0.94), (0.06, 0.92)])],
    "6": [(True, [(0.52, 0.0), (0.22, 0.28), (0.08, 0.68), (0.24, 0.98), (0.52, 0.92),
                  (0.58, 0.68), (0.36, 0.55), (0.12, 0.74)])],
    "7": [(False, [(0.06, 0.06), (0.64, 0.03), (0.42, 0.5), (0.26, 1.0)])],
    "8": [(True, [(0.56, 0.14), (0.34, 0.0), (0.12, 0.16), (0.28, 0.42), (0.58, 0.66),
                  (0.54, 0.94), (0.3, 1.0), (0.08, 0.84), (0.2, 0.58), (0.5, 0.36), (0.56, 0.14)])],
    "9": [(True, [(0.58, 0.2), (0.36, 0.02), (0.1, 0.22), (0.24, 0.46), (0.5, 0.36), (0.58, 0.16),
                  (0.56, 0.55), (0.46, 1.0)])],
}  # fmt: skip
FINE = 4  # drawn this much larger, then reduced, so that edges are soft


def write(
    text: str,
    *,
    height: int = 60,
    pen: float = 5.0,
    gap: float = 0.35,
    margin: float = 0.8,
    ink: float = 40.0,
    paper: float = 235.0,
    seed: int = 0,
) -> Pixels:
    """Write lines of digits.

    Parameters
    ----------
    text : str
        Digits; a newline starts a new line, a space leaves room for one digit.
    height, pen : int, float
        Of a digit and of the pen, in pixels.
    gap, margin : float
        Between digits and around the text, in digit heights; a negative gap makes them touch.
    ink, paper : float
        Grey levels, 0 to 255.
    seed : int
        Of the hand's unsteadiness.

    Returns
    -------
    uint8 array, shape (h, w)
    """
    rng = np.random.default_rng(seed)
    lines = text.split("\n")
    unit = height * FINE
    pitch = 0.7 + gap
    columns = max(map(len, lines))
    shape = (round((1.6 * len(lines) - 0.6 + 2 * margin) * unit),
             round((pitch * columns - gap + 2 * margin) * unit))  # fmt: skip
    canvas = np.zeros(shape, np.uint8)
    for row, line in enumerate(lines):
        for column, digit in enumerate(line):
            at = np.array([margin + pitch * column, margin + 1.6 * row])
            for points in _strokes(digit, rng):
                path = np.round((points + at) * unit * 16).astype(np.int32)
                width = max(1, round(pen * FINE))
                cv2.polylines(canvas, [path[:, None]], False, 255, width, cv2.LINE_AA, shift=4)
    size = (shape[1] // FINE, shape[0] // FINE)
    cover = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    return np.asarray(paper + (ink - paper) * cover + 0.5).astype(np.uint8)


def _strokes(digit: str, rng: np.random.Generator) -> list[Floats]:
    slant, wide = rng.normal(-0.08, 0.04), rng.normal(1.0, 0.05)
    strokes = []
    for smooth, points in STROKES.get(digit, []):
        path = np.array(points) + rng.normal(0, 0.008, (len(points), 2))
        path = _smooth(path) if smooth else path
        path[:, 0] = (path[:, 0] + slant * (path[:, 1] - 0.5)) * wide
        strokes.append(path)
    return strokes


def _smooth(points: Floats) -> Floats:
    """Catmull–Rom spline through the points."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, 12)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
               + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]  # fmt: skip
    return np.concatenate(parts)


def photo(page: Pixels, seed: int = 0) -> Pixels:
    """Turn a page into a phone's photo of it, shape (h, w, 3): shadow, coloured ink, grain."""
    rng = np.random.default_rng(seed)
    height, width = page.shape
    cover = 1 - page.astype(np.float64) / max(1, int(page.max()))
    rows, columns = np.mgrid[0:height, 0:width]
    light = 1.0 - 0.35 * columns / width - 0.15 * rows / height
    light *= np.where(columns + 0.4 * rows > 0.8 * width, 0.72, 1.0)  # somebody's shadow
    light = cv2.GaussianBlur(light, (0, 0), max(2.0, 0.012 * width))
    colours = np.array([222, 214, 196]) + cover[:, :, None] * np.array([-150, -130, -40])
    noisy = colours * light[:, :, None] + rng.normal(0, 3, (height, width, 3))
    return np.asarray(np.clip(noisy, 0, 255)).astype(np.uint8)


def ruled(page: Pixels, spacing: int, level: int = 150) -> Pixels:
    """Rule a page: a line every ``spacing`` pixels."""
    lined = page.copy()
    for row in range(spacing, len(page), spacing):
        lined[row : row + 2] = np.minimum(lined[row : row + 2], level)
    return lined


def grid(
    rows: list[list[str]],
    *,
    cell: tuple[int, int] = (60, 60),
    rule: int = 120,
    thickness: int = 2,
    tilt: float = 0.0,
    bend: float = 0.0,
    blur: float = 0.0,
    offset: tuple[int, int] = (0, 0),
    margin: int = 50,
) -> Pixels:
    """Draw a grid of cells.

    Parameters
    ----------
    rows : list of list of str
        The text of each cell; empty for none.
    cell, offset : tuple of int
        Width and height of a cell, and how far its text lies off its middle, in pixels.
    rule, thickness : int
        Grey level and width of the rules.
    tilt, bend, blur : float
        Slope of the rules, sag of the paper in margins, and standard deviation of the blur.
    margin : int
        Around the grid, in pixels.

    Returns
    -------
    uint8 array, shape (h, w)
    """
    width, height = cell
    shape = (height * len(rows) + 2 * margin, width * len(rows[0]) + 2 * margin)
    page = np.full(shape, 235, np.uint8)
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if not text:
                continue
            digits = write(text, height=int(0.6 * height), pen=0.06 * height, gap=0.2, margin=0.1)
            y = margin + number * height + (height - len(digits)) // 2 + offset[1]
            x = margin + column * width + (width - digits.shape[1]) // 2 + offset[0]
            part = page[y : y + len(digits), x : x + digits.shape[1]]
            np.minimum(part, digits, out=part)
    for number in range(len(rows) + 1):
        y = margin + number * height
        cv2.line(page, (margin, y), (shape[1] - margin, y), rule, thickness)
    for column in range(len(rows[0]) + 1):
        x = margin + column * width
        cv2.line(page, (x, margin), (x, shape[0] - margin), rule, thickness)
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    crooked = y + tilt * (x - shape[1] / 2) + bend * np.sin(x * (3 / shape[1])) * margin
    page = np.asarray(
        cv2.remap(
            page,
            (x - tilt * (y - shape[0] / 2)).astype(np.float32),
            crooked.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )
    return np.asarray(cv2.GaussianBlur(page, (0, 0), blur), np.uint8) if blur else page


def main() -> None:
    """Draw what the page about reading shows."""
    from PIL import Image

    from tenfold.reader.explain import explain
    from tenfold.reader.reader import Reader
    from tenfold.sheets import save_png

    folder = Path(__file__).parent
    page = write("40718\n2593 6", height=64, pen=5.5, seed=4)
    trace = Reader().trace(photo(ruled(page, 102), seed=1), "sample.png")
    save_png(Image.fromarray(trace.picture.pixels), folder / "sample.png")
    with tempfile.TemporaryDirectory() as steps:
        for path in explain(trace, steps):
            save_png(Image.open(path), folder / f"step-{path.name}")


if __name__ == "__main__":
    main()
