"""Backgrounds: what the world and paper look like where nothing is written.

Grey pictures from few array operations each: 256 × 256 pixels take about a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages.camera import clouds, grain
from tenfold.synthesis.pages.paper import FINE, TAU, mottle, paper
from tenfold.synthesis.pages.strokes import Floats, smooth

__all__ = ["KINDS", "paper", "texture"]


@cache
def _photographs() -> tuple[Floats, ...]:
    """Sample pictures of scikit-learn, grey; none where it is not installed."""
    try:
        from sklearn.datasets import load_sample_images
    except ImportError:
        return ()
    grey = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in load_sample_images().images)
    return tuple(np.asarray(picture, np.float32) for picture in grey)


def _line(picture: Floats, path: Floats, level: float, thick: int) -> None:
    """Draw a line through points (x, y) on a picture."""
    points = [np.rint(path * 2**FINE).astype(np.int32)]
    cv2.polylines(picture, points, False, level, max(1, thick), cv2.LINE_8, FINE)


def _turned(rng: Generator, picture: Floats, most: float) -> Floats:
    """Turn by up to so many degrees and enlarge a little; mirrored at the rim."""
    height, width = picture.shape
    middle, angle, zoom = (width / 2, height / 2), rng.uniform(-most, most), rng.uniform(1, 1.5)
    matrix = cv2.getRotationMatrix2D(middle, angle, zoom)
    out = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(out, np.float32)


def _cloth(rng: Generator, height: int, width: int) -> Floats:
    """Threads over and under each other, sometimes in checks."""
    step = rng.uniform(2.5, 9)
    x, y = (np.arange(n, dtype=np.float32) for n in (width, height))
    warp = np.sin(x * (TAU / step), dtype=np.float32)
    weft = np.sin(y * (TAU / (step * rng.uniform(0.7, 1.4))), dtype=np.float32)
    if (kind := rng.random()) < 0.4:
        cloth = weft[:, None] * warp[None, :]
    elif kind < 0.7:  # knitted or twill
        cloth = np.sin((x[None, :] + rng.uniform(0.5, 2) * y[:, None]) * np.float32(TAU / step))
    else:
        cloth = np.maximum(weft[:, None], warp[None, :])
    out = cloth * np.float32(rng.uniform(6, 30)) + 6 * grain(rng, height, width)
    if rng.random() < 0.4:  # checks or stripes
        wide = rng.uniform(20, 90)
        out += (np.sin(x / wide * TAU) > rng.uniform(-0.5, 0.8)) * np.float32(rng.uniform(-60, 60))
        if rng.random() < 0.6:
            out += (np.sin(y / wide * TAU) > 0.2)[:, None] * np.float32(rng.uniform(-60, 60))
    return _turned(rng, np.asarray(out, np.float32), 90)


def _wood(rng: Generator, height: int, width: int) -> Floats:
    """Rings cut along the trunk, fine pores, gaps between boards."""
    tall = rng.uniform(4, 14)
    rings = clouds(rng, height, width, (3, 2)) * np.float32(rng.uniform(1, 5))
    rings += (np.arange(height, dtype=np.float32) / np.float32(tall * 3))[:, None]
    out = (rings - np.floor(rings)) * np.float32(rng.uniform(10, 55))
    out += mottle(rng, height, width, 1, rng.uniform(12, 50)) * np.float32(rng.uniform(3, 14))
    if rng.random() < 0.4:
        board = int(rng.integers(40, 120))
        for at in range(int(rng.integers(board)), height, board):
            out[at : at + int(rng.integers(1, 4))] -= 60
            out[at:] += rng.uniform(-15, 15)
    return np.asarray(out if rng.random() < 0.5 else _turned(rng, out, 90), np.float32)


def _veins(rng: Generator, height: int, width: int, most: float, fine: float) -> Floats:
    """Lines that wander across and do not close, as rings could be taken for noughts."""
    down, across = rng.uniform(2, most) * np.array([1, rng.uniform(-1, 1)], np.float32)
    phase = clouds(rng, height, width, (5, 5)) * np.float32(0.7)
    phase += np.linspace(0, 3 * down, height, dtype=np.float32)[:, None]
    phase += np.linspace(0, 3 * across, width, dtype=np.float32)
    return np.asarray(np.maximum(1 - np.abs(np.sin(phase)) * np.float32(fine), 0), np.float32)


def _stone(rng: Generator, height: int, width: int) -> Floats:
    """Marble veins on clouds, or specks of granite."""
    out = clouds(rng, height, width, (2, 2)) * np.float32(25)
    for knots in (5, 11):
        out += clouds(rng, height, width, (knots, knots)) * np.float32(50 / knots)
    if rng.random() < 0.6:
        out -= _veins(rng, height, width, 6, rng.uniform(3, 12)) * np.float32(rng.uniform(20, 90))
    else:
        size = rng.uniform(1, 4)
        out += mottle(rng, height, width, size, size) * np.float32(rng.uniform(8, 40))
    return np.asarray(out, np.float32)


def _metal(rng: Generator, height: int, width: int) -> Floats:
    """Brushed along one direction, with a sheen and sometimes slots."""
    out = mottle(rng, height, width, rng.uniform(1, 1.6), rng.uniform(40, 250))
    out *= np.float32(rng.uniform(4, 20))
    sheen = np.sin(np.linspace(0, rng.uniform(2, 9), width) + rng.uniform(0, TAU))
    out += (rng.uniform(5, 40) * sheen).astype(np.float32)
    if rng.random() < 0.3:  # slots
        step = int(rng.integers(14, 40))
        for at in range(step // 2, height, step):
            cv2.line(out, (width // 8, at), (width - width // 8, at), -70, 1 + step // 8)
    return np.asarray(out if rng.random() < 0.6 else _turned(rng, out, 90), np.float32)


def _keyboard(rng: Generator, height: int, width: int) -> Floats:
    """Rows of rounded keys with letters on them."""
    key = int(rng.integers(18, 56))
    gap, plate = max(2, key // int(rng.integers(5, 12))), rng.uniform(-90, 20)
    out = np.full((height, width), plate, np.float32)
    letters = np.zeros((height, width), np.uint8)
    level = rng.uniform(-70, 100)
    mark = level + (90 if level < 0 else -110) * rng.uniform(0.4, 1)
    font, scale, thick = cv2.FONT_HERSHEY_SIMPLEX, key / 60, max(1, key // 26)
    for y in range(-int(rng.integers(key)), height, key):
        x = -int(rng.integers(key))
        while x < width:
            wide = key if rng.random() < 0.9 else key * 2
            shade = level + rng.uniform(-6, 6)
            low, high = (x + gap, y + gap), (x + wide - gap, y + key - gap)
            cv2.rectangle(out, low, high, shade, -1)
            cv2.rectangle(out, low, high, shade + 8, gap)
            if rng.random() < 0.85:
                letter = "ACEFHKMNPRUVWXY#*+<?"[int(rng.integers(20))]
                place = (x + key // 4 + gap // 2, y + int(key * 0.62))
                cv2.putText(letters, letter, place, font, scale, 255, thick)
            x += wide
    out[letters > 0] = mark
    soft = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.2))
    return _turned(rng, np.asarray(soft, np.float32), 20)


def _carpet(rng: Generator, height: int, width: int) -> Floats:
    """Tufts of several sizes."""
    size = rng.uniform(1.2, 6)
    out = mottle(rng, height, width, size, size * rng.uniform(0.7, 2)) * rng.uniform(12, 45)
    return np.asarray(out + clouds(rng, height, width, (5, 5)) * rng.uniform(0, 18), np.float32)


def _bricks(rng: Generator, height: int, width: int) -> Floats:
    """Bricks or tiles with joints."""
    tall = int(rng.integers(14, 90))
    wide = max(12, int(tall * rng.choice([1, 2, 2.6])))
    shift = 0 if rng.random() < 0.4 else wide // 2
    rows, columns, y, x = height // tall + 2, width // wide + 3, np.arange(height), np.arange(width)
    row = y // tall
    across = x[None, :] + (row % 2 * shift)[:, None]
    shades = rng.normal(0, rng.uniform(3, 25), (rows, columns)).astype(np.float32)
    out = shades[row[:, None], across // wide]
    joint = rng.integers(1, 5)
    out[(across % wide < joint) | (y % tall < joint)[:, None]] = rng.uniform(-80, 60)
    out = out + mottle(rng, height, width, 2, 2) * np.float32(rng.uniform(2, 12))
    return _turned(rng, np.asarray(out, np.float32), 25)


def _leaves(rng: Generator, height: int, width: int) -> Floats:
    """Pointed leaves over each other, or plain blobs."""
    out = np.zeros((height, width), np.float32)
    pointed = rng.random() < 0.7
    size = rng.uniform(10, 60)
    t = np.linspace(0, TAU, 16)
    for _ in range(int(np.clip(height * width / size**2 * 1.5, 8, 90))):
        long = size * rng.uniform(0.5, 1.5)
        thin = long * rng.uniform(0.25, 0.6)
        bulge = np.sin(t) * np.abs(np.sin(t)) if pointed else np.sin(t)
        a, x, y = rng.uniform(0, TAU), np.cos(t) * long, bulge * thin
        path = np.stack([x * np.cos(a) - y * np.sin(a), x * np.sin(a) + y * np.cos(a)], 1)
        path += rng.uniform(0, 1, 2) * [width, height]
        level = rng.uniform(-70, 70)
        points = np.rint(path * 2**FINE).astype(np.int32)
        cv2.fillPoly(out, [points], level, cv2.LINE_8, FINE)
        if pointed:
            _line(out, path[[0, 7]].astype(np.float32), level + rng.uniform(-40, 40), 1)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 2.5)), np.float32)


def _skin(rng: Generator, height: int, width: int) -> Floats:
    """Soft gradients with pores and faint creases."""
    out = clouds(rng, height, width, (2, 3)) * np.float32(rng.uniform(15, 60))
    out += mottle(rng, height, width, 2, 2) * np.float32(rng.uniform(1, 5))
    out -= _veins(rng, height, width, 12, 8) * np.float32(rng.uniform(0, 25))
    return np.asarray(out, np.float32)


def _cables(rng: Generator, height: int, width: int) -> Floats:
    """Cables, wires or hair that cross the whole picture."""
    out = clouds(rng, height, width, (2, 2)) * np.float32(rng.uniform(5, 30))
    thin, side = rng.random() < 0.4, max(height, width)
    for _ in range(int(rng.integers(3, 40 if thin else 10))):
        start, angle = rng.uniform(-0.2, 1.2, 2) * side, rng.uniform(0, TAU)
        along = np.linspace(-1.5, 1.5, 7)[:, None] * side * [np.cos(angle), np.sin(angle)]
        along += start + rng.normal(0, 0.12 * side, (7, 2))
        path = smooth(along.astype(np.float32), 12)
        level, thick = rng.uniform(-110, 80), 1 if thin else int(rng.integers(2, 3 + side // 16))
        _line(out, path, level, thick)
        if thick > 3:  # light along it
            _line(out, path - thick / 5, level + rng.uniform(15, 50), thick // 4)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.5)), np.float32)


def _blinds(rng: Generator, height: int, width: int) -> Floats:
    """Slats, corrugated sheets, light through blinds."""
    step = rng.uniform(8, 50)
    phase = np.arange(height, dtype=np.float32) / np.float32(step)
    saw = phase - np.floor(phase)
    profile = saw if rng.random() < 0.5 else np.where(saw < rng.uniform(0.2, 0.7), 1, 0)
    out = np.tile((profile * rng.uniform(30, 120)).astype(np.float32)[:, None], (1, width))
    return _turned(rng, out + 3 * grain(rng, height, width), 90)


def _crumpled(rng: Generator, height: int, width: int) -> Floats:
    """Paper or foil that was crumpled: facets, each lit in its own way, with sharp ridges."""
    rows, columns = (height + 1) // 2, (width + 1) // 2
    y, x = (np.linspace(0, 1, n, dtype=np.float32) for n in (rows, columns))
    bent = 0.03 * clouds(rng, rows, columns, (4, 4))
    near = np.full((rows, columns), np.inf, np.float32)
    out = np.zeros((rows, columns), np.float32)
    contrast = rng.uniform(8, 30)
    for _ in range(int(rng.integers(8, 18))):
        py, px, stretch = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.4, 2.5)
        away = ((y - py) ** 2 * stretch)[:, None] + ((x - px) ** 2)[None, :] + bent
        a, b, c = rng.normal(0, contrast, 3) * [2, 2, 1]
        light = ((y - py) * a)[:, None] + ((x - px) * b)[None, :] + c
        closer = away < near
        np.copyto(out, light, where=closer, casting="same_kind")
        np.copyto(near, away, where=closer, casting="same_kind")
    return np.asarray(cv2.resize(out, (width, height)), np.float32)


def _photograph(rng: Generator, height: int, width: int) -> Floats:
    """Cut a piece of a photograph, turned over and enlarged at random."""
    pictures = _photographs()
    if not pictures:
        return _leaves(rng, height, width)
    picture = pictures[rng.integers(len(pictures))]
    room = min(picture.shape[0] / height, picture.shape[1] / width)
    scale = min(room, np.exp(rng.uniform(np.log(0.3), np.log(1.8))))
    rows, columns = max(2, int(height * scale)), max(2, int(width * scale))
    y, x = rng.integers(np.subtract(picture.shape, (rows, columns)) + 1)
    part = cv2.resize(picture[y : y + rows, x : x + columns], (width, height))
    flip = int(rng.integers(-1, 3))
    return np.asarray((cv2.flip(part, flip) if flip < 2 else part) - 110, np.float32)


KINDS: tuple[Callable[[Generator, int, int], Floats], ...] = (
    *(_cloth, _wood, _stone, _metal, _keyboard, _carpet, _bricks, _leaves, _skin, _cables),
    *(_blinds, _crumpled, _photograph, _photograph, _photograph),
)


def _shadow(rng: Generator, height: int, width: int) -> Floats:
    """Multiply a picture by this and a shadow with a soft straight edge falls on it."""
    angle = rng.uniform(0, TAU)
    y, x = np.linspace(-1, 1, 64)[:, None], np.linspace(-1, 1, 64)[None, :]
    side = (x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.7, 0.7)) / rng.uniform(0.02, 0.4)
    shade = 1 - rng.uniform(0.15, 0.65) / (1 + np.exp(-np.clip(side, -30, 30)))
    return np.asarray(cv2.resize(shade.astype(np.float32), (width, height)), np.float32)


def texture(rng: Generator, height: int, width: int) -> Floats:
    """Draw a background without a digit on it: cloth, wood, stone, keys, leaves, photographs.

    Parameters
    ----------
    rng : numpy Generator
    height, width : int
        In pixels.

    Returns
    -------
    float32 array, shape (height, width)
        Grey, 0 to 255.

    Examples
    --------
    >>> texture(np.random.default_rng(0), 40, 60).shape
    (40, 60)
    """
    out = KINDS[rng.integers(len(KINDS))](rng, height, width)
    out = out * np.float32(rng.uniform(0.5, 1.8)) + np.float32(rng.uniform(50, 215))
    if rng.random() < 0.35:
        out *= _shadow(rng, height, width)
    if rng.random() < 0.3:
        out *= 1 + np.float32(rng.uniform(0, 0.25)) * clouds(rng, height, width, (2, 3))
    if rng.random() < 0.1:
        out = 255 - out
    return np.asarray(np.clip(out, 0, 255), np.float32)
