"""Long marks that are no digits, however wide: zigzags, waves, rows of loops, a wandering pen.

A row of digits that touch is easily seen in any of them; the network that spells such rows learns
here what to leave unspelled.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

HIGH, INNER = 28, 20  # rows of the picture, and of the mark in it
TURNS = (4, 14)  # corners of a zigzag or a wave, loops of a row
CHAIN = 6  # loops: fewer may be zeros
FINE = 4  # bits of a pixel's fraction that the drawing keeps
POINTS = 16  # along each turn


def draw_scrawl(rng: Generator) -> Pixels:
    """Draw one scrawl, uint8 ``(28, width)``, white ink on black.

    Examples
    --------
    >>> draw_scrawl(np.random.default_rng(0)).shape[0]
    28
    """
    turns = int(rng.integers(*TURNS))
    path = (_zigzag, _wave, _loops, _wander)[int(rng.integers(4))](turns, rng)
    path[:, 0] += path[:, 1] * rng.uniform(-0.4, 0.4)  # slant
    low, high = path.min(axis=0), path.max(axis=0)
    path = (path - low) * (INNER / max(high[1] - low[1], 1e-6)) + (HIGH - INNER) / 2
    width = int(path[:, 0].max()) + (HIGH - INNER) // 2 + 1
    picture = np.zeros((HIGH, width), np.uint8)
    whole = np.rint(path * 2**FINE).astype(np.int32)
    pen = int(rng.integers(1, 4))
    cv2.polylines(picture, [whole], False, 255, pen, cv2.LINE_AA, FINE)
    return picture


def _steps(turns: int, rng: Generator) -> Floats:
    """Where each turn ends along the line: steps that differ, in heights of the mark."""
    step = rng.uniform(0.15, 0.8)
    return np.cumsum(step * np.exp(rng.normal(0, 0.2, turns)))


def _zigzag(turns: int, rng: Generator) -> Floats:
    height = rng.uniform(0.8, 1, turns) * (np.arange(turns) % 2)
    return np.stack([_steps(turns, rng), height + rng.uniform(0, 0.15, turns)], axis=1)


def _wave(turns: int, rng: Generator) -> Floats:
    corners = _zigzag(turns, rng)
    place = np.linspace(0, turns - 1, POINTS * turns)
    first = np.minimum(place.astype(int), turns - 2)
    eased = (1 - np.cos(np.pi * (place - first))) / 2
    low, high = corners[first, 1], corners[first + 1, 1]
    x = np.interp(place, np.arange(turns), corners[:, 0])
    return np.stack([x, low + (high - low) * eased], axis=1)


def _loops(turns: int, rng: Generator) -> Floats:
    turns = max(turns, CHAIN)
    angle = np.linspace(0, 2 * np.pi * turns, POINTS * turns)
    wide = rng.uniform(0.15, 0.5)
    swell = np.interp(angle, np.linspace(0, angle[-1], turns), rng.uniform(0.6, 1, turns))
    x = rng.uniform(0.05, 0.12) * angle + wide * np.cos(angle + rng.choice((0, np.pi)))
    return np.stack([x, 0.5 * swell * np.sin(angle)], axis=1)


def _wander(turns: int, rng: Generator) -> Floats:
    corners = np.stack([_steps(turns, rng), rng.uniform(0, 1, turns)], axis=1)
    corners[:, 0] += rng.normal(0, 0.3, turns)
    place = np.linspace(0, turns - 1, POINTS * turns)
    path = np.stack([np.interp(place, np.arange(turns), side) for side in corners.T], axis=1)
    kernel = np.hanning(POINTS + 2)[1:-1]
    padded = np.pad(path, ((POINTS // 2, POINTS // 2 - 1), (0, 0)), mode="edge")
    return np.stack(
        [np.convolve(side, kernel / kernel.sum(), "valid") for side in padded.T], axis=1
    )
