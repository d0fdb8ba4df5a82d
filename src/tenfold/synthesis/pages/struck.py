"""Writing that is struck out: lines through it, a zigzag, a cross, hatching."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages.canvas import Canvas, straight
from tenfold.synthesis.pages.hands import Hand
from tenfold.synthesis.pages.strokes import smooth
from tenfold.synthesis.pages.writing import Style


def strike(
    canvas: Canvas, rng: Generator, hand: Hand, left: float, right: float, y: float, style: Style
) -> None:
    """Strike writing out: a line or two, a zigzag, a cross, hatching."""
    size, pen = style.height, hand.pen * style.height

    def j(spread: float) -> float:
        return float(rng.normal(0, spread)) * size

    roll = rng.random()
    left, right = left - size * rng.uniform(0, 0.25), right + size * rng.uniform(0, 0.25)
    if roll < 0.42:
        lean = j(0.18)  # from the middle to the right end, as most lines drawn in haste have it
        for _ in range(int(rng.integers(1, 4))):
            at = y + j(0.12)
            start = (left + j(0.05), at - lean + j(0.05))
            middle = ((left + right) / 2, at + j(0.06))
            end = (right + j(0.05), at + lean + j(0.05))
            canvas.draw([smooth(straight([start, middle, end]))], pen, style.level)
    elif roll < 0.6:
        count = max(4, int((right - left) / size * rng.uniform(2.5, 5)))
        xs = np.linspace(left, right, count)
        ys = y + np.where(np.arange(count) % 2, -0.4, 0.4) * size
        ys = ys + rng.normal(0, 0.06, count) * size
        path = np.stack([xs, ys], 1).astype(np.float32)
        canvas.draw([path if rng.random() < 0.5 else smooth(path)], pen, style.level)
    elif roll < 0.88:  # from corner to corner, up more often than down, or both: a cross
        up = (left, y + 0.45 * size + j(0.06)), (right, y - 0.45 * size + j(0.06))
        down = (left, y - 0.45 * size + j(0.06)), (right, y + 0.45 * size + j(0.06))
        ways = rng.choice(3, p=[0.45, 0.15, 0.4])
        for ends in ((up,), (down,), (up, down))[ways]:
            canvas.draw([straight(ends)], pen, style.level)
    else:
        angle = np.linspace(0, np.pi * 2 * max(3, (right - left) / size * 3), 80)
        xs = np.linspace(left, right, 80) + np.cos(angle) * 0.15 * size
        path = np.stack([xs, y + np.sin(angle) * 0.4 * size], 1).astype(np.float32)
        canvas.draw([path], pen, style.level)
