"""What a scene is drawn with: a canvas, one hand and its ink, the size of writing, and chance."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tenfold.signature import RUNNING
from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages.canvas import Canvas
from tenfold.synthesis.pages.hands import Hand, Part, Stock
from tenfold.synthesis.pages.strokes import Floats
from tenfold.synthesis.pages.struck import strike
from tenfold.synthesis.pages.writing import Style

STRUCK_OUT = 0.2  # of the numbers by hand
NARROWEST = 10  # pixels: a margin in which words may stand


class Scene:
    """What scenes draw with: a canvas, a hand, its ink and chance."""

    def __init__(self, rng: Generator, stock: Stock, part: Part, height: int, width: int) -> None:
        self.rng, self.part = rng, part
        self.canvas = Canvas(height, width)
        self.hand = Hand(rng, stock, part)
        self.level = float(rng.uniform(0.45, 1))
        self.faint = float(rng.uniform(0.12, 0.9))
        self.width, self.height = width, height
        self.soft = 0.0  # pixels by which what is printed is out of focus
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

    def number(
        self, text: str, x: float, y: float, style: Style, struck: float = STRUCK_OUT
    ) -> float:
        """Write a number by hand, or write it and strike it out, maybe to write it anew."""
        rng, start, before = self.rng, x, len(self.canvas.placed)
        x = self.write(text, x, y, style)
        if rng.random() < struck and x > start:
            strike(self.canvas, rng, self.hand, start, x, y, style)
            self.canvas.strike(self.canvas.placed[before:])
            if rng.random() < 0.4:
                x = self.write(text, x + style.height * rng.uniform(0.3, 1), y, style)
        return x

    def foreign(self, count: int, x: float, y: float, height: float) -> float:
        """Write or print digits of another script; return where they end."""
        rng = self.rng
        glyph = printing.foreign(rng, count, height) if rng.random() < 0.5 else None
        if glyph is None:
            return self.strokes(letters.foreign_number(rng, count), x, y, height)
        self.canvas.put(glyph, x, y - glyph.shape[0] / 2, self.level)
        return float(x + glyph.shape[1])

    def word(self, x: float, y: float, height: float, level: float | None = None) -> float:
        """Write a word by hand, capitals so high, its middle at y; return where it ends."""
        rng, roll = self.rng, self.rng.random()
        if roll < 0.3:
            face = printing.pick(rng, self.part, hand_like=True)
            glyph, _ = printing.text(face, letters.random_word(rng), height * 1.3)
            self.canvas.put(glyph, x, y - glyph.shape[0] / 2, level or self.level)
            return float(x + glyph.shape[1])
        if roll < 0.82:
            strokes = letters.word(rng, letters.random_word(rng))
        elif roll < 0.9:
            strokes = letters.signature(rng)
        else:
            strokes = letters.scribble(rng)
        return self.strokes(strokes, x, y, height, level)

    def numbered(self, x: float, y: float, height: float) -> float:
        """Write a letter with a small number, as heads of columns have it; the number is no digit.

        It belongs to the letter, as a printed word's digits belong to the word.
        """
        rng = self.rng
        x = self.strokes(letters.word(rng, str(rng.choice(list("dqxabnpm")))), x, y, height)
        small = height * rng.uniform(0.45, 0.85)
        glyph = self.hand.digit(int(rng.integers(0, 10)), small)
        sunk = y + rng.uniform(0.0, 0.35) * height
        self.canvas.put(glyph, x + 0.05 * height, sunk - small / 2, self.level)
        return float(x + 0.05 * height + glyph.shape[1])

    def boxes(self, x: float, y: float, height: float) -> float:
        """Draw empty boxes in a row, as high as digits; return where they end."""
        rng, wide, pen = self.rng, height * self.rng.uniform(0.6, 1.4), self.rng.uniform(1, 3)
        level = float(rng.uniform(0.3, 1))
        for _ in range(int(rng.integers(1, 6))):
            self.canvas.box(x, y - height / 2, x + wide, y + height / 2, pen, level)
            x += wide * (1 if rng.random() < 0.5 else rng.uniform(1.1, 1.6))
        return x

    def strokes(
        self, strokes: list[Floats], x: float, y: float, height: float, level: float | None = None
    ) -> float:
        """Draw strokes given in letter heights."""
        placed = [
            stroke * np.float32(height) + np.array([x, y - height / 2], np.float32)
            for stroke in strokes
        ]
        if not placed:
            return x
        self.canvas.draw(placed, max(0.8, self.hand.pen * height), level or self.level)
        return float(max(stroke[:, 0].max() for stroke in placed))

    def words(
        self,
        face: str,
        size: float,
        x: float,
        y: float,
        count: int,
        level: float,
        digits: float = 0.2,
    ) -> float:
        """Print words and, among them, numbers; return where they end."""
        rng = self.rng
        style = Style(size * 0.72, 0.0, level, wide=(0.3, 0.5))
        for _ in range(count):
            if rng.random() < digits:
                text = numbers.running(rng)
            else:
                text = letters.random_word(rng) + str(rng.choice(["", "", "", ",", ".", ":"]))
            x = writing.typeset(self.canvas, rng, face, text, x, y, style, RUNNING)
            if x > self.width:
                break
        return x

    def words_around(
        self, face: str, size: float, free: tuple[float, float, float, float], level: float
    ) -> None:
        """Print lines of words all over, but not in the place (left, top, right, bottom)."""
        rng, y = self.rng, self.rng.uniform(0, size)
        while y < self.height:
            self.words(face, size, rng.uniform(-3, 1) * size, y, 40, level, 0.0)
            y += size * rng.uniform(1.2, 3)
        left, top, right, bottom = (max(0, round(side)) for side in free)
        self.canvas.ink[top:bottom, left:right] = 0

    def standing(self, face: str) -> None:
        """Print words along the left or the right side, from bottom to top or from top to bottom.

        As magazines, books and forms have them; where nothing else is, or not at all.
        """
        rng, inked = self.rng, np.flatnonzero(self.canvas.ink.any(axis=0))
        free = (int(inked[0]), self.width - 1 - int(inked[-1])) if len(inked) else (self.width, 0)
        right = bool(rng.random() < 0.5)
        room = free[right]
        if room < NARROWEST:
            return
        words = " ".join(letters.random_word(rng) for _ in range(rng.integers(1, 5)))
        tall = min(room, 60) * rng.uniform(0.4, 0.9)
        glyph, _ = printing.text(face, words, tall)
        glyph = printing.softened(glyph, self.soft)
        turned = np.rot90(glyph, 1 if rng.random() < 0.7 else 3)
        spare = max(0, room - turned.shape[1])
        x = spare * rng.random() + (self.width - room if right else 0)
        y = rng.uniform(-0.2, 0.8) * max(1, self.height - turned.shape[0] / 2)
        self.canvas.put(np.ascontiguousarray(turned), x, y, float(rng.uniform(0.3, 1)))

    def rules(self, step: float, first: float, squared: bool = False, pen: float = 1.0) -> None:
        """Rule the paper, or square it."""
        rng, tilt = self.rng, float(self.rng.normal(0, 0.01)) * self.width
        for at in np.arange(first, self.height, step):
            self.canvas.line((0, at), (self.width, at + tilt), pen, self.faint)
        if squared:
            for at in np.arange(rng.uniform(0, step), self.width, step):
                self.canvas.line((at, 0), (at - tilt, self.height), pen, self.faint)

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        pen: float = 1.0,
        level: float | None = None,
    ) -> None:
        """Draw a rectangle, as faint as this page's rules unless said otherwise."""
        self.canvas.box(left, top, right, bottom, pen, level or self.faint)
