"""Scenes by hand: one digit, a cell, lines of numbers, digits and other things here and there."""

from __future__ import annotations

import numpy as np

from tenfold.signature import HAND
from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages.canvas import straight
from tenfold.synthesis.pages.scene import STRUCK_OUT, Scene
from tenfold.synthesis.pages.strokes import smooth
from tenfold.synthesis.pages.writing import Style

MANY = 0.16  # of the pages of numbers have most of them struck out
BOXES = 0.06  # of what lies on a page here and there is a row of empty boxes


def single(s: Scene) -> None:
    """Draw one digit of any size, anywhere; some by a printer."""
    rng = s.rng
    tall = s.height * rng.uniform(0.35, 1.0) if rng.random() < 0.55 else s.size(12, 90)
    digit = int(rng.integers(10))
    glyph = s.hand.digit(digit, tall)
    if rng.random() < 0.06:
        face = printing.pick(rng, s.part)
        x, style = rng.uniform(0, max(1, s.width - tall)), Style(tall, level=s.level)
        writing.typeset(s.canvas, rng, face, str(digit), x, s.height / 2, style)
        return
    x = (s.width - glyph.shape[1]) * rng.beta(3, 3)
    y = (s.height - glyph.shape[0]) * rng.beta(3, 3)
    s.canvas.put(glyph, x, y, s.level, HAND, str(digit))
    if rng.random() < 0.2:
        s.rules(tall * rng.uniform(0.3, 1.5), rng.uniform(0, tall), rng.random() < 0.5)


def cell(s: Scene) -> None:
    """Draw a cell cut out of a form: rests of its frame, slivers of its neighbours."""
    rng = s.rng
    tall = s.height * rng.uniform(0.4, 0.85)
    digit = int(rng.integers(10))
    glyph = s.hand.digit(digit, tall)
    x = (s.width - glyph.shape[1]) / 2 + rng.normal(0, 0.06) * s.width
    y = (s.height - glyph.shape[0]) / 2 + rng.normal(0, 0.06) * s.height
    s.canvas.put(glyph, x, y, s.level, HAND, str(digit))
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
            ends = [
                ((0, off), (s.width, off + lean)),
                ((0, s.height - off), (s.width, s.height - off + lean)),
                ((off, 0), (off + lean, s.height)),
                ((s.width - off, 0), (s.width - off + lean, s.height)),
            ][side]
            s.canvas.line(*ends, pen, s.faint)
    if rng.random() < 0.2:
        at = rng.uniform(0.3, 0.8) * s.height
        end = at + rng.normal(0, 0.02) * s.height
        s.canvas.line((0, at), (s.width, end), rng.uniform(1, 4), s.faint)


def lines(s: Scene) -> None:
    """Write lines of numbers on plain, ruled or squared paper, some struck out or circled."""
    rng = s.rng
    style = s.style(s.size(10, 80))
    h = style.height
    one = rng.random() < 0.4
    pitch = h * rng.uniform(1.2, 2.6)
    y = rng.uniform(0.6 * h, s.height - 0.6 * h) if one else h * rng.uniform(0.4, 1.2)
    if rng.random() < 0.4:
        step = pitch if rng.random() < 0.5 else h * rng.uniform(0.6, 2)
        squared, pen = rng.random() < 0.4, float(rng.choice([1, 1, 2]))
        s.rules(step, y + h * 0.55, squared, pen)
    column = rng.uniform(-0.3 * h, 0.5 * s.width)
    struck = 0.6 if rng.random() < MANY else STRUCK_OUT
    while y < s.height + h / 2:
        x = column if rng.random() < 0.6 else rng.uniform(-0.3 * h, 0.6 * s.width)
        if rng.random() < 0.12:
            x = s.word(x, y, h * rng.uniform(0.8, 1.3)) + h * 0.4
        while True:
            start = x
            x = s.number(numbers.number(rng), x, y, style, struck)
            if struck < 0.5 and rng.random() < 0.04:
                angle = np.linspace(0, 6.8, 40)
                across = (start + x) / 2 + np.cos(angle) * (x - start + h) * 0.58
                ring = np.stack([across, y + np.sin(angle) * h * rng.uniform(0.7, 1)], 1)
                s.canvas.draw([ring.astype(np.float32)], s.hand.pen * h, s.level)
            x += h * rng.uniform(0.8, 3)
            if rng.random() < 0.6 or x > s.width:
                break
        if rng.random() < 0.08 and x < s.width:
            s.word(x, y, h)
        if one:
            break
        y += pitch


def scatter(s: Scene) -> None:
    """Scatter digits, letters, words and signs."""
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
        elif roll < 0.62 + BOXES:
            s.boxes(x, y, h)
        elif roll < 0.68 + BOXES:
            s.foreign(int(rng.integers(1, 5)), x, y, h)
        elif roll < 0.76 + BOXES:
            char = str(rng.choice(list("+-=/()%")))
            writing.sign(s.canvas, rng, s.hand, char, x, y, Style(h, level=s.level))
        else:
            s.word(x, y, h)


def alone(s: Scene) -> None:
    """Draw one thing that is no digit, as large as single digits are."""
    rng = s.rng
    tall = s.height * rng.uniform(0.35, 0.9) if rng.random() < 0.7 else s.size(14, 90)
    x, y = s.width * rng.uniform(0.1, 0.5), s.height * rng.uniform(0.4, 0.6)
    roll = rng.random()
    if roll < 0.35:
        s.foreign(int(rng.integers(1, 3)), x, y, tall)
    elif roll < 0.6:
        face = printing.pick(rng, s.part, hand_like=rng.random() < 0.4)
        letter = str(rng.choice(list("ABCDEFGHJKMNPRTUVWXYadefhkmnprtuvwxy@#&?$")))
        glyph, _ = printing.text(face, letter, tall)
        s.canvas.put(glyph, x, y - glyph.shape[0] / 2, s.level)
    elif roll < 0.8:
        char = str(rng.choice(list("+-=/()%")))
        writing.sign(s.canvas, rng, s.hand, char, x, y, Style(tall, level=s.level))
    else:
        s.strokes(letters.doodle(rng), x, y, tall)


def foreign(s: Scene) -> None:
    """Write numbers in other scripts, words and doodles: no digit of ours."""
    rng, h = s.rng, s.size(10, 90)
    y = h * rng.uniform(0.5, 1.2)
    kind = rng.choice(4, p=[0.5, 0.2, 0.15, 0.15])
    while y < s.height + h / 2:
        x = rng.uniform(-h, s.width * 0.4)
        while x < s.width:
            if kind == 0:
                x = s.foreign(int(rng.integers(1, 8)), x, y, h)
            elif kind == 1:
                thing = letters.doodle if rng.random() < 0.7 else letters.scribble
                x = s.strokes(thing(rng), x, y, h)
            else:
                x = s.word(x, y, h)
            x += h * rng.uniform(0.4, 1.5)
        y += h * rng.uniform(1.2, 2)


def strokes_only(s: Scene) -> None:
    """Draw straight lines and curves: edges, crosses, boxes, rules, or nothing at all."""
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
