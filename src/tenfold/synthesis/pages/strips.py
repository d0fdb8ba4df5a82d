"""Strips: one line of writing, 48 pixels high, with the string that it holds.

The line recogniser learns from these. A strip is what the reader cuts out along a line: digits
about 30 pixels high in the middle, whatever lies around them, the rests of the lines above and
below. Words, letters, scribbles, what is struck out and digits of other scripts spell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from tenfold.signature import DIGIT, HAND, STRIP, STRUCK
from tenfold.synthesis.pages import numbers, printing, writing
from tenfold.synthesis.pages.around import flourish, junk, surround
from tenfold.synthesis.pages.camera import (
    CLEAR,
    clearness,
    edge,
    grain,
    lay,
    photograph,
    shrink,
    unfocused,
)
from tenfold.synthesis.pages.canvas import Canvas
from tenfold.synthesis.pages.hands import Hand, Part, Stock
from tenfold.synthesis.pages.paper import cheque, paper
from tenfold.synthesis.pages.strokes import Floats, Pixels
from tenfold.synthesis.pages.struck import strike as strike
from tenfold.synthesis.pages.writing import Style

LONGEST = 720  # columns of a strip that is learned from
DARK_EDGES = 0.1  # of strips have dark bars along edges
SOFT_PRINT = 0.2  # of the strips in print have it out of focus, or badly copied
CELLS = 0.1  # of strips are a row of a table, a digit in each cell
# Of strips have writing before, behind, or nothing else. What is no digit is the finder's to leave
# out; a recogniser that sees much of it learns to doubt digits in hands it has not seen.
BEFORE, BEHIND, NOTHING = 0.06, 0.06, 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A strip and its string.

    Parameters
    ----------
    pixels : uint8 array, shape (48, width)
    text : str
        Of `tenfold.signature.CHARS`, without spaces.
    middles, halves : tuple of float
        Where each character's middle lies, in columns, and half its width.
    """

    pixels: Pixels
    text: str
    middles: tuple[float, ...]
    halves: tuple[float, ...]


class StripMaker:
    """Draws strips; the same seed gives the same strips."""

    def __init__(self, stock: Stock, part: Part, seed: int) -> None:
        self.stock, self.part = stock, part
        self.rng = np.random.default_rng((seed, ("train", "validation", "test").index(part)))

    def strip(self) -> Strip:
        """Draw one."""
        while True:
            made = self._strip()
            if made is None:
                continue
            repeats = sum(a == b for a, b in zip(made.text, made.text[1:], strict=False))
            # A frame every two columns, one for each character and one between equal ones.
            if (
                made.pixels.shape[1] <= LONGEST
                and len(made.text) + repeats < made.pixels.shape[1] // 2
            ):
                return made

    def _strip(self) -> Strip | None:
        rng = self.rng
        zoom = float(np.exp(rng.uniform(np.log(0.7), np.log(2.4))))
        rows = round(STRIP * zoom)
        size = DIGIT * zoom * float(np.clip(np.exp(rng.normal(0, 0.17)), 0.55, 1.55))
        hand = Hand(rng, self.stock, self.part)
        mode = rng.choice(
            ["hand", "print", "display", "cells", "none"],
            p=[0.87 - NOTHING - CELLS, 0.1, 0.03, CELLS, NOTHING],
        )
        text = self._text(mode)
        style = Style(
            size,
            gap=float(rng.choice([-0.14, -0.06, 0.0, 0.06, 0.15, 0.35])),
            level=float(rng.uniform(0.55, 1)),
            slope=float(rng.normal(0, 0.025)),
            unrest=float(rng.uniform(0, 0.08)),
            wide=(0.5, 2.0) if rng.random() < 0.75 else (1.0, 4.0),
        )
        canvas = Canvas(rows, int((len(text) + 4) * size * 2.3 + rows * 6), masks=False)
        y = rows / 2 + rng.normal(0, 0.07) * rows
        margin = rows * (rng.uniform(0.1, 0.7) if rng.random() < 0.55 else rng.uniform(-0.02, 0.15))
        x = margin
        if rng.random() < BEFORE:
            x = junk(canvas, rng, hand, self.part, x, y, style) + size * rng.uniform(0.1, 1.2)
        if mode == "print":
            x = writing.typeset(canvas, rng, printing.pick(rng, self.part), text, x, y, style)
            if rng.random() < SOFT_PRINT:
                canvas.soften(size * rng.uniform(*printing.BLURRED))
        elif mode == "display":
            x = writing.display(canvas, rng, text, x, y, style)
        elif mode == "cells":
            x = self._cells(canvas, hand, text, x, y, style)
        elif mode == "hand":
            x = self._by_hand(canvas, hand, text, x, y, style)
        if rng.random() < BEHIND or mode == "none":
            x = junk(canvas, rng, hand, self.part, x + size * rng.uniform(0.1, 1.0), y, style)
        if rng.random() < 0.07:
            x = flourish(canvas, rng, hand, x + size * 0.15, y, style)
        tail = rows * (rng.uniform(0.1, 0.7) if rng.random() < 0.6 else rng.uniform(-0.02, 0.15))
        columns = int(np.clip(x + tail, rows * 0.5, canvas.width))
        surround(canvas, rng, hand, columns, y, style)
        return self._finish(canvas, columns, zoom, style)

    def _text(self, mode: str) -> str:
        rng = self.rng
        if mode == "none":
            return ""
        if mode == "display":
            plain = numbers.digits(rng, int(rng.integers(1, 9)))
            at = int(rng.integers(0, len(plain)))
            mark = str(rng.choice([".", ":"])) if at and rng.random() < 0.4 else ""
            return plain[:at] + mark + plain[at:]
        if mode == "cells":
            return numbers.digits(rng, int(rng.integers(2, 10)))
        parts = [numbers.number(rng)]
        while rng.random() < 0.18 and sum(map(len, parts)) < 12:
            parts.append(numbers.number(rng))
        if rng.random() < 0.08:  # cells: one digit each
            parts = list(numbers.digits(rng, int(rng.integers(2, 8))))
        return " ".join(parts)

    def _by_hand(
        self, canvas: Canvas, hand: Hand, text: str, x: float, y: float, style: Style
    ) -> float:
        rng = self.rng
        if rng.random() > 0.05 or " " not in text:
            return writing.write(canvas, rng, hand, text, x, y, style)
        for index, part in enumerate(text.split(" ")):  # one of the numbers is struck out
            before = len(canvas.placed)
            start = x
            x = writing.write(canvas, rng, hand, part, x, y, style)
            if index == 0 and x - start > style.height * 0.5:
                strike(canvas, rng, hand, start, x, y, style)
                canvas.strike(canvas.placed[before:])
            x += style.height * rng.uniform(0.5, 1.5)
        return x

    def _cells(
        self, canvas: Canvas, hand: Hand, text: str, x: float, y: float, style: Style
    ) -> float:
        """Fill the cells of a row, a digit each: some printed, maybe pale or soft, some written."""
        rng, h = self.rng, style.height
        step, tall = h * rng.uniform(0.95, 2.2), h * rng.uniform(1.25, 2.2)
        given, face = float(rng.choice([0.0, 0.3, 0.6])), printing.pick(rng, self.part)
        printed = rng.random(len(text)) < given
        faint, end = float(rng.uniform(0.1, 0.9)), x + step * len(text)
        tone = float(rng.uniform(0.12, 1)) if rng.random() < 0.7 else style.level
        if rng.random() < 0.8:
            pen = float(rng.choice([1, 2, h * 0.05]))
            for left in x + step * np.arange(len(text) + 1):
                canvas.line((left, y - tall / 2), (left, y + tall / 2), pen, faint)
            for level in (y - tall / 2, y + tall / 2):
                canvas.line((x, level), (end, level), pen, faint)
        middles = x + step * (np.arange(len(text)) + 0.5)
        for digit, middle, set_in in zip(text, middles, printed, strict=True):
            if set_in:
                size = max(4, round(h / printing.cap(face)))
                left = middle - printing.font(face, size).getlength(digit) / 2
                writing.typeset(canvas, rng, face, digit, left, y, Style(h, level=tone))
        if printed.any() and rng.random() < 0.5:
            canvas.soften(h * rng.uniform(*printing.BLURRED))
        for digit, middle, set_in in zip(text, middles, printed, strict=True):
            if not set_in:
                glyph = hand.digit(int(digit), h * rng.uniform(0.8, 1.15))
                left = middle - glyph.shape[1] / 2 + rng.normal(0, 0.07) * step
                top = y - glyph.shape[0] / 2 + rng.normal(0, 0.07) * h
                canvas.put(glyph, left, top, style.level, HAND, digit)
        return end

    def _finish(self, canvas: Canvas, columns: int, zoom: float, style: Style) -> Strip | None:
        rng = self.rng
        ink = canvas.ink[:, :columns]
        rows = len(ink)
        sheet = cheque if rng.random() < 0.7 else paper
        scene = lay(rng, ink, sheet(rng, rows, columns))
        if style.gap > 0 and rng.random() < 0.12:  # white windows or digits on dark strips
            scene = self._windows(canvas, columns, ink, style)
        if rng.random() < DARK_EDGES:
            _darken_edges(rng, scene)
        scene = unfocused(rng, scene, style.height)
        picture = photograph(rng, scene, strength=zoom)
        width = max(16, round(columns / zoom * rng.uniform(0.9, 1.1)))
        if rng.random() < 0.06:  # enlarged pixels
            small = shrink(picture, (max(8, width * 20 // STRIP), 20))
            large = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_NEAREST)
            picture = np.asarray(large, np.uint8)
        pixels = np.asarray(shrink(picture, (width, STRIP)), np.uint8)
        seen = np.asarray(shrink(ink, (width, STRIP)), np.uint8)
        if canvas.placed and clearness(pixels, seen, DIGIT) < CLEAR:
            return None  # nobody could read it
        scale = width / columns
        kept = [p for p in sorted(canvas.placed, key=lambda p: p.middle) if p.kind != STRUCK]
        kept = [p for p in kept if 1 < p.middle * scale < width - 1]
        return Strip(
            pixels,
            "".join(p.char for p in kept),
            tuple(p.middle * scale for p in kept),
            tuple((p.box[2] - p.box[0]) / 2 * scale for p in kept),
        )

    def _windows(self, canvas: Canvas, columns: int, ink: Pixels, style: Style) -> Floats:
        """Show every digit in a dark window, as meters do."""
        rng, rows = self.rng, canvas.height
        scene = np.full((rows, columns), rng.uniform(60, 220), np.float32)
        scene += 4 * grain(rng, rows, columns)
        for mark in canvas.placed:
            left, top, right, bottom = mark.box
            pad = style.height * rng.uniform(0.08, 0.2)
            across = slice(max(0, int(left - pad)), int(right + pad))
            scene[max(0, int(top - pad)) : int(bottom + pad), across] = rng.uniform(0, 60)
        cover = ink.astype(np.float32) / 255
        return np.asarray(scene * (1 - cover) + rng.uniform(170, 255) * cover, np.float32)


def _darken_edges(rng: Generator, scene: Floats) -> None:
    """Lay dark bars along some edges: frames, covers, the scanner's lid."""
    for side in range(4):
        if rng.random() < 0.5:
            thick = int(rng.integers(1, max(3, len(scene) // 9)))
            edge(scene, side, thick)[:] = rng.uniform(0, 140)
