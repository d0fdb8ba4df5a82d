"""Write a number on a canvas: one hand or one font, digits and the signs between them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from tenfold.signature import HAND, PRINT, SIGN, SIGNS
from tenfold.synthesis.pages import printing, signs
from tenfold.synthesis.pages.canvas import Canvas, Placed, straight
from tenfold.synthesis.pages.hands import Hand
from tenfold.synthesis.pages.strokes import crop, rasterise, smooth

SMALL_ZEROS = 0.3  # of the numbers end in smaller zeros
CHAINED = 0.2  # of the numbers have their zeros written in one stroke
OFF = 0.15  # of the dashes and equals signs stand off the digits before them
ODD_SIZE = 0.05  # of the digits are much smaller or larger than their neighbours


@dataclass(slots=True)
class Style:
    """How a line is written.

    Parameters
    ----------
    height : float
        Of a digit, in pixels.
    gap : float
        Between digits, in digit heights; below 0 they touch.
    level : float
        How dark the ink is, 0 to 1.
    slope : float
        Rise of the line: pixels down per pixel to the right.
    unrest : float
        How far digits lie off the line, in digit heights.
    """

    height: float
    gap: float = 0.1
    level: float = 1.0
    slope: float = 0.0
    unrest: float = 0.04
    wide: tuple[float, float] = (0.8, 2.5)


def write(
    canvas: Canvas, rng: Generator, hand: Hand, text: str, x: float, y: float, style: Style
) -> float:
    """Write text by hand from x, its middle at y; return where it ends."""
    start, height = x, style.height
    last = ""
    # Many write the zeros at the end of an amount smaller, on the line or half-way up.
    small, sunk = 1.0, 0.0
    if rng.random() < SMALL_ZEROS:
        small, sunk = rng.uniform(0.4, 0.85), rng.uniform(-0.2, 1.0)
    tail = max(1, len(text.rstrip("0.,-= ")))
    pieces = r"0{2,}|." if rng.random() < CHAINED else r"."
    for match in re.finditer(pieces, text):
        piece, char = match[0], match[0][0]
        at = y + style.slope * (x - start) + rng.normal(0, style.unrest) * height
        size = small if char == "0" and match.start() >= tail else 1.0
        sink = sunk * max(0.0, 1 - size) * height / 2
        if char == " ":
            x += height * rng.uniform(*style.wide)
        elif not char.isdigit():
            x = sign(canvas, rng, hand, char, x, at, style)
        elif len(piece) > 1:
            x += height * max(0.0, style.gap)
            x = _chain(canvas, rng, hand, piece, x, at + sink, height * size, style.level)
        else:
            x = _digit(canvas, rng, hand, char, last, x, at, sink, size, style)
        last = char
    return x


def _digit(
    canvas: Canvas, rng: Generator, hand: Hand, char: str, last: str, x: float, y: float,
    sink: float, size: float, style: Style,
) -> float:  # fmt: skip
    """Write a digit beside the last character, so much smaller and lower than the others."""
    height, gap = style.height, style.gap
    if rng.random() < ODD_SIZE:
        size *= rng.uniform(0.6, 1.35)
    glyph = hand.digit(int(char), height * size)
    if last.isdigit():
        step = height * gap * rng.uniform(0.4, 1.6)
        chained = char == "0" and last == "0" and gap < 0.05 and rng.random() < 0.6
        x += -height * rng.uniform(0.03, 0.2) if chained else max(step, -0.3 * height)
        if gap < 0 and rng.random() < 0.25:
            _join(canvas, rng, hand, x, y, style)
    elif last.strip():
        x += height * max(0.03, gap) * rng.uniform(0.3, 1.0)
    top = y - glyph.shape[0] / 2 + float(hand.lifts[int(char)]) * height + sink
    canvas.put(glyph, x, top, style.level, HAND, char)
    return float(x + glyph.shape[1])


def _chain(
    canvas: Canvas, rng: Generator, hand: Hand, zeros: str, x: float, y: float, height: float,
    level: float,
) -> float:  # fmt: skip
    """Write zeros in one stroke, loop after loop; return where they end."""
    count = len(zeros)
    height *= rng.uniform(0.6, 1.0)
    wide, step = height * rng.uniform(0.4, 0.9) * hand.wide**0.5, rng.uniform(0.85, 1.6)
    first = rng.uniform(-0.6, 0.3) * np.pi / 2  # where on a loop the pen leaves it
    high = rng.uniform(-0.05, 0.5)  # how far down the stroke to the next loop hangs
    pen = hand.pen * max(height, 12.0)
    for number in range(count):
        middle = x + wide / 2
        turns = np.linspace(0, rng.uniform(1.85, 2.2) * np.pi, 14)
        angle = -np.pi / 2 + first * 0.3 - turns
        u = np.cos(angle) * wide / 2 * (1 + rng.normal(0, 0.05, 14))
        v = np.sin(angle) * height / 2 * (1 + rng.normal(0, 0.05, 14))
        points = [(middle + a - hand.slant * b, y + b) for a, b in zip(u, v, strict=True)]
        if number < count - 1:
            reach = middle + wide * step
            hang = y - height / 2 + high * height * rng.uniform(0.6, 1.2)
            points += [((middle + wide / 2 + reach - wide / 2) / 2, hang)]
            points += [(reach, y - height / 2)]
        path = smooth(straight(points))
        glyph, left, top = rasterise([path], max(1.0, pen))
        before = len(canvas.placed)
        canvas.put(glyph, left, top, level, HAND, "0")
        if len(canvas.placed) > before:  # its box is the loop's, without the way on
            x0, y0, x1, y1 = canvas.placed.pop().box
            half = (wide + pen) / 2
            x0, x1 = max(x0, middle - half), min(x1, middle + half)
            if x0 < x1:
                canvas.placed.append(Placed("0", HAND, (x0, y0, x1, y1)))
        x = middle + wide * step - wide / 2
    return x


def _join(canvas: Canvas, rng: Generator, hand: Hand, x: float, y: float, style: Style) -> None:
    height = style.height
    low = y + rng.uniform(-0.45, 0.5) * height
    path = straight(
        [(x - 0.25 * height, low), (x + 0.15 * height, low + rng.normal(0, 0.1) * height)]
    )
    canvas.draw([path], hand.pen * height, style.level)


def sign(
    canvas: Canvas, rng: Generator, hand: Hand, char: str, x: float, y: float, style: Style
) -> float:
    """Write a sign; return where it ends."""
    h, u = style.height, rng.uniform
    pen = max(1.0, hand.pen * h * u(0.8, 1.25))
    x += h * (u(0.16, 0.6) if char in "-=" and rng.random() < OFF else u(0.03, 0.16))
    strokes = signs.STROKES[char](signs.Place(rng, x, y, h, hand.slant, pen))
    if char in signs.BLOTS:
        pen *= u(1.0, signs.BLOTS[char])
    canvas.draw(strokes, pen, style.level, SIGN, char)
    return float(np.max([s[:, 0].max() for s in strokes])) + pen / 2 + h * u(0.02, 0.12)


def typeset(
    canvas: Canvas,
    rng: Generator,
    font: str,
    text: str,
    x: float,
    y: float,
    style: Style,
    digits: int = PRINT,
) -> float:
    """Print text from x, its digits' middle at y; return where it ends."""
    size = style.height / printing.cap(font)
    for part in text.split(" "):
        if part:
            sheet, spans = printing.text(font, part, size)
            rows = np.flatnonzero(sheet.any(axis=1))
            if not len(rows):
                continue
            zero = printing.font(font, max(4, round(size))).getbbox("0")
            top = y - (zero[1] + zero[3]) / 2
            numeric = any(char.isdigit() for char in part)
            for char, (left, right) in zip(part, spans, strict=True):
                a, b = max(0, int(left)), max(int(left) + 1, int(np.ceil(right)) + 1)
                glyph = sheet[:, a:b]
                if not glyph.any():
                    continue
                rows = np.flatnonzero(glyph.any(axis=1))
                kind = digits if char.isdigit() else SIGN if numeric and char in SIGNS else None
                canvas.put(
                    glyph[rows[0] : rows[-1] + 1], x + a, top + rows[0], style.level, kind, char
                )
            x += spans[-1][1] + style.gap * style.height
        x += style.height * rng.uniform(*style.wide)
    return x


def display(canvas: Canvas, rng: Generator, text: str, x: float, y: float, style: Style) -> float:
    """Show text on a seven-segment display."""
    look, gap = int(rng.integers(2**31)), style.height * rng.uniform(0.08, 0.3)
    for char in text:
        if char.isdigit():
            glyph = crop(
                printing.segments(rng, int(char), style.height, np.random.default_rng(look)), 60
            )
            right = style.height * 0.5 if char == "1" else glyph.shape[1]
            shift = max(0.0, right - glyph.shape[1])
            canvas.put(glyph, x + shift, y - style.height / 2, style.level, PRINT, char)
            x += right + gap
        elif char in ".:":
            side = max(2, round(style.height * 0.11))
            dot = np.full((side, side), 255, np.uint8)
            for at in (0.42,) if char == "." else (-0.2, 0.2):
                canvas.put(dot, x - gap * 0.6, y + at * style.height - side / 2, style.level, SIGN)
            canvas.placed.append(
                Placed(char, SIGN, (x - gap * 0.6, y, x - gap * 0.6 + side, y + side))
            )
            x += gap * 0.5
        else:
            x += style.height * 0.5
    return x
