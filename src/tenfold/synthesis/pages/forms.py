"""Scenes with print: tables, forms, pages of text, labels, meters, plots, filled in by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tenfold.signature import HAND, RUNNING
from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages.scene import Scene
from tenfold.synthesis.pages.writing import Style

ENDING = 0.4  # of the grids end on the page, where other things are printed
SOFT = 0.3  # of the grids with print have it softer than what is written: a copy, enlarged
NUMBERED = 0.4  # of the heads by hand are a letter with a number, as d1, d2


def grid(s: Scene) -> None:
    """Fill a table or a sudoku: digits in cells, some printed, candidates in corners."""
    rng = s.rng
    wide = s.size(20, 80)
    tall = wide * rng.uniform(0.75, 1.25)
    (x0, columns), (y0, rows) = _extent(s, wide, tall)
    x1, y1 = x0 + columns * wide, y0 + rows * tall
    pen, thick = float(rng.choice([1, 1, 2, wide * 0.05])), rng.random() < 0.7
    level = s.faint if rng.random() < 0.6 else float(rng.uniform(0.6, 1))
    face = printing.pick(rng, s.part)
    around = (x0 > 0 or y0 > 0 or x1 < s.width or y1 < s.height) and rng.random() < 0.5
    if around:
        off = wide * rng.uniform(0.1, 0.6)
        free = (x0 - off, y0 - off, x1 + off, y1 + off)
        s.words_around(face, wide * rng.uniform(0.3, 1), free, float(rng.uniform(0.2, 1)))
    if rng.random() < 0.9:
        for i in range(columns + 1):
            heavy = pen * (2 if thick and i % 3 == 0 else 1)
            s.canvas.line((x0 + i * wide, y0), (x0 + i * wide, y1), heavy, level)
        for j in range(rows + 1):
            heavy = pen * (2 if thick and j % 3 == 0 else 1)
            s.canvas.line((x0, y0 + j * tall), (x1, y0 + j * tall), heavy, level)
    given = rng.choice([0.0, 0.45, 1.0], p=[0.45, 0.45, 0.1])
    fill, h = rng.uniform(0.3, 1), min(tall, wide * 1.3) * rng.uniform(0.4, 0.8)
    # What is printed is often grey beside a pen's ink, or as dark as it.
    tone = float(rng.uniform(0.15, 1)) if rng.random() < 0.6 else min(1.0, s.level * 1.1)
    places = [
        (x0 + (i + 0.5) * wide, y0 + (j + 0.5) * tall, rng.random() < given)
        for i in range(columns)
        for j in range(rows)
        if rng.random() < fill
    ]
    for x, y, printed in places:
        if printed:
            digit = _cell_digit(s)
            shape = printing.font(face, max(4, round(h / printing.cap(face)))).getlength(digit)
            writing.typeset(s.canvas, rng, face, digit, x - shape / 2, y, Style(h, level=tone))
    if (given or around) and rng.random() < SOFT:
        s.soft = h * rng.uniform(*printing.BLURRED)
        s.canvas.soften(s.soft)
    size = h * (0.45 if rng.random() < 0.2 else 1)  # candidates, or a digit each
    for x, y, printed in places:
        if not printed:
            _cell(s, (x, y), (wide, tall), size, candidates=size < h)


def _extent(s: Scene, wide: float, tall: float) -> list[tuple[float, int]]:
    """Where a grid begins and how many cells it has, across and down: all over, or it ends."""
    rng, ends = s.rng, s.rng.random() < ENDING
    spans = []
    for side, step in ((s.width, wide), (s.height, tall)):
        if ends:
            start = rng.uniform(-0.2, 0.4) * side
            spans.append((start, max(1, int((rng.uniform(0.6, 1.1) * side - start) / step))))
        else:
            spans.append((rng.uniform(-step, 0), int(side / step) + 2))
    return spans


def _cell(
    s: Scene, at: tuple[float, float], sides: tuple[float, float], h: float, *, candidates: bool
) -> None:
    """Write a digit into a cell, or a few small ones; seldom something that is none."""
    rng, (x, y), (wide, tall) = s.rng, at, sides
    if candidates:
        s.write(
            numbers.digits(rng, int(rng.integers(1, 4))), x - wide * 0.4, y, Style(h, 0.05, s.level)
        )
    elif rng.random() < 0.06:
        s.strokes(letters.doodle(rng), x - h / 3, y, h * 0.8)
    else:
        digit = _cell_digit(s)
        glyph = s.hand.digit(int(digit), h * rng.uniform(0.85, 1.15))
        x += rng.normal(0, 0.06) * wide - glyph.shape[1] / 2
        y += rng.normal(0, 0.05) * tall - glyph.shape[0] / 2
        s.canvas.put(glyph, x, y, s.level, HAND, digit)


def _cell_digit(s: Scene) -> str:
    """Draw a digit of a cell: seldom a 0."""
    rng = s.rng
    return str(int(rng.integers(1, 10))) if rng.random() < 0.9 else str(rng.choice([0, 1]))


def table(s: Scene) -> None:
    """Fill a table with printed or written heads and a number in each cell."""
    rng = s.rng
    h = s.size(9, 30)
    pitch, y = h * rng.uniform(1.4, 2.2), h * rng.uniform(0.2, 1.5)
    # How much of it is print: nothing, its numbers, words with numbers among them, all.
    printed = float(rng.choice([0.0, 0.5, 0.9], p=[0.45, 0.3, 0.25]))
    phrases = float(rng.uniform(0.3, 0.8)) if printed and rng.random() < 0.6 else 0.0
    wide = (4, 11) if phrases else (2, 6)
    edges = np.cumsum(np.r_[rng.uniform(0, 2), rng.uniform(3, 9), rng.uniform(*wide, 7)]) * h
    face, style = printing.pick(rng, s.part), s.style(h)
    ruled = rng.random() < 0.75
    head = y if printed and rng.random() < 0.5 else -1.0  # its first row is a printed head
    while y < s.height:
        for number, (left, right) in enumerate(pairwise(edges)):
            if left > s.width:
                break
            if y == head:
                s.words(face, h * 1.3, left + 0.2 * h, y, 1, s.level, 0.7)
            elif number == 0 and rng.random() < 0.7:
                _head(s, face if printed else None, left + 0.2 * h, y, h)
            else:
                _entry(s, face, (left, right), y, style, (printed, phrases))
        if ruled:
            s.canvas.line((edges[0], y + pitch / 2), (edges[-1], y + pitch / 2), 1, s.faint)
        y += pitch
    if ruled:
        for edge in edges:
            s.canvas.line((edge, 0), (edge, s.height), 1, s.faint)


def _entry(
    s: Scene, face: str, across: tuple[float, float], y: float, style: Style,
    print_: tuple[float, float],
) -> None:  # fmt: skip
    """Fill a cell of a table, or leave it: a number by hand or in print, or printed words."""
    rng, h, (left, right), (printed, phrases) = s.rng, style.height, across, print_
    text = numbers.number(rng).replace(" ", "")[: max(1, int((right - left) / h / 0.75))]
    roll = rng.random()
    if roll < phrases:
        count = 2 if right - left > 5 * h else 1
        s.words(face, h * 1.3, left + 0.2 * h, y, count, s.level, 0.5)
    elif roll >= 0.12 and rng.random() < printed:
        plain = Style(h, 0.0, s.level)
        writing.typeset(s.canvas, rng, face, text, left + 0.3 * h, y, plain)
    elif roll >= 0.12:
        s.number(text, left + 0.3 * h, y, style)


def _head(s: Scene, face: str | None, x: float, y: float, height: float) -> None:
    """Print a row's head, or write it."""
    if face is None and s.rng.random() < NUMBERED:
        s.numbered(x, y, height)
    elif face is None:
        s.word(x, y, height)
    else:
        x = s.words(face, height * 1.3, x, y, 1, s.level, 0.0)
        if s.rng.random() < 0.3:
            s.words(face, height * 1.3, x, y, 1, s.level, 1.0)


def form(s: Scene) -> None:
    """Print text with fields that are filled in by hand: combs, boxes, lines, dots."""
    rng = s.rng
    size = s.size(9, 24)
    face, level = printing.pick(rng, s.part), float(rng.uniform(0.5, 1))
    y = rng.uniform(-size, size)
    while y < s.height:
        x = rng.uniform(-40, 60)
        if rng.random() < 0.5:
            x = s.words(face, size, x, y, int(rng.integers(1, 4)), level, 0.05)
            x += size * rng.uniform(0.2, 2)
            h = size * rng.uniform(0.9, 2.2)
            style = s.style(h)
            roll = rng.random()
            text = numbers.number(rng) if rng.random() < 0.85 else ""
            if roll < 0.35:
                _comb(s, x, y, style, filled=bool(text))
            else:
                kinds = ((0.55, "line"), (0.7, "dots"), (0.85, "box"), (1.0, "none"))
                kind = next(kind for most, kind in kinds if roll < most)
                _field(s, x, y, style, text, kind, size * 0.25)
            y += h * rng.uniform(1.5, 2.2)
        else:
            s.words(face, size, x, y, 20, level)
            y += size * rng.uniform(1.2, 1.6)


def _comb(s: Scene, x: float, y: float, style: Style, filled: bool) -> None:
    """Draw a comb or boxes, a digit each."""
    rng, h = s.rng, style.height
    step, count = h * rng.uniform(0.8, 1.3), int(rng.integers(2, 11))
    gap = step * rng.uniform(0.1, 0.4) if rng.random() < 0.3 else 0.0
    top, bottom = y - h * 0.7, y + h * 0.7
    comb = rng.random() < 0.3
    pen, tone = float(rng.choice([1, 1, 2, h * 0.13])), max(s.faint, float(rng.uniform(0, 1)))
    for k in range(count):
        left = x + k * (step + gap)
        if comb:
            s.canvas.line((left, y), (left, bottom), 1, s.faint)
            s.canvas.line((left, bottom), (left + step, bottom), 1, s.faint)
        else:
            s.box(left, top, left + step, bottom, pen, tone)
        if rng.random() < 0.85 and filled:
            digit = int(rng.integers(10)) if rng.random() < 0.9 else 1
            glyph = s.hand.digit(digit, h * rng.uniform(0.85, 1.1))
            across = left + (step - glyph.shape[1]) / 2 + rng.normal(0, 0.07) * step
            down = y - glyph.shape[0] / 2 + rng.normal(0, 0.06) * h
            s.canvas.put(glyph, across, down, style.level, HAND, str(digit))


def _field(s: Scene, x: float, y: float, style: Style, text: str, kind: str, dots: float) -> None:
    """Fill a field: a line, dots, a box, or nothing to write on."""
    rng, h = s.rng, style.height
    end = x + h * rng.uniform(3, 9)
    if kind == "line":
        s.canvas.line((x, y + h * 0.55), (end, y + h * 0.55), 1, s.faint)
    elif kind == "dots":
        for at in np.arange(x, end, dots):
            s.canvas.line((at, y + h * 0.5), (at + 0.4, y + h * 0.5), 1.2, s.faint)
    elif kind == "box":
        s.box(x - 3, y - h * 0.8, end, y + h * 0.8)
    if rng.random() < 0.25:
        x = s.word(x, y, h) + h * 0.3
    if text:
        s.number(text, x, y, style)


def printed_page(s: Scene) -> None:
    """Print a page, maybe with a number by hand on it."""
    rng = s.rng
    size = s.size(8, 50)
    face, level = printing.pick(rng, s.part), float(rng.uniform(0.4, 1))
    y, x = rng.uniform(-size, size), rng.uniform(-60, 40)
    free = rng.uniform(0, s.height) if rng.random() < 0.6 else -1e9
    h = size * rng.uniform(0.9, 3.5)
    even = rng.random() < 0.6  # justified lines; else headings, lists, short lines
    end = s.height - 3 * size if rng.random() < 0.3 else s.height  # its number stands below
    while y < end:
        if abs(y - free) > h * 0.8:
            if even:
                s.words(face, size, x, y, 30, level, 0.2)
            else:
                large = size * float(rng.choice([1, 1, 1.3, 1.7]))
                start, count = rng.uniform(-40, 0.6 * s.width), int(rng.integers(1, 6))
                s.words(face, large, start, y, count, level, 0.35)
        y += size * rng.uniform(1.15, 1.8)
    if end < s.height:
        text, style = numbers.digits(rng, int(rng.integers(1, 4))), Style(size * 0.72, level=level)
        foot = s.height - rng.uniform(0.6, 1.4) * size
        writing.typeset(s.canvas, rng, face, text, s.width * rng.beta(4, 4), foot, style, RUNNING)
    if free > 0:
        s.number(numbers.number(rng), rng.uniform(0, s.width * 0.6), free, s.style(h))
