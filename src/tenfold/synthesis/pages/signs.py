"""The signs between digits as strokes of a pen: points, commas, dashes, brackets and the like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages.canvas import straight
from tenfold.synthesis.pages.strokes import Floats

BLOTS = {".": 1.7, ":": 1.5}  # how much wider than its strokes a pen may leave a point
RISING = 0.2  # of the dashes and equals signs rise as a quick hand's do
AT_ONCE = 0.2  # of the equals signs are written without lifting the pen
LONG_COMMAS = 0.25  # of the commas are nearly as long as half a digit


class Place:
    """Where a sign stands, how large and slanted it is, and chance.

    Parameters
    ----------
    rng : numpy Generator
    x, y : float
        Its left edge and the middle of the line.
    height : float
        Of the digits beside it.
    slant, pen : float
        Of the hand that writes.
    """

    def __init__(
        self, rng: Generator, x: float, y: float, height: float, slant: float, pen: float
    ) -> None:
        self.rng, self.x, self.y, self.height = rng, x, y, height
        self.slant, self.pen = slant, pen

    def u(self, low: float, high: float) -> float:
        """Draw a length between two shares of the height."""
        return self.height * float(self.rng.uniform(low, high))

    def j(self, spread: float) -> float:
        """Draw how far a point is off, its spread a share of the height."""
        return float(self.rng.normal(0, spread)) * self.height


def _point(p: Place) -> list[Floats]:
    x, y = p.x + p.pen / 2, p.y + (p.u(0.36, 0.5) if p.rng.random() < 0.85 else p.u(0.05, 0.36))
    return [straight([(x, y), (x + abs(p.j(0.02)), y + p.j(0.02))])]


def _comma(p: Place) -> list[Floats]:
    x, y = p.x + p.u(0.05, 0.12), p.y + p.u(0.3, 0.45)
    long = p.u(0.3, 0.5) if p.rng.random() < LONG_COMMAS else p.u(0.14, 0.32)
    return [straight([(x, y), (x - p.u(0.0, 0.12), y + long)])]


def _dash(p: Place) -> list[Floats]:
    long = p.u(0.18, 0.6)
    mid, rise = p.y + p.j(0.08), _rise(p)
    bent, end = mid + p.j(0.02) - rise * long / 2, mid + p.j(0.02) - rise * long
    return [straight([(p.x, mid), (p.x + long / 2, bent), (p.x + long, end)])]


def _slash(p: Place) -> list[Floats]:
    # One that is as short and as upright as the hand's ones is a one to anybody.
    rise, lean = p.u(1.0, 1.6), max(0.0, p.slant) + float(p.rng.uniform(0.18, 0.5))
    run = rise * lean
    return [straight([(p.x, p.y + rise / 2), (p.x + run, p.y - rise / 2)])]


def _colon(p: Place) -> list[Floats]:
    strokes = []
    for side in (-1, 1):
        x = p.x + p.pen / 2 - p.slant * side * p.height * 0.2
        y = p.y + side * p.u(0.15, 0.3)
        strokes.append(straight([(x, y), (x + 0.3, y + 0.3)]))
    return strokes


def _plus(p: Place) -> list[Floats]:
    r = p.u(0.18, 0.36)
    x, y = p.x + r, p.y + p.j(0.06)
    across = straight([(x - r, y + p.j(0.03)), (x + r, y + p.j(0.03))])
    return [across, straight([(x + p.j(0.03), y - r), (x + p.j(0.03), y + r)])]


def _equals(p: Place) -> list[Floats]:
    long, off, mid = p.u(0.25, 0.6), p.u(0.07, 0.16), p.y + p.j(0.08)
    rise, strokes = _rise(p) * long, []
    for side in (-1, 1):
        start = (p.x + p.j(0.03), mid + side * off)
        end = (p.x + long + p.j(0.04), mid + side * off + p.j(0.02) - rise)
        strokes.append(straight([start, end]))
    return [np.concatenate(strokes)] if p.rng.random() < AT_ONCE else strokes


def _rise(p: Place) -> float:
    """Draw how far a stroke along the line rises: pixels up per pixel to the right."""
    return float(p.rng.uniform(0.1, 0.6) if p.rng.random() < RISING else p.rng.normal(0, 0.08))


def _bracket(p: Place, bow: float, x: float) -> list[Floats]:
    tall = p.u(0.5, 0.68)
    angle = np.linspace(-1, 1, 9)
    across = x + bow * (1 - angle**2) - p.slant * angle * tall * 0.6
    return [np.stack([across, p.y + angle * tall], 1).astype(np.float32)]


def _open(p: Place) -> list[Floats]:
    bow = p.u(0.1, 0.22)
    return _bracket(p, -bow, p.x + bow)


def _close(p: Place) -> list[Floats]:
    return _bracket(p, p.u(0.1, 0.22), p.x)


def _percent(p: Place) -> list[Floats]:
    r, wide = p.u(0.1, 0.17), p.u(0.4, 0.65)
    angle = np.linspace(0, 2 * np.pi, 11)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1) * r
    first = ring + np.array([p.x + r, p.y - p.u(0.25, 0.38)])
    second = ring + np.array([p.x + wide, p.y + p.u(0.25, 0.38)])
    half = p.height * 0.5
    bar = straight([(p.x + r * 0.6, p.y + half), (p.x + wide, p.y - half)])
    return [first.astype(np.float32), second.astype(np.float32), bar]


STROKES: dict[str, Callable[[Place], list[Floats]]] = {
    ".": _point, ",": _comma, "-": _dash, "/": _slash, ":": _colon, "+": _plus, "=": _equals,
    "(": _open, ")": _close, "%": _percent,
}  # fmt: skip
