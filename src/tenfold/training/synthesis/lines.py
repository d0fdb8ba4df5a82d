"""Lines of digits as people write, rule and photograph them, with the truth of every pixel.

Digits stand apart, touch, or lie upon each other; zeros in a row are written as a chain. Beside
them stand dashes and dots, or things that are no digits, which are also written in lines of their
own; under or over them run rules and boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Draws one digit, 0 to 9, or OTHER: uint8 (28, width), white ink on black.
Writer = Callable[[int], Pixels]

OTHER = 10  # no digit
INKED = 90  # of 255: from this level on a pixel belongs to the digit
HEIGHTS = (20, 28, 40, 60)  # of digits, in pixels of the picture
MOST = 8  # digits a line
CHAINS, TOUCHING, PAUSES = 0.25, 0.8, 0.25  # shares of the lines; a pause may hold a dash
OPEN = 0.4  # of the zeros of a chain: the next one closes them
OTHERS, BESIDE = 0.12, 0.12  # shares of lines without a digit, and with something else at an end
DASHES, RULED, BOXED, INVERTED = 0.25, 0.4, 0.1, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A picture of one line.

    Parameters
    ----------
    picture : uint8 array, shape (h, w, 3)
    digits : tuple of int
        From left to right; `OTHER` is none.
    masks : bool array, shape (digits, h, w)
        The ink of each; where digits lie upon each other, of both.
    """

    picture: Pixels
    digits: tuple[int, ...]
    masks: NDArray[np.bool_]


def write_line(writer: Writer, rng: Generator) -> Written:
    """Write a line of one to eight digits, or of other things."""
    height = int(rng.choice(HEIGHTS))
    digits = _number(rng)
    touching = len(digits) > 1 and rng.random() < TOUCHING
    gap = rng.uniform(-0.2, 0.08) if touching else rng.uniform(0.08, 0.7)
    glyphs, lefts, pauses, x = [], [], [], 0
    for index, digit in enumerate(digits):
        glyph = _grown(writer(digit), height * rng.uniform(0.88, 1.12))
        chained = touching and digit == 0 and digits[index + 1 : index + 2] == (0,)
        apart = -rng.uniform(0.05, 0.3) if chained else gap + rng.normal(0, 0.05)
        if chained and rng.random() < OPEN:
            wide = glyph.shape[1]
            glyph[:, max(wide + round(apart * height), -(-2 * wide // 3)) :] = 0
        glyphs.append(glyph)
        lefts.append(x)
        x += max(2, glyph.shape[1] + round(apart * height))
        if rng.random() < PAUSES / len(digits):
            pauses.append(x)
            x += round(height * rng.uniform(0.25, 0.7))
    margin = int(height * rng.uniform(0.4, 1.4))
    slope = rng.uniform(-0.08, 0.08)
    width = max(left + glyph.shape[1] for left, glyph in zip(lefts, glyphs, strict=True))
    shape = (int(1.4 * height + 2 * margin + abs(slope) * width), width + 2 * margin)
    masks = np.zeros((len(digits), *shape), np.bool_)
    ink = np.zeros(shape, np.uint8)
    for row, (left, glyph) in enumerate(zip(lefts, glyphs, strict=True)):
        middle = shape[0] / 2 + slope * (left - width / 2) + rng.normal(0, 0.05) * height
        top = min(max(0, int(middle - glyph.shape[0] / 2)), shape[0] - glyph.shape[0])
        place = (
            slice(top, top + glyph.shape[0]),
            slice(left + margin, left + margin + glyph.shape[1]),
        )
        masks[row][place] = glyph > INKED
        ink[place] = np.maximum(ink[place], glyph)
    for pause in pauses:
        _dash(ink, (margin + pause + round(0.1 * height), shape[0] // 2), height, rng)
    _add_marks(ink, height, margin, rng)
    return Written(
        _photograph(ink.astype(np.float32) / np.float32(255), height, rng), digits, masks
    )


def _number(rng: Generator) -> tuple[int, ...]:
    if rng.random() < OTHERS:
        return (OTHER,) * int(rng.integers(1, MOST + 1))
    digits = rng.integers(0, 10, rng.integers(1, MOST + 1)).tolist()
    if rng.random() < CHAINS:
        count = int(rng.integers(2, 5))
        at = int(rng.integers(0, len(digits) + 1))
        digits[at : at + count] = [0] * count
    digits = digits[:MOST]
    if rng.random() < BESIDE:
        digits[0 if rng.random() < 0.3 else -1] = OTHER
    return tuple(digits)


def _grown(glyph: Pixels, height: float) -> Pixels:
    """Crop to the ink and enlarge, with edges as sharp as a pen's."""
    rows, columns = (np.flatnonzero((glyph > INKED // 2).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.full((round(height), 2), 255, np.uint8)
    glyph = glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    zoom = height / 20
    size = (max(2, round(glyph.shape[1] * zoom)), max(2, round(glyph.shape[0] * zoom)))
    grown = cv2.resize(glyph, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return np.clip((grown - 60) * 1.7 if zoom > 1.5 else grown, 0, 255).astype(np.uint8)


def _add_marks(ink: Pixels, height: int, margin: int, rng: Generator) -> None:
    """Draw a dash or a dot beside the digits, a rule or a box around them."""
    rows, columns = ink.shape
    pen = max(1, round(height * rng.uniform(0.02, 0.09)))
    level = int(rng.uniform(120, 255))
    if rng.random() < DASHES:
        x = int(margin * rng.uniform(0, 0.6)) if rng.random() < 0.5 else int(columns - margin * 0.8)
        _dash(ink, (x, rows // 2), height, rng)
    if rng.random() < RULED:
        y = rows / 2 + height * rng.uniform(0.35, 0.75) * rng.choice((1, 1, 1, -1))
        fall = rng.normal(0, 0.03) * columns
        ends = ((0, round(y - fall / 2)), (columns, round(y + fall / 2)))
        cv2.line(ink, *ends, level, max(1, pen // 2), cv2.LINE_AA)
    elif rng.random() < BOXED:
        top, bottom = (int(rows / 2 + side * height * rng.uniform(0.55, 0.8)) for side in (-1, 1))
        ends = ((margin // 3, top), (columns - margin // 3, bottom))
        cv2.rectangle(ink, *ends, level, max(1, pen // 2), cv2.LINE_AA)


def _dash(ink: Pixels, start: tuple[int, int], height: int, rng: Generator) -> None:
    """Draw a dash or a dot to the right of a point half-way up the line."""
    x, y = start[0], start[1] + int(height * rng.uniform(-0.3, 0.5))
    long = int(height * rng.uniform(0, 0.45))
    tip = (x + long, y + int(rng.normal(0, 0.15) * long))
    pen = max(1, round(height * rng.uniform(0.03, 0.1)))
    cv2.line(ink, (x, y), tip, int(rng.uniform(120, 255)), pen, cv2.LINE_AA)


def _photograph(ink: Floats, height: int, rng: Generator) -> Pixels:
    """Lay ink on paper: colours, blur, uneven light, noise, JPEG's blocks."""
    paper = rng.uniform(130, 250) + rng.uniform(-12, 12, 3)
    pen = np.clip(paper * rng.uniform(0.1, 0.75) + rng.uniform(-20, 20, 3), 0, 255)
    if rng.random() < INVERTED:
        paper, pen = rng.uniform(0, 60, 3), rng.uniform(150, 255, 3)
    if rng.random() < 0.4:
        blur = rng.uniform(0.4, 1.2) * max(1, height / 40)
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), blur), np.float32)
    picture = paper + (pen - paper) * ink[:, :, None]
    down, right = (np.linspace(-0.5, 0.5, side) for side in ink.shape)
    angle = rng.uniform(0, 2 * np.pi)
    light = right[None] * np.cos(angle) + down[:, None] * np.sin(angle)
    picture *= (1 + rng.uniform(0, 0.35) * light)[:, :, None]
    picture += rng.normal(0, rng.uniform(0, 5), picture.shape)
    seen: Pixels = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        _, coded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(50, 95))])
        seen = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return seen
