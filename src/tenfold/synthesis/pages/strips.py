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

from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages import paper as papers
from tenfold.synthesis.pages.camera import clouds, grain, lay, photograph, shrink
from tenfold.synthesis.pages.canvas import STRUCK, Canvas, straight
from tenfold.synthesis.pages.hands import Hand, Part, Stock
from tenfold.synthesis.pages.strokes import Floats, Pixels, smooth
from tenfold.synthesis.pages.writing import Style

HEIGHT = 48
LONGEST = 720  # columns of a strip that is learned from
NORMAL = 30.0  # pixels: a digit's height where the reader cut as it means to


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A strip and its string.

    Parameters
    ----------
    pixels : uint8 array, shape (48, width)
    text : str
        Of `numbers.CHARS`, without spaces.
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
            if made.text and made.pixels.std() < 4:
                continue  # nobody could read it
            repeats = sum(a == b for a, b in zip(made.text, made.text[1:], strict=False))
            # A frame every two columns, one for each character and one between equal ones.
            if made.pixels.shape[1] <= LONGEST and len(made.text) + repeats < made.pixels.shape[1] // 2:
                return made

    def _strip(self) -> Strip:
        rng = self.rng
        zoom = float(np.exp(rng.uniform(np.log(0.7), np.log(2.4))))
        rows = round(HEIGHT * zoom)
        size = NORMAL * zoom * float(np.clip(np.exp(rng.normal(0, 0.17)), 0.55, 1.55))
        hand = Hand(rng, self.stock, self.part)
        mode = rng.choice(["hand", "print", "display", "none"], p=[0.83, 0.08, 0.03, 0.06])
        text = self._text(mode)
        style = Style(
            size,
            gap=float(rng.choice([-0.14, -0.06, 0.0, 0.06, 0.15, 0.35])),
            level=float(rng.uniform(0.45, 1)),
            slope=float(rng.normal(0, 0.025)),
            unrest=float(rng.uniform(0, 0.08)),
            wide=(0.5, 2.2) if rng.random() < 0.6 else (1.0, 4.0),
        )
        canvas = Canvas(rows, int((len(text) + 4) * size * 2.3 + rows * 6), masks=False)
        y = rows / 2 + rng.normal(0, 0.07) * rows
        margin = rows * (rng.uniform(0.05, 0.9) if rng.random() < 0.8 else rng.uniform(-0.1, 0.1))
        x = margin
        if rng.random() < 0.16:
            x = self._junk(canvas, hand, x, y, style) + size * rng.uniform(0.1, 1.2)
        if mode == "print":
            x = writing.typeset(canvas, rng, printing.pick(rng, self.part), text, x, y, style)
        elif mode == "display":
            x = writing.display(canvas, rng, text, x, y, style)
        elif mode == "hand":
            x = self._by_hand(canvas, hand, text, x, y, style)
        if rng.random() < 0.14 or mode == "none":
            x = self._junk(canvas, hand, x + size * rng.uniform(0.1, 1.0), y, style)
        if rng.random() < 0.1:
            x = self._flourish(canvas, hand, x + size * 0.15, y, style)
        tail = rows * (rng.uniform(0.05, 0.9) if rng.random() < 0.85 else rng.uniform(-0.08, 0.05))
        columns = int(np.clip(x + tail, rows * 0.5, canvas.width))
        self._surround(canvas, hand, columns, y, style)
        return self._finish(canvas, columns, zoom, style)

    def _text(self, mode: str) -> str:
        rng = self.rng
        if mode == "none":
            return ""
        if mode == "display":
            plain = numbers.digits(rng, int(rng.integers(1, 9)))
            at = int(rng.integers(0, len(plain)))
            return plain[:at] + (rng.choice([".", ":"]) if at and rng.random() < 0.4 else "") + plain[at:]
        parts = [numbers.number(rng)]
        while rng.random() < 0.22 and sum(map(len, parts)) < 12:
            parts.append(numbers.number(rng))
        if rng.random() < 0.08:  # cells: one digit each
            parts = list(numbers.digits(rng, int(rng.integers(2, 8))))
        return " ".join(parts)

    def _by_hand(self, canvas: Canvas, hand: Hand, text: str, x: float, y: float, style: Style) -> float:
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

    def _junk(self, canvas: Canvas, hand: Hand, x: float, y: float, style: Style) -> float:
        """Draw what spells nothing: words, letters, signs, scribbles."""
        rng, size = self.rng, style.height
        roll = rng.random()
        if roll < 0.35:
            odd = list("ABCDEFGHKLMNPRTUVWXYadefhkmnprtuvwxy$#*€&@!?")
            word = letters.random_word(rng)
            if rng.random() < 0.3:
                word = "".join(rng.choice(odd, int(rng.integers(1, 4))))
            imitates = rng.random() < 0.45
            face = printing.pick(rng, self.part, imitates)
            glyph, _ = printing.text(face, word, size * rng.uniform(0.6, 1.4))
            canvas.put(glyph, x, y - glyph.shape[0] / 2 + rng.normal(0, 0.06) * size, style.level)
            return x + glyph.shape[1]
        pen = hand.pen * size
        if roll < 0.45:
            return self._flourish(canvas, hand, x, y, style)
        if roll < 0.55:  # a double cross, a hash
            w = size * rng.uniform(0.3, 0.7)
            for side in (-0.15, 0.15):
                off = rng.normal(0, 0.04) * size
                canvas.draw([straight([(x, y + side * size), (x + w, y + side * size + off)])], pen, style.level)
                canvas.draw([straight([(x + w * (0.5 + side), y - 0.4 * size), (x + w * (0.4 + side), y + 0.4 * size + off)])], pen, style.level)
            return x + w
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

    def _flourish(self, canvas: Canvas, hand: Hand, x: float, y: float, style: Style) -> float:
        rng, size = self.rng, style.height
        count = int(rng.integers(3, 7))
        steps = np.cumsum(rng.uniform(0.1, 0.5, count)) * size
        path = [(x + float(step), y + rng.normal(0, 0.28) * size) for step in steps]
        canvas.draw([smooth(straight(path))], hand.pen * size, style.level)
        return path[-1][0]

    def _surround(self, canvas: Canvas, hand: Hand, columns: int, y: float, style: Style) -> None:
        """Add rules, boxes, combs, other lines of writing."""
        rng, rows, size = self.rng, canvas.height, style.height
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
        if roll < 0.14:  # a comb, a row of boxes, a table
            step = size * rng.uniform(0.55, 1.6)
            low, high = y + size * rng.uniform(0.5, 0.8), y - size * rng.uniform(0.1, 0.8)
            middles = [p.middle for p in canvas.placed if p.char.isdigit()]
            if middles and rng.random() < 0.5:  # between the digits
                edges = [middles[0] - step / 2] + [(a + b) / 2 for a, b in zip(middles, middles[1:], strict=False)] + [middles[-1] + step / 2]
            else:
                edges = list(np.arange(rng.uniform(0, step), columns, step))
            for edge in edges:
                canvas.line((edge, high), (edge + rng.normal(0, 0.01) * rows, low), pen, level)
            if len(edges) and rng.random() < 0.8:
                canvas.line((edges[0], low), (edges[-1], low), pen, level)
                if rng.random() < 0.7:
                    canvas.line((edges[0], high), (edges[-1], high), pen, level)
        elif roll < 0.18:  # squared paper
            step = size * rng.uniform(0.4, 1.2)
            for edge in np.arange(rng.uniform(0, step), max(columns, rows), step):
                canvas.line((edge, 0), (edge, rows), 1, level)
                canvas.line((0, edge), (columns, edge), 1, level)
        elif roll < 0.22:  # dots to write on
            at, step = y + size * rng.uniform(0.35, 0.6), size * rng.uniform(0.1, 0.25)
            for edge in np.arange(0, columns, step):
                canvas.line((edge, at), (edge + pen * 0.3, at), pen * 1.3, level)
        elif roll < 0.25 and canvas.placed:  # a circle around it
            left, right = canvas.placed[0].box[0], canvas.placed[-1].box[2]
            angle = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.15), 30)
            ring = np.stack([(left + right) / 2 + np.cos(angle) * (right - left + size) * 0.56, y + np.sin(angle) * size * rng.uniform(0.65, 0.95)], 1)
            canvas.draw([ring.astype(np.float32)], hand.pen * size, level)
        if rng.random() < 0.14:  # what hangs in from the lines above and below
            for side in (-1, 1):
                if rng.random() < 0.6:
                    off = y + side * size * rng.uniform(1.0, 1.5)
                    other = Canvas(rows, columns, masks=False)
                    writing.write(other, rng, hand, numbers.digits(rng, 8), rng.uniform(-size, size), off, style)
                    np.maximum(canvas.ink[:, :columns], other.ink, out=canvas.ink[:, :columns])

    def _finish(self, canvas: Canvas, columns: int, zoom: float, style: Style) -> Strip:
        rng = self.rng
        ink = canvas.ink[:, :columns]
        rows = len(ink)
        paper = paper_of(rng, rows, columns) if rng.random() < 0.7 else papers.paper(rng, rows, columns)
        scene = lay(rng, ink, paper)
        if style.gap > 0 and rng.random() < 0.12:  # white windows or digits on dark strips
            scene = self._windows(canvas, columns, ink, style)
        if rng.random() < 0.13:
            for side in range(4):
                if rng.random() < 0.5:
                    thick = int(rng.integers(1, max(3, rows // 9)))
                    where = [np.s_[:thick], np.s_[-thick:], np.s_[:, :thick], np.s_[:, -thick:]][side]
                    scene[where] = rng.uniform(0, 140)
        picture = photograph(rng, scene, strength=zoom)
        width = max(16, round(columns / zoom * rng.uniform(0.9, 1.1)))
        if rng.random() < 0.06:  # enlarged pixels
            small = shrink(picture, (max(8, width * 20 // HEIGHT), 20))
            picture = np.asarray(cv2.resize(small, (columns, rows), interpolation=cv2.INTER_NEAREST), np.uint8)
        pixels = np.asarray(shrink(picture, (width, HEIGHT)), np.uint8)
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
        scene = np.full((rows, columns), rng.uniform(60, 220), np.float32) + 4 * grain(rng, rows, columns)
        for mark in canvas.placed:
            left, top, right, bottom = mark.box
            pad = style.height * rng.uniform(0.08, 0.2)
            scene[max(0, int(top - pad)) : int(bottom + pad), max(0, int(left - pad)) : int(right + pad)] = rng.uniform(0, 60)
        cover = ink.astype(np.float32) / 255
        return np.asarray(scene * (1 - cover) + rng.uniform(170, 255) * cover, np.float32)


def strike(canvas: Canvas, rng: Generator, hand: Hand, left: float, right: float, y: float, style: Style) -> None:
    """Strike writing out: a line or two, a zigzag, a cross, hatching."""
    size, pen = style.height, hand.pen * style.height
    j = lambda spread: float(rng.normal(0, spread)) * size  # noqa: E731
    roll = rng.random()
    left, right = left - size * rng.uniform(0, 0.25), right + size * rng.uniform(0, 0.25)
    if roll < 0.45:
        for _ in range(int(rng.integers(1, 4))):
            at = y + j(0.12)
            canvas.draw([smooth(straight([(left + j(0.05), at + j(0.05)), ((left + right) / 2, at + j(0.06)), (right + j(0.05), at + j(0.05))]))], pen, style.level)
    elif roll < 0.7:
        count = max(4, int((right - left) / size * rng.uniform(2.5, 5)))
        xs = np.linspace(left, right, count)
        ys = y + np.where(np.arange(count) % 2, -0.4, 0.4) * size + rng.normal(0, 0.06, count) * size
        path = np.stack([xs, ys], 1).astype(np.float32)
        canvas.draw([path if rng.random() < 0.5 else smooth(path)], pen, style.level)
    elif roll < 0.85:
        canvas.draw([straight([(left, y - 0.45 * size + j(0.06)), (right, y + 0.45 * size + j(0.06))])], pen, style.level)
        if rng.random() < 0.7:
            canvas.draw([straight([(left, y + 0.45 * size + j(0.06)), (right, y - 0.45 * size + j(0.06))])], pen, style.level)
    else:
        angle = np.linspace(0, np.pi * 2 * max(3, (right - left) / size * 3), 80)
        xs = np.linspace(left, right, 80) + np.cos(angle) * 0.15 * size
        canvas.draw([np.stack([xs, y + np.sin(angle) * 0.4 * size], 1).astype(np.float32)], pen, style.level)


def paper_of(rng: Generator, rows: int, columns: int) -> Floats:
    """Paper, grey 0 to 255: light, colour, grain, and the fine curves of cheques."""
    paper = np.full((rows, columns), rng.uniform(110, 255), np.float32)
    if rng.random() < 0.5:
        paper *= 1 + rng.uniform(0, 0.2) * clouds(rng, rows, columns, (2, 5))
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 4))):
            period = rng.uniform(4, 22) * rows / 96
            tilt = rng.uniform(-0.5, 0.5) if rng.random() < 0.7 else rng.uniform(-3, 3)
            y, x = np.ogrid[:rows, :columns]
            bend = rng.uniform(0, 14) * np.sin(x / rng.uniform(15, 80) + rng.uniform(0, 6)).astype(np.float32)
            phase = (y + tilt * x + bend) * np.float32(2 * np.pi / period)
            wave = np.cos(phase, dtype=np.float32)
            paper -= np.clip((wave - rng.uniform(0.2, 0.9)) * 6, 0, 1) * np.float32(rng.uniform(8, 70))
    if rng.random() < 0.2:
        paper += cv2.resize(grain(rng, max(2, rows // 4), max(2, columns // 4)), (columns, rows)) * np.float32(rng.uniform(0, 20))
    return paper

