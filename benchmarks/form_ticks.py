"""Ticks in the boxes of drawn forms, and ticks that are taken back."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from form_designs import Box
from tenfold.synthesis.pages.canvas import Canvas
from tenfold.synthesis.pages.hands import Hand
from tenfold.synthesis.pages.struck import strike
from tenfold.synthesis.pages.writing import Style


def tick(canvas: Canvas, rng: Generator, hand: Hand, box: Box, level: float) -> None:
    """Tick a box: a cross, a check mark, a zigzag."""
    left, top, wide, tall = box
    pen = max(1.5, hand.pen * tall * 0.8)
    roll = rng.random()

    def at(u: float, v: float) -> tuple[float, float]:
        return left + (u + rng.normal(0, 0.06)) * wide, top + (v + rng.normal(0, 0.06)) * tall

    if roll < 0.6:
        strokes = [[at(0.05, 0.05), at(0.95, 0.95)], [at(0.95, 0.05), at(0.05, 0.95)]]
    elif roll < 0.9:
        strokes = [[at(0.1, 0.5), at(0.4, 0.9), at(1.1, -0.2)]]
    else:
        strokes = [[at(u, 0.1 + 0.8 * (k % 2)) for k, u in enumerate(np.linspace(0.1, 0.9, 9))]]
    canvas.draw([np.array(stroke, np.float32) for stroke in strokes], pen, level)


def inside(box: Box) -> tuple[slice, slice]:
    """Return rows and columns of a box."""
    left, top, wide, tall = map(int, box)
    return slice(top, top + tall), slice(left, left + wide)


def take_back(canvas: Canvas, rng: Generator, hand: Hand, box: Box, level: float) -> None:
    """Take a tick back: its box blacked out, or the tick struck out."""
    left, top, wide, tall = box
    if rng.random() < 0.5:
        pen = max(3.0, 0.16 * tall)
        u = np.linspace(-0.05, 1.05, 15)
        v = np.where(np.arange(15) % 2, 1.05, -0.05)
        path = np.stack([left + u * wide, top + v * tall], 1) + rng.normal(0, 0.04 * tall, (15, 2))
        canvas.draw([path.astype(np.float32)], pen, level)
    else:
        style = Style(tall, 0, level)
        strike(canvas, rng, hand, left - 0.3 * wide, left + 1.3 * wide, top + tall / 2, style)
