"""What lies around a number on a strip: words and scribbles, rules, combs, the next lines."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages.canvas import Canvas, straight
from tenfold.synthesis.pages.hands import Hand, Part
from tenfold.synthesis.pages.strokes import smooth
from tenfold.synthesis.pages.writing import Style

ODD = list("ABCDEFGHKLMNPRTUVWXYadefhkmnprtuvwxy$#*€&@!?")  # letters like no digit, and signs


def junk(
    canvas: Canvas, rng: Generator, hand: Hand, part: Part, x: float, y: float, style: Style
) -> float:
    """Draw what spells nothing: words, letters, signs, scribbles; return where it ends."""
    size, pen = style.height, hand.pen * style.height
    roll = rng.random()
    if roll < 0.35:
        word = letters.random_word(rng)
        if rng.random() < 0.3:
            word = "".join(rng.choice(ODD, int(rng.integers(1, 4))))
        imitates = rng.random() < 0.45
        face = printing.pick(rng, part, imitates)
        glyph, _ = printing.text(face, word, size * rng.uniform(0.6, 1.4))
        canvas.put(glyph, x, y - glyph.shape[0] / 2 + rng.normal(0, 0.06) * size, style.level)
        return float(x + glyph.shape[1])
    if roll < 0.45:
        return flourish(canvas, rng, hand, x, y, style)
    if roll < 0.55:
        return _hash(canvas, rng, pen, x, y, style)
    if roll < 0.9:
        strokes = letters.word(rng, letters.random_word(rng))
    elif roll < 0.96:
        strokes = letters.foreign_number(rng, int(rng.integers(1, 6)))
    else:
        strokes = letters.scribble(rng)
    tall = size * rng.uniform(0.8, 1.3)
    placed = [s * np.float32(tall) + np.array([x, y - tall / 2], np.float32) for s in strokes]
    canvas.draw(placed, pen, style.level)
    return float(max(s[:, 0].max() for s in placed))


def _hash(canvas: Canvas, rng: Generator, pen: float, x: float, y: float, style: Style) -> float:
    """Draw a double cross."""
    size = style.height
    wide = size * rng.uniform(0.3, 0.7)
    for side in (-0.15, 0.15):
        off = rng.normal(0, 0.04) * size
        across = straight([(x, y + side * size), (x + wide, y + side * size + off)])
        top, foot = x + wide * (0.5 + side), x + wide * (0.4 + side)
        down = straight([(top, y - 0.4 * size), (foot, y + 0.4 * size + off)])
        for stroke in (across, down):
            canvas.draw([stroke], pen, style.level)
    return float(x + wide)


def flourish(canvas: Canvas, rng: Generator, hand: Hand, x: float, y: float, style: Style) -> float:
    """Draw a wavy stroke, as some put behind an amount; return where it ends."""
    size = style.height
    count = int(rng.integers(3, 7))
    steps = np.cumsum(rng.uniform(0.1, 0.5, count)) * size
    path = [(x + float(step), y + rng.normal(0, 0.28) * size) for step in steps]
    canvas.draw([smooth(straight(path))], hand.pen * size, style.level)
    return path[-1][0]


def surround(
    canvas: Canvas, rng: Generator, hand: Hand, columns: int, y: float, style: Style
) -> None:
    """Add rules, boxes, combs, circles, other lines of writing."""
    rows, size = canvas.height, style.height
    level = float(rng.uniform(0.1, 0.9))
    pen = float(rng.choice([1, 1, 1.5, 2, 3])) * max(1.0, rows / 80)
    tilt = rng.normal(0, 0.02) * columns
    if rng.random() < 0.3:
        at = y + size * rng.uniform(0.35, 0.85)
        canvas.line((0, at), (columns, at + tilt), pen, level)
    if rng.random() < 0.14:
        at = y - size * rng.uniform(0.4, 0.85)
        canvas.line((0, at), (columns, at + tilt), pen, level)
    roll = rng.random()
    if roll < 0.2:
        _frames(canvas, rng, columns, y, style, pen, level)
    elif roll < 0.24:  # squared paper
        step = size * rng.uniform(0.4, 1.2)
        for edge in np.arange(rng.uniform(0, step), max(columns, rows), step):
            canvas.line((edge, 0), (edge, rows), 1, level)
            canvas.line((0, edge), (columns, edge), 1, level)
    elif roll < 0.28:  # dots to write on
        at, step = y + size * rng.uniform(0.35, 0.6), size * rng.uniform(0.1, 0.25)
        for edge in np.arange(0, columns, step):
            canvas.line((edge, at), (edge + pen * 0.3, at), pen * 1.3, level)
    elif roll < 0.31 and canvas.placed:  # a circle around it
        left, right = canvas.placed[0].box[0], canvas.placed[-1].box[2]
        angle = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.15), 30)
        across = (left + right) / 2 + np.cos(angle) * (right - left + size) * 0.56
        ring = np.stack([across, y + np.sin(angle) * size * rng.uniform(0.65, 0.95)], 1)
        canvas.draw([ring.astype(np.float32)], hand.pen * size, level)
    if rng.random() < 0.14:
        _neighbours(canvas, rng, hand, columns, y, style)


def _frames(
    canvas: Canvas, rng: Generator, columns: int, y: float, style: Style, pen: float, level: float
) -> None:
    """Draw boxes, a comb, or a table's row: between the digits, around them, or anywhere."""
    if rng.random() < 0.3:
        _boxes(canvas, rng, style, level)
        return
    size = style.height
    step = size * rng.uniform(0.55, 1.6)
    low, high = y + size * rng.uniform(0.5, 0.8), y - size * rng.uniform(0.1, 0.8)
    middles = [p.middle for p in canvas.placed if p.char.isdigit()]
    if middles and rng.random() < 0.5:
        between = [(a + b) / 2 for a, b in pairwise(middles)]
        edges = [middles[0] - step / 2, *between, middles[-1] + step / 2]
    else:
        edges = list(np.arange(rng.uniform(0, step), columns, step))
    for edge in edges:
        shift = rng.normal(0, 0.01) * canvas.height
        canvas.line((edge, high), (edge + shift, low), pen, level)
    if len(edges) and rng.random() < 0.8:
        canvas.line((edges[0], low), (edges[-1], low), pen, level)
        if rng.random() < 0.7:
            canvas.line((edges[0], high), (edges[-1], high), pen, level)


def _boxes(canvas: Canvas, rng: Generator, style: Style, level: float) -> None:
    """Draw a box for each digit, its frame as thick as the writing, which crosses it in places."""
    size = style.height
    pen = max(1.0, size * rng.uniform(0.03, 0.16))
    wide, tall = size * rng.uniform(0.35, 0.65), size * rng.uniform(0.5, 0.8)
    middle = float(np.median([(p.box[1] + p.box[3]) / 2 for p in canvas.placed] or [0.0]))
    middle += rng.normal(0, 0.12) * size
    aside = rng.normal(0, 0.08) * size
    last = -np.inf
    for place in canvas.placed:
        x = place.middle + aside + rng.normal(0, 0.07) * size
        if not place.char.isdigit() or x - wide < last:
            continue
        last = x + wide
        canvas.box(x - wide, middle - tall, x + wide, middle + tall, pen, level)


def _neighbours(
    canvas: Canvas, rng: Generator, hand: Hand, columns: int, y: float, style: Style
) -> None:
    """Let the lines above and below hang in."""
    size = style.height
    for side in (-1, 1):
        if rng.random() < 0.6:
            off = y + side * size * rng.uniform(1.0, 1.5)
            other = Canvas(canvas.height, columns, masks=False)
            text = numbers.digits(rng, 8)
            writing.write(other, rng, hand, text, rng.uniform(-size, size), off, style)
            np.maximum(canvas.ink[:, :columns], other.ink, out=canvas.ink[:, :columns])
