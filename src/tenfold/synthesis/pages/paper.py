"""Sheets of paper before anything is written on them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages import numbers, printing
from tenfold.synthesis.pages.camera import clouds, grain
from tenfold.synthesis.pages.letters import random_word, word, words
from tenfold.synthesis.pages.strokes import Floats, Pixels, rasterise

FRAMED = 0.25  # of the lines that shine through have boxes or rings below them
FINE = 4  # bits of a pixel's fraction that OpenCV keeps
TAU = 2 * np.pi


def mottle(rng: Generator, height: int, width: int, down: float, across: float) -> Floats:
    """Noise whose grains are so many pixels high and wide, spread about 1."""
    rows, columns = max(2, round(height / down)), max(2, round(width / across))
    return np.asarray(cv2.resize(grain(rng, rows, columns), (width, height)), np.float32)


def _folds(rng: Generator, sheet: Floats) -> None:
    """Crease a sheet along straight lines, a little lighter on one side."""
    height, width = sheet.shape
    for _ in range(int(rng.integers(1, 4))):
        depth, reach = rng.uniform(4, 28), int(rng.integers(2, 30))
        along = sheet if rng.random() < 0.5 else sheet.T
        at = int(rng.integers(len(along)))
        along[at : at + int(rng.integers(1, 3))] -= np.float32(depth)
        part = along[at : at + reach]
        part += np.linspace(depth * 0.6, 0, len(part), dtype=np.float32)[:, None]
    if rng.random() < 0.3:  # a dog's ear
        corner = rng.uniform(0.1, 0.4) * min(height, width)
        across = int(corner * rng.uniform(0.6, 1.5))
        cv2.line(sheet, (0, int(corner)), (across, 0), float(sheet[0, 0]) - 25, 1)


def _ring(rng: Generator, sheet: Floats) -> None:
    """Leave part of the ring that a wet cup makes: wide, pale, never closed."""
    height, width = sheet.shape
    rows, columns = (height + 1) // 2, (width + 1) // 2
    small = np.zeros((rows, columns), np.float32)
    centre = int(rng.uniform(0, columns)), int(rng.uniform(0, rows))
    size = max(4, int(rng.uniform(0.25, 0.6) * max(rows, columns)))
    start = rng.uniform(0, 360)
    thick = max(1, int(size * rng.uniform(0.03, 0.12)))
    axes = size, max(2, int(size * rng.uniform(0.85, 1)))
    cv2.ellipse(small, centre, axes, 0, start, start + rng.uniform(90, 250), 1, thick)
    stain = np.asarray(cv2.GaussianBlur(small, (0, 0), rng.uniform(0.8, 3)), np.float32)
    stain *= np.clip(1 + 0.6 * clouds(rng, rows, columns, (4, 4)), 0, 2)
    sheet -= cv2.resize(stain, (width, height)) * np.float32(rng.uniform(8, 45))


def _mirror(back: Floats, ink: Pixels, x: int, y: int) -> None:
    """Lay mirrored ink on the other side of a sheet, its corner at x, y."""
    spot = back[y : y + len(ink), x : x + ink.shape[1]]
    np.maximum(spot, ink[: len(spot), ::-1], out=spot)


def _shine(rng: Generator, sheet: Floats, back: Floats, strongest: float) -> None:
    """Let the other side of a sheet be seen through it, soft, so many grey levels dark at most."""
    soft = cv2.GaussianBlur(back, (0, 0), rng.uniform(0.7, 3))
    sheet -= soft * np.float32(rng.uniform(8, strongest) / 255)


def _through(rng: Generator, sheet: Floats) -> None:
    """Let writing on the other side show: mirrored words, faint and soft."""
    height, width = sheet.shape
    tall = rng.uniform(0.08, 0.3) * height
    back = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        strokes = word(rng, words()[rng.integers(len(words()))])
        ink, _, _ = rasterise([stroke * np.float32(tall) for stroke in strokes], 0.1 * tall + 0.5)
        ink = ink[:height, :width]
        y = rng.integers(height - ink.shape[0] + 1)
        x = rng.integers(width - ink.shape[1] + 1)
        _mirror(back, ink, int(x), int(y))
    _shine(rng, sheet, back, 40)


def _print_through(rng: Generator, sheet: Floats) -> None:
    """Let a printed page on the other side show: mirrored print, boxes, any way up, soft."""
    turns = int(rng.integers(4)) if rng.random() < 0.4 else 0
    height, width = np.rot90(sheet, turns).shape
    face, size = printing.pick(rng, "train"), rng.uniform(0.03, 0.11) * height
    back = np.zeros((height, width), np.float32)
    y = rng.uniform(0, 0.3) * height
    while y < height * rng.uniform(0.5, 1):
        count = max(1, int(width / size / 2.5))
        many = [numbers.running(rng) if rng.random() < 0.3 else random_word(rng)
                for _ in range(int(rng.integers(1, count + 1)))]  # fmt: skip
        ink = printing.text(face, " ".join(many), size)[0][: int(height - y), :width]
        x = int(rng.integers(width - ink.shape[1] + 1))
        _mirror(back, ink, x, int(y))
        y += size * rng.uniform(1.2, 2.5)
        if rng.random() < FRAMED:
            side = size * rng.uniform(0.8, 2.5)
            _frames(rng, back, face, side, int(y))
            y += side * 1.3
    upright = np.ascontiguousarray(np.rot90(back, -turns))
    _shine(rng, sheet, upright, 45 if rng.random() < 0.7 else 90)


def _frames(rng: Generator, back: Floats, face: str, side: float, y: int) -> None:
    """Print boxes in a row, as they are filled in, or rings around letters, as they are ticked."""
    left, count = rng.uniform(0, 0.8) * back.shape[1], int(rng.integers(1, 8))
    apart = rng.choice([1.0, 1.3])
    rings = rng.random() < 0.5
    for number in range(count):
        x = round(left + number * side * apart)
        if not rings:
            cv2.rectangle(back, (x, y), (round(x + side), round(y + side)), 255, 1)
            continue
        half = max(2, round(side / 2))
        cv2.circle(back, (x + half, y + half), half, 255, 1 if side < 16 else 2, cv2.LINE_AA)
        ink = printing.text(face, str(rng.choice(list("ABCDEFGH"))), side * 0.55)[0]
        down, across = y + half - ink.shape[0] // 2, x + half - ink.shape[1] // 2
        if 0 <= down < len(back) and 0 <= across <= back.shape[1] - ink.shape[1]:
            _mirror(back, ink, across, down)


def _security(rng: Generator, sheet: Floats) -> None:
    """Print the fine wavy curves of cheques and banknotes."""
    height, width = sheet.shape
    for _ in range(int(rng.integers(1, 3))):
        step = rng.uniform(3.5, 18)
        x = np.linspace(-8, width + 8, max(8, width // 6), dtype=np.float32)
        wave = rng.uniform(2, 20) * np.sin(x / rng.uniform(12, 80) + rng.uniform(0, TAU))
        wave = wave + rng.uniform(0, 6) * np.sin(x / rng.uniform(6, 30))
        wave += rng.uniform(-0.6, 0.6) * x
        drift = rng.uniform(-0.4, 0.4)
        print_ = np.zeros((height, width), np.uint8)
        tops = np.arange(float(-height - width), 2.0 * height + width, step)
        lines = []
        for number, top in enumerate(tops):
            y = wave * (1 + drift * np.sin(number * 0.3)) + top
            if y.max() > -8 and y.min() < height + 8:
                lines.append(np.rint(np.stack([x, y], 1) * 2**FINE).astype(np.int32))
        cv2.polylines(print_, lines, False, 255, 1, cv2.LINE_AA, FINE)
        sheet -= print_ * np.float32(rng.uniform(8, 65) / 255)


def _specks(rng: Generator, sheet: Floats) -> None:
    """Scatter dirt and small holes."""
    height, width = sheet.shape
    for x, y in rng.uniform(0, 1, (int(rng.integers(3, 40)), 2)) * [width, height]:
        size = int(rng.choice([0, 0, 0, 1, 1, 2]))
        shade = float(sheet[int(y), int(x)]) - rng.uniform(-20, 90)
        cv2.circle(sheet, (int(x), int(y)), size, shade, -1)


def _fibres(rng: Generator, sheet: Floats) -> None:
    """Mottle a sheet as recycled paper and cardboard are."""
    height, width = sheet.shape
    noise = mottle(rng, height, width, rng.uniform(1, 5), rng.uniform(1, 5))
    sheet += noise * np.float32(rng.uniform(1, 14))


MARKS = (
    (_folds, 0.14),
    (_ring, 0.06),
    (_through, 0.1),
    (_print_through, 0.14),
    (_security, 0.18),
    (_specks, 0.2),
    (_fibres, 0.4),
)


def paper(rng: Generator, height: int, width: int) -> Floats:
    """Make a sheet: its tone, light, fibres, folds, stains, and what is printed on it all over.

    Parameters
    ----------
    rng : numpy Generator
    height, width : int
        In pixels.

    Returns
    -------
    float32 array, shape (height, width)
        Grey, 0 to 255.

    Examples
    --------
    >>> paper(np.random.default_rng(0), 40, 60).shape
    (40, 60)
    """
    base = rng.uniform(110, 255) if rng.random() < 0.92 else rng.uniform(40, 110)
    sheet = np.full((height, width), base, np.float32)
    for mark, share in MARKS:
        if rng.random() < share:
            mark(rng, sheet)
    if rng.random() < 0.55:
        sheet *= 1 + np.float32(rng.uniform(0, 0.16)) * clouds(rng, height, width, (2, 3))
    return np.asarray(np.clip(sheet, 0, 255), np.float32)


def cheque(rng: Generator, rows: int, columns: int) -> Floats:
    """Return paper, grey 0 to 255: light, colour, grain, and the fine curves of cheques."""
    sheet = np.full((rows, columns), rng.uniform(110, 255), np.float32)
    if rng.random() < 0.5:
        sheet *= 1 + rng.uniform(0, 0.2) * clouds(rng, rows, columns, (2, 5))
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 4))):
            period = rng.uniform(4, 22) * rows / 96
            tilt = rng.uniform(-0.5, 0.5) if rng.random() < 0.7 else rng.uniform(-3, 3)
            y, x = np.ogrid[:rows, :columns]
            reach = rng.uniform(0, 14)
            waves = np.sin(x / rng.uniform(15, 80) + rng.uniform(0, 6)).astype(np.float32)
            bend = reach * waves
            phase = (y + tilt * x + bend) * np.float32(2 * np.pi / period)
            wave = np.cos(phase, dtype=np.float32)
            ink = np.clip((wave - rng.uniform(0.2, 0.9)) * 6, 0, 1)
            sheet -= ink * np.float32(rng.uniform(8, 70))
    if rng.random() < 0.2:
        rough = grain(rng, max(2, rows // 4), max(2, columns // 4))
        sheet += cv2.resize(rough, (columns, rows)) * np.float32(rng.uniform(0, 20))
    return sheet
