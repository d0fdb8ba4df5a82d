"""Scenes: what a page may hold, from one digit to a form, and things that are no digits at all.

Each scene draws on a canvas; `pages` lays it on paper or a desk and photographs it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages.canvas import HAND, RUNNING, Canvas, straight
from tenfold.synthesis.pages.hands import Hand, Part, Stock
from tenfold.synthesis.pages.strips import strike
from tenfold.synthesis.pages.strokes import Floats, smooth
from tenfold.synthesis.pages.writing import Style


class Scene:
    """What the functions below draw with: a canvas, a hand, its ink and chance."""

    def __init__(self, rng: Generator, stock: Stock, part: Part, height: int, width: int) -> None:
        self.rng, self.part = rng, part
        self.canvas = Canvas(height, width)
        self.hand = Hand(rng, stock, part)
        self.level = float(rng.uniform(0.45, 1))
        self.faint = float(rng.uniform(0.12, 0.9))
        self.width, self.height = width, height
        self.windows: list[tuple[float, float, float, float]] = []  # dark panes behind digits

    def size(self, low: float, high: float) -> float:
        """Draw a digit's height evenly on a logarithmic scale."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def style(self, height: float) -> Style:
        """Draw how a line is written."""
        rng = self.rng
        return Style(
            height, float(rng.choice([-0.12, -0.04, 0.02, 0.1, 0.25, 0.5])), self.level,
            float(rng.normal(0, 0.03)), float(rng.uniform(0, 0.07)),
        )  # fmt: skip

    def write(self, text: str, x: float, y: float, style: Style) -> float:
        """Write a number by hand."""
        return writing.write(self.canvas, self.rng, self.hand, text, x, y, style)

    def word(self, x: float, y: float, height: float, level: float | None = None) -> float:
        """Write a word by hand, capitals so high, its middle at y; return where it ends."""
        rng, roll = self.rng, self.rng.random()
        if roll < 0.3:
            face = printing.pick(rng, self.part, hand_like=True)
            glyph, _ = printing.text(face, letters.random_word(rng), height * 1.3)
            self.canvas.put(glyph, x, y - glyph.shape[0] / 2, level or self.level)
            return x + glyph.shape[1]
        if roll < 0.82:
            strokes = letters.word(rng, letters.random_word(rng))
        elif roll < 0.9:
            strokes = letters.signature(rng)
        else:
            strokes = letters.scribble(rng)
        return self.strokes(strokes, x, y, height, level)

    def strokes(self, strokes: list[Floats], x: float, y: float, height: float, level: float | None = None) -> float:
        """Draw strokes given in letter heights."""
        placed = [stroke * np.float32(height) + np.array([x, y - height / 2], np.float32) for stroke in strokes]
        if not placed:
            return x
        self.canvas.draw(placed, max(0.8, self.hand.pen * height), level or self.level)
        return float(max(stroke[:, 0].max() for stroke in placed))

    def words(self, face: str, size: float, x: float, y: float, count: int, level: float, digits: float = 0.12) -> float:
        """Print words and, among them, numbers; return where they end."""
        rng = self.rng
        style = Style(size * 0.72, 0.0, level, wide=(0.3, 0.5))
        for _ in range(count):
            if rng.random() < digits:
                text = numbers.number(rng).replace(" ", "")
                if rng.random() < 0.3:
                    text += str(rng.choice([".", ")", ":", ","]))
            else:
                text = letters.random_word(rng) + str(rng.choice(["", "", "", ",", ".", ":"]))
            x = writing.typeset(self.canvas, rng, face, text, x, y, style, RUNNING)
            if x > self.width:
                break
        return x

    def rules(self, step: float, first: float, squared: bool = False, pen: float = 1.0) -> None:
        """Rule the paper, or square it."""
        rng, tilt = self.rng, float(self.rng.normal(0, 0.01)) * self.width
        for at in np.arange(first, self.height, step):
            self.canvas.line((0, at), (self.width, at + tilt), pen, self.faint)
        if squared:
            for at in np.arange(rng.uniform(0, step), self.width, step):
                self.canvas.line((at, 0), (at - tilt, self.height), pen, self.faint)

    def box(self, left: float, top: float, right: float, bottom: float, pen: float = 1.0, level: float | None = None) -> None:
        """Draw a rectangle."""
        level = level or self.faint
        for a, b in (((left, top), (right, top)), ((right, top), (right, bottom)), ((right, bottom), (left, bottom)), ((left, bottom), (left, top))):
            self.canvas.line(a, b, pen, level)


def single(s: Scene) -> None:
    """One digit of any size, anywhere; some by a printer."""
    rng = s.rng
    tall = s.height * rng.uniform(0.35, 1.0) if rng.random() < 0.55 else s.size(12, 90)
    digit = int(rng.integers(10))
    glyph = s.hand.digit(digit, tall)
    if rng.random() < 0.06:
        face = printing.pick(rng, s.part)
        writing.typeset(s.canvas, rng, face, str(digit), rng.uniform(0, max(1, s.width - tall)), s.height / 2, Style(tall, level=s.level))
        return
    x = (s.width - glyph.shape[1]) * rng.beta(3, 3)
    y = (s.height - glyph.shape[0]) * rng.beta(3, 3)
    s.canvas.put(glyph, x, y, s.level, HAND, str(digit))
    if rng.random() < 0.2:
        s.rules(tall * rng.uniform(0.3, 1.5), rng.uniform(0, tall), rng.random() < 0.5)


def cell(s: Scene) -> None:
    """A cell cut out of a form: rests of its frame, slivers of its neighbours."""
    rng = s.rng
    tall = s.height * rng.uniform(0.4, 0.85)
    digit = int(rng.integers(10))
    glyph = s.hand.digit(digit, tall)
    s.canvas.put(glyph, (s.width - glyph.shape[1]) / 2 + rng.normal(0, 0.06) * s.width, (s.height - glyph.shape[0]) / 2 + rng.normal(0, 0.06) * s.height, s.level, HAND, str(digit))
    for side in (-1, 1):
        if rng.random() < 0.3:
            other = s.hand.digit(int(rng.integers(10)), tall)
            cut = rng.uniform(0.02, 0.12) * s.width
            x = s.width - cut if side > 0 else cut - other.shape[1]
            s.canvas.put(other, x, (s.height - other.shape[0]) / 2, s.level)
    for side in range(4):
        if rng.random() < 0.5:
            off, pen = rng.uniform(0, 0.12) * s.height, rng.uniform(1, 0.06 * s.height)
            lean = rng.normal(0, 0.02) * s.height
            ends = [((0, off), (s.width, off + lean)), ((0, s.height - off), (s.width, s.height - off + lean)), ((off, 0), (off + lean, s.height)), ((s.width - off, 0), (s.width - off + lean, s.height))][side]
            s.canvas.line(*ends, pen, s.faint)
    if rng.random() < 0.2:
        at = rng.uniform(0.3, 0.8) * s.height
        s.canvas.line((0, at), (s.width, at + rng.normal(0, 0.02) * s.height), rng.uniform(1, 4), s.faint)


def lines(s: Scene) -> None:
    """Lines of numbers, one or many, on plain, ruled or squared paper, some struck out or circled."""
    rng = s.rng
    style = s.style(s.size(10, 80))
    h = style.height
    one = rng.random() < 0.4
    pitch = h * rng.uniform(1.2, 2.6)
    y = rng.uniform(0.6 * h, s.height - 0.6 * h) if one else h * rng.uniform(0.4, 1.2)
    if rng.random() < 0.4:
        s.rules(pitch if rng.random() < 0.5 else h * rng.uniform(0.6, 2), y + h * 0.55, rng.random() < 0.4, float(rng.choice([1, 1, 2])))
    column = rng.uniform(-0.3 * h, 0.5 * s.width)
    while y < s.height + h / 2:
        x = column if rng.random() < 0.6 else rng.uniform(-0.3 * h, 0.6 * s.width)
        if rng.random() < 0.12:
            x = s.word(x, y, h * rng.uniform(0.8, 1.3)) + h * 0.4
        while True:
            before, start = len(s.canvas.placed), x
            x = s.write(numbers.number(rng), x, y, style)
            if rng.random() < 0.07 and x > start:
                strike(s.canvas, rng, s.hand, start, x, y, style)
                s.canvas.strike(s.canvas.placed[before:])
            elif rng.random() < 0.04:
                angle = np.linspace(0, 6.8, 40)
                ring = np.stack([(start + x) / 2 + np.cos(angle) * (x - start + h) * 0.58, y + np.sin(angle) * h * rng.uniform(0.7, 1)], 1)
                s.canvas.draw([ring.astype(np.float32)], s.hand.pen * h, s.level)
            x += h * rng.uniform(0.8, 3)
            if rng.random() < 0.6 or x > s.width:
                break
        if rng.random() < 0.08 and x < s.width:
            s.word(x, y, h)
        if one:
            break
        y += pitch


def grid(s: Scene) -> None:
    """A table or a sudoku: digits in cells, some printed, candidates in corners."""
    rng = s.rng
    wide = s.size(20, 80)
    tall = wide * rng.uniform(0.75, 1.25)
    x0, y0 = rng.uniform(-wide, wide), rng.uniform(-tall, tall)
    pen, thick = float(rng.choice([1, 1, 2])), rng.random() < 0.7
    columns, rows = int(s.width / wide) + 2, int(s.height / tall) + 2
    level = s.faint if rng.random() < 0.6 else float(rng.uniform(0.6, 1))
    lined = rng.random() < 0.9
    for i in range(columns + 1):
        if lined:
            s.canvas.line((x0 + i * wide, 0), (x0 + i * wide, s.height), pen * (2 if thick and i % 3 == 0 else 1), level)
    for j in range(rows + 1):
        if lined:
            s.canvas.line((0, y0 + j * tall), (s.width, y0 + j * tall), pen * (2 if thick and j % 3 == 0 else 1), level)
    face, given = printing.pick(rng, s.part), rng.choice([0.0, 0.45, 1.0], p=[0.45, 0.45, 0.1])
    fill, h = rng.uniform(0.3, 1), min(tall, wide * 1.3) * rng.uniform(0.4, 0.8)
    style = s.style(h)
    many = rng.random() < 0.2
    for i in range(columns):
        for j in range(rows):
            if rng.random() > fill:
                continue
            x, y = x0 + (i + 0.5) * wide, y0 + (j + 0.5) * tall
            digit = str(int(rng.integers(1, 10))) if rng.random() < 0.9 else "0"
            if rng.random() < given:
                shape = printing.font(face, max(4, round(h / writing.cap(face)))).getlength(digit)
                writing.typeset(s.canvas, rng, face, digit, x - shape / 2, y, Style(h, level=min(1.0, s.level * 1.1)))
            elif many:
                small = Style(h * 0.45, 0.05, s.level)
                s.write(numbers.digits(rng, int(rng.integers(1, 4))), x - wide * 0.4, y, small)
            elif rng.random() < 0.06:
                s.strokes(letters.doodle(rng), x - h / 3, y, h * 0.8)
            else:
                glyph = s.hand.digit(int(digit), h * rng.uniform(0.85, 1.15))
                s.canvas.put(glyph, x - glyph.shape[1] / 2 + rng.normal(0, 0.06) * wide, y - glyph.shape[0] / 2 + rng.normal(0, 0.05) * tall, style.level, HAND, digit)


def table(s: Scene) -> None:
    """A table with printed or written heads and a number in each cell."""
    rng = s.rng
    h = s.size(9, 30)
    pitch, y = h * rng.uniform(1.4, 2.2), h * rng.uniform(0.2, 1.5)
    edges = np.cumsum(np.r_[rng.uniform(0, 2 * h), rng.uniform(2, 6, 8) * h])
    printed = rng.random() < 0.35
    face, style = printing.pick(rng, s.part), s.style(h)
    ruled = rng.random() < 0.75
    while y < s.height:
        for number, (left, right) in enumerate(zip(edges, edges[1:], strict=False)):
            if left > s.width:
                break
            text = numbers.number(rng).replace(" ", "")[: max(1, int((right - left) / h / 0.75))]
            roll = rng.random()
            if number == 0 and rng.random() < 0.7:
                if printed:
                    s.words(face, h * 1.3, left + 0.2 * h, y, 1, s.level, 0.0)
                else:
                    s.word(left + 0.2 * h, y, h)
            elif roll < 0.12:
                pass
            elif printed and roll < 0.6:
                writing.typeset(s.canvas, rng, face, text, left + 0.3 * h, y, Style(h, 0.0, s.level))
            else:
                s.write(text, left + 0.3 * h, y, style)
        if ruled:
            s.canvas.line((edges[0], y + pitch / 2), (edges[-1], y + pitch / 2), 1, s.faint)
        y += pitch
    if ruled:
        for edge in edges:
            s.canvas.line((edge, 0), (edge, s.height), 1, s.faint)


def form(s: Scene) -> None:
    """Printed text with fields that are filled in by hand: combs, boxes, lines, dots."""
    rng = s.rng
    size, y = s.size(9, 24), 0.0
    face, level = printing.pick(rng, s.part), float(rng.uniform(0.5, 1))
    y = rng.uniform(-size, size)
    while y < s.height:
        x = rng.uniform(-40, 60)
        if rng.random() < 0.5:
            x = s.words(face, size, x, y, int(rng.integers(1, 4)), level, 0.05) + size * rng.uniform(0.2, 2)
            h = size * rng.uniform(0.9, 2.2)
            style = s.style(h)
            roll = rng.random()
            text = numbers.number(rng) if rng.random() < 0.85 else ""
            if roll < 0.35:  # a comb or boxes, a digit each
                step, count = h * rng.uniform(0.8, 1.3), int(rng.integers(2, 11))
                gap = step * rng.uniform(0.1, 0.4) if rng.random() < 0.3 else 0.0
                top, bottom = y - h * 0.7, y + h * 0.7
                comb = rng.random() < 0.3
                for k in range(count):
                    left = x + k * (step + gap)
                    if comb:
                        s.canvas.line((left, y), (left, bottom), 1, s.faint)
                        s.canvas.line((left, bottom), (left + step, bottom), 1, s.faint)
                    else:
                        s.box(left, top, left + step, bottom, float(rng.choice([1, 1, 2])))
                    if rng.random() < 0.85 and text:
                        digit = int(rng.integers(10))
                        glyph = s.hand.digit(digit, h * rng.uniform(0.85, 1.1))
                        s.canvas.put(glyph, left + (step - glyph.shape[1]) / 2 + rng.normal(0, 0.07) * step, y - glyph.shape[0] / 2 + rng.normal(0, 0.06) * h, style.level, HAND, str(digit))
            else:
                end = x + h * rng.uniform(3, 9)
                if roll < 0.55:
                    s.canvas.line((x, y + h * 0.55), (end, y + h * 0.55), 1, s.faint)
                elif roll < 0.7:
                    for at in np.arange(x, end, size * 0.25):
                        s.canvas.line((at, y + h * 0.5), (at + 0.4, y + h * 0.5), 1.2, s.faint)
                elif roll < 0.85:
                    s.box(x - 3, y - h * 0.8, end, y + h * 0.8)
                if rng.random() < 0.25:
                    x = s.word(x, y, h) + h * 0.3
                if text:
                    s.write(text, x, y, style)
            y += h * rng.uniform(1.5, 2.2)
        else:
            s.words(face, size, x, y, 20, level)
            y += size * rng.uniform(1.2, 1.6)


def printed_page(s: Scene) -> None:
    """A page of print, maybe with a number by hand on it."""
    rng = s.rng
    size = s.size(8, 50)
    face, level = printing.pick(rng, s.part), float(rng.uniform(0.4, 1))
    y, x = rng.uniform(-size, size), rng.uniform(-60, 40)
    free = rng.uniform(0, s.height) if rng.random() < 0.6 else -1e9
    h = size * rng.uniform(0.9, 3.5)
    while y < s.height:
        if abs(y - free) > h * 0.8:
            s.words(face, size, x, y, 30, level, 0.2)
        y += size * rng.uniform(1.15, 1.8)
    if free > 0:
        s.write(numbers.number(rng), rng.uniform(0, s.width * 0.6), free, s.style(h))


def label(s: Scene) -> None:
    """A printed or written label beside a number, small or large."""
    rng = s.rng
    h = s.size(10, 70)
    y = rng.uniform(h, s.height - h) if s.height > 2 * h else s.height / 2
    x = rng.uniform(-h, s.width * 0.3)
    style, face = s.style(h), printing.pick(rng, s.part)
    if rng.random() < 0.7:
        x = s.words(face, h * rng.uniform(0.5, 1.4), x, y + rng.normal(0, 0.1) * h, int(rng.integers(1, 3)), float(rng.uniform(0.5, 1)), 0.1)
    else:
        x = s.word(x, y, h)
    x = s.write(numbers.number(rng), x + h * rng.uniform(0.3, 1.2), y, style)
    if rng.random() < 0.5:
        s.words(face, h * rng.uniform(0.5, 1.2), x + h * 0.3, y, 1, float(rng.uniform(0.5, 1)), 0.0)


def scatter(s: Scene) -> None:
    """Digits, letters, words and signs here and there."""
    rng = s.rng
    for _ in range(int(rng.integers(2, 13))):
        h = s.size(10, 80)
        x, y = rng.uniform(-h / 2, s.width - h / 2), rng.uniform(h / 2, max(h, s.height - h / 2))
        roll = rng.random()
        if roll < 0.5:
            digit = int(rng.integers(10))
            s.canvas.put(s.hand.digit(digit, h), x, y - h / 2, s.level, HAND, str(digit))
        elif roll < 0.62:
            s.strokes(letters.doodle(rng), x, y, h)
        elif roll < 0.68:
            s.strokes(letters.foreign_number(rng, int(rng.integers(1, 5))), x, y, h)
        elif roll < 0.76:
            writing.sign(s.canvas, rng, s.hand, str(rng.choice(list("+-=/()%"))), x, y, Style(h, level=s.level))
        else:
            s.word(x, y, h)


def meter(s: Scene) -> None:
    """A meter's windows, a display, digits printed on plates."""
    rng = s.rng
    h = s.size(12, 90)
    y, x = s.height * rng.uniform(0.25, 0.75), rng.uniform(0, 0.3 * s.width)
    count = int(rng.integers(3, 9))
    if rng.random() < 0.5:
        pad = h * 0.35
        end = writing.display(s.canvas, rng, numbers.digits(rng, count), x + pad, y, Style(h, level=1.0))
        if rng.random() < 0.7:
            s.windows.append((x, y - h / 2 - pad, end + pad * 0.5, y + h / 2 + pad))
        return
    face, step = printing.pick(rng, s.part), h * rng.uniform(0.85, 1.5)
    every = rng.random() < 0.6
    for k, digit in enumerate(numbers.digits(rng, count)):
        left = x + k * step
        length = printing.font(face, max(4, round(h / writing.cap(face)))).getlength(digit)
        roll = rng.normal(0, 0.12) * h if rng.random() < 0.2 else 0.0
        writing.typeset(s.canvas, rng, face, digit, left + (step - length) / 2, y + roll, Style(h, level=1.0))
        if every:
            s.windows.append((left + step * 0.06, y - h * 0.8, left + step * 0.94, y + h * 0.8))
    if not every:
        s.windows.append((x - h * 0.2, y - h * 0.8, x + count * step + h * 0.2, y + h * 0.8))
    if rng.random() < 0.5:
        s.words(face, h * rng.uniform(0.25, 0.5), x, y + h * 1.3, 3, 0.9, 0.2)


def foreign(s: Scene) -> None:
    """Numbers in other scripts, words and doodles: no digit of ours."""
    rng, h = s.rng, s.size(10, 90)
    y = h * rng.uniform(0.5, 1.2)
    kind = rng.integers(4)
    while y < s.height + h / 2:
        x = rng.uniform(-h, s.width * 0.4)
        while x < s.width:
            if kind == 0:
                x = s.strokes(letters.foreign_number(rng, int(rng.integers(1, 8))), x, y, h)
            elif kind == 1:
                x = s.strokes(letters.doodle(rng) if rng.random() < 0.7 else letters.scribble(rng), x, y, h)
            else:
                x = s.word(x, y, h)
            x += h * rng.uniform(0.4, 1.5)
        y += h * rng.uniform(1.2, 2)


def strokes_only(s: Scene) -> None:
    """Straight lines and curves: edges, crosses, boxes, rules, or nothing at all."""
    rng = s.rng
    for _ in range(int(rng.integers(0, 8))):
        pen = s.size(1, 24)
        ends = rng.uniform(-0.1, 1.1, (2, 2)) * (s.width, s.height)
        roll = rng.random()
        if roll < 0.5:
            if rng.random() < 0.5:
                ends[1, int(rng.integers(2))] = ends[0, int(rng.integers(2))]
            s.canvas.line(tuple(ends[0]), tuple(ends[1]), pen, s.level)
        elif roll < 0.75:
            left, top = ends.min(axis=0)
            right, bottom = ends.max(axis=0)
            s.box(left, top, right, bottom, pen, s.level)
        else:
            path = rng.uniform(0, 1, (int(rng.integers(3, 6)), 2)) * (s.width, s.height)
            s.canvas.draw([smooth(straight([tuple(p) for p in path]), 12)], pen, s.level)


def plot(s: Scene) -> None:
    """A saved plot of one digit: axes with ticks, numbers along them, the digit enlarged."""
    rng = s.rng
    left, top = s.width * rng.uniform(0.08, 0.3), s.height * rng.uniform(0.05, 0.2)
    side = min(s.width - left, s.height - top) * rng.uniform(0.6, 0.88)
    if rng.random() < 0.7:
        s.box(left, top, left + side, top + side, 1, 0.9)
    face, size = printing.pick(rng, s.part), max(7.0, side * rng.uniform(0.04, 0.08))
    ticks = int(rng.integers(3, 7))
    for k in range(ticks):
        at = side * (k + 0.5) / ticks
        text = str(k * int(rng.choice([1, 5])))
        s.canvas.line((left + at, top + side), (left + at, top + side + 3), 1, 0.9)
        s.canvas.line((left - 3, top + at), (left, top + at), 1, 0.9)
        writing.typeset(s.canvas, rng, face, text, left + at - size * 0.3, top + side + 4 + size * 0.5, Style(size * 0.72), RUNNING)
        writing.typeset(s.canvas, rng, face, text, left - 5 - size * 0.6 * len(text), top + at, Style(size * 0.72), RUNNING)
    digit = int(rng.integers(10))
    glyph = s.hand.digit(digit, side * rng.uniform(0.6, 0.95))[: int(side)]
    s.canvas.put(glyph, left + (side - glyph.shape[1]) / 2, top + (side - glyph.shape[0]) / 2, s.level, HAND, str(digit))


# Each scene with how often it is drawn.
SCENES: tuple[tuple[Callable[[Scene], None], float], ...] = (
    (single, 0.12), (cell, 0.08), (lines, 0.22), (grid, 0.11), (table, 0.07), (form, 0.12),
    (printed_page, 0.07), (label, 0.06), (scatter, 0.06), (meter, 0.04), (foreign, 0.03),
    (strokes_only, 0.02), (plot, 0.01),
)  # fmt: skip


def draw(s: Scene) -> str:
    """Draw one scene and return its name."""
    weights = np.array([weight for _, weight in SCENES])
    scene = SCENES[int(s.rng.choice(len(SCENES), p=weights / weights.sum()))][0]
    scene(s)
    return scene.__name__


