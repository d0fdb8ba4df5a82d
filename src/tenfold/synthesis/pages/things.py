"""Scenes of things that show numbers: labels, meters, displays, plates, tickets, saved plots."""

from __future__ import annotations

from tenfold.signature import HAND, RUNNING
from tenfold.synthesis.pages import numbers, printing, writing
from tenfold.synthesis.pages.scene import Scene
from tenfold.synthesis.pages.writing import Style


def label(s: Scene) -> None:
    """Put a printed or written label beside a number, small or large."""
    rng = s.rng
    h = s.size(10, 70)
    y = rng.uniform(h, s.height - h) if s.height > 2 * h else s.height / 2
    x = rng.uniform(-h, s.width * 0.3)
    style, face = s.style(h), printing.pick(rng, s.part)
    if rng.random() < 0.7:
        size, at = h * rng.uniform(0.5, 1.4), y + rng.normal(0, 0.1) * h
        count, level = int(rng.integers(1, 3)), float(rng.uniform(0.5, 1))
        x = s.words(face, size, x, at, count, level, 0.1)
    else:
        x = s.word(x, y, h)
    x = s.number(numbers.number(rng), x + h * rng.uniform(0.3, 1.2), y, style)
    if rng.random() < 0.5:
        s.words(face, h * rng.uniform(0.5, 1.2), x + h * 0.3, y, 1, float(rng.uniform(0.5, 1)), 0.0)


def meter(s: Scene) -> None:
    """Show a meter's windows, a display, digits printed on plates."""
    rng = s.rng
    h = s.size(12, 90)
    y, x = s.height * rng.uniform(0.25, 0.75), rng.uniform(0, 0.3 * s.width)
    count = int(rng.integers(3, 9))
    if rng.random() < 0.5:
        pad = h * 0.35
        text = numbers.digits(rng, count)
        end = writing.display(s.canvas, rng, text, x + pad, y, Style(h, level=1.0))
        if rng.random() < 0.7:
            s.windows.append((x, y - h / 2 - pad, end + pad * 0.5, y + h / 2 + pad))
        return
    face, step = printing.pick(rng, s.part), h * rng.uniform(0.85, 1.5)
    every = rng.random() < 0.6
    for k, digit in enumerate(numbers.digits(rng, count)):
        left = x + k * step
        length = printing.font(face, max(4, round(h / printing.cap(face)))).getlength(digit)
        roll = rng.normal(0, 0.12) * h if rng.random() < 0.2 else 0.0
        middle, style = left + (step - length) / 2, Style(h, level=1.0)
        writing.typeset(s.canvas, rng, face, digit, middle, y + roll, style)
        if every:
            s.windows.append((left + step * 0.06, y - h * 0.8, left + step * 0.94, y + h * 0.8))
    if not every:
        s.windows.append((x - h * 0.2, y - h * 0.8, x + count * step + h * 0.2, y + h * 0.8))
    if rng.random() < 0.5:
        s.words(face, h * rng.uniform(0.25, 0.5), x, y + h * 1.3, 3, 0.9, 0.2)


def printed_number(s: Scene) -> None:
    """Print a number or a few by themselves: on a label, a plate, a ticket, a screen."""
    rng, h = s.rng, s.size(12, 110)
    face = printing.pick(rng, s.part, hand_like=rng.random() < 0.15)
    one, y = rng.random() < 0.7, s.height * rng.uniform(0.2, 0.8)
    if not one:
        y = h * rng.uniform(0.6, 1.5)
    x = max(0.0, s.width * rng.uniform(-0.05, 0.3))
    style = Style(h, 0.0, s.level)
    while y < s.height:
        writing.typeset(s.canvas, rng, face, numbers.number(rng), x, y, style)
        if one:
            break
        y += h * rng.uniform(1.4, 3)
    if rng.random() < 0.25:
        s.box(x - h * 0.4, y - h, s.width * rng.uniform(0.7, 1), y + h, float(rng.choice([1, 3])))


def plot(s: Scene) -> None:
    """Draw a saved plot of one digit: axes with ticks, numbers along them, the digit enlarged."""
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
        below = (left + at - size * 0.3, top + side + 4 + size * 0.5)
        beside = (left - 5 - size * 0.6 * len(text), top + at)
        for x, y in (below, beside):
            writing.typeset(s.canvas, rng, face, text, x, y, Style(size * 0.72), RUNNING)
    digit = int(rng.integers(10))
    glyph = s.hand.digit(digit, side * rng.uniform(0.6, 0.95))[: int(side)]
    x, y = left + (side - glyph.shape[1]) / 2, top + (side - glyph.shape[0]) / 2
    s.canvas.put(glyph, x, y, s.level, HAND, str(digit))
