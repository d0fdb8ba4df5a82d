"""Whose hand writes: one way of drawing each digit, one slant, one pen, for a whole line.

A hand writes some digits as MNIST's writers did (their outlines, set upright, enlarged and given
this hand's pen), the others as strokes in one of the shapes that `digits.toml` lists: what people
write elsewhere and MNIST lacks; a few hands write all of them as a font does that somebody wrote.
Each hand bends each digit in a way of its own. Held-out pictures and shapes make the hands of
validation pages.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenfold.synthesis.pages import printing
from tenfold.synthesis.pages.printing import Part as Part
from tenfold.synthesis.pages.strokes import Bend, Floats, Pixels, Shape, crop, rasterise, smooth

HELD_OUT = 6000  # of the source's last pictures: validation pages alone show them
INKED = 60  # of 255: a stored glyph's ink begins here
PENNED = ("dkg", "breip", "bwht", "femke", "kristi")  # fonts that somebody wrote with a pen
STEEP = 0.15  # of the hands lean far to the right
FROM_FONTS = 0.12  # of the hands write as such a font does


@cache
def variants(part: Part) -> dict[str, list[Shape]]:
    """Shapes of each digit, by digit; validation and test pages draw only their own."""
    text = (files("tenfold.synthesis.pages") / "digits.toml").read_text(encoding="utf-8")
    if part == "train":
        lines: dict[str, list[str]] = tomllib.loads(text)["train"]
    else:  # what is held out is shared between validation and test, as far as it goes round
        held_out = tomllib.loads(text)["validation"]
        first = 0 if part == "validation" else 1
        lines = {digit: own[first::2] or own for digit, own in held_out.items()}
    return {digit: [parse(line) for line in own] for digit, own in lines.items()}


def parse(line: str) -> Shape:
    """Read strokes ``"x,y x,y; x,y …"``; a corner is a point given twice."""
    return [
        np.array([[float(v) for v in point.split(",")] for point in stroke.split()], np.float32)
        for stroke in line.split(";")
    ]


def bend(stroke: Floats) -> Floats:
    """Smooth a stroke, keeping the corners where a point stands twice."""
    same = np.flatnonzero((stroke[1:] == stroke[:-1]).all(axis=1))
    parts, start = [], 0
    for corner in same:
        parts.append(stroke[start : corner + 1])
        start = int(corner) + 1
    parts.append(stroke[start:])
    return np.vstack([smooth(part) if len(part) > 2 else part for part in parts])


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """Glyphs of a data set, ready to be enlarged.

    Parameters
    ----------
    images : uint8 array, shape (n, 28, 28)
    rows : list of int arrays
        By digit, which images show it.
    slants : float array, shape (n,)
        How far each leans: pixels to the left per pixel down.
    """

    images: Pixels
    rows: list[NDArray[np.int64]]
    slants: Floats

    @classmethod
    def of(cls, images: Pixels, labels: NDArray[np.integer], part: Part) -> Stock:
        """Take the part of a data set that pages of this kind may show; test pages all of it.

        Train and validation pages show MNIST's training images, test pages its test images.
        """
        if part != "test":
            keep = slice(None, -HELD_OUT) if part == "train" else slice(-HELD_OUT, None)
            images, labels = images[keep], labels[keep]
        ink = images.astype(np.float32)
        y, x = np.mgrid[: images.shape[1], : images.shape[2]].astype(np.float32)
        mass = ink.sum(axis=(1, 2)) + 1e-6
        my, mx = (ink * y).sum((1, 2)) / mass, (ink * x).sum((1, 2)) / mass
        dy, dx = y[None] - my[:, None, None], x[None] - mx[:, None, None]
        slants = (ink * dy * dx).sum((1, 2)) / ((ink * dy * dy).sum((1, 2)) + 1e-6)
        rows = [np.flatnonzero(labels == digit) for digit in range(10)]
        return cls(images, rows, np.clip(-slants, -1, 1).astype(np.float32))


class Hand:
    """One writer with one pen.

    Parameters
    ----------
    rng : numpy Generator
    stock : Stock
    part : {"train", "validation"}

    Attributes
    ----------
    pen : float
        Stroke width as a share of a digit's height.
    slant : float
        How far upright strokes lean to the right: width per height.
    """

    def __init__(self, rng: Generator, stock: Stock, part: Part) -> None:
        self.rng, self.stock = rng, stock
        self.pen = float(np.clip(math.exp(rng.normal(math.log(0.085), 0.4)), 0.025, 0.24))
        steep = rng.random() < STEEP
        self.slant = float(rng.uniform(0.35, 0.95) if steep else rng.normal(0.12, 0.26))
        self.wide = float(math.exp(rng.normal(0, 0.22)))
        self.care = float(rng.uniform(0.3, 1.4))  # how much repeated digits differ
        drawn = rng.choice([0.0, 0.35, 0.8, 1.0], p=[0.4, 0.25, 0.2, 0.15])
        shapes = variants(part)
        self.shapes: list[Shape | None] = []
        self.examples: list[NDArray[np.int64]] = []
        self.lifts = rng.normal(0, 0.045, 10)
        self.sizes = np.exp(rng.normal(0, 0.08, 10))
        wild = float(rng.uniform(0.01, 0.045))
        self.face: str | None = None
        penned = printing.fonts(part, hand_like=True, names=PENNED)
        if penned and rng.random() < FROM_FONTS:
            self.face = penned[int(rng.integers(len(penned)))]
        self.bends = [Bend.draw(rng) for _ in range(10)]
        for digit in range(10):
            own = shapes[str(digit)]
            shape = own[rng.integers(len(own))] if rng.random() < drawn else None
            if shape is not None:
                shape = [
                    s + rng.normal(0, wild, s.shape).astype(np.float32) * _moves(s) for s in shape
                ]
                shape = [self.bends[digit].points(s) for s in shape]
            self.shapes.append(shape)
            self.examples.append(rng.choice(stock.rows[digit], 3))

    def digit(self, digit: int, height: float) -> Pixels:
        """Write a digit so many pixels high: coverage uint8 ``(h, w)``, cut to its ink."""
        size = float(self.sizes[digit] * np.exp(self.rng.normal(0, 0.06 * self.care)))
        height = max(5.0, height * size)
        shape = self.shapes[digit]
        lean = self.slant + self.rng.normal(0, 0.04) * self.care
        if self.face is not None:
            return self._typed(digit, height, lean)
        if shape is not None:
            return self._drawn(shape, height, lean)
        return self._copied(digit, int(self.rng.choice(self.examples[digit])), height, lean)

    def strokes(self, shape: Shape, height: float) -> list[Floats]:
        """Place a shape in pixels with this hand's slant and width, its corner at 0, 0."""
        scale = np.array([height * self.wide, height], np.float32)
        out = []
        for stroke in shape:
            path = bend(stroke) * scale
            path[:, 0] += self.slant * (height - path[:, 1])
            out.append(path)
        return out

    def ink(self, strokes: list[Floats], height: float) -> tuple[Pixels, int, int]:
        """Draw strokes with this hand's pen for writing of this height."""
        return rasterise(strokes, max(1.0, self.pen * height))

    def _drawn(self, shape: Shape, height: float, lean: float) -> Pixels:
        rng = self.rng
        moved = [
            s + rng.normal(0, 0.014 * self.care, s.shape).astype(np.float32) * _moves(s)
            for s in shape
        ]
        scale = np.array(
            [height * self.wide * np.exp(rng.normal(0, 0.07 * self.care)), height], np.float32
        )
        strokes = []
        for stroke in moved:
            path = bend(stroke) * scale
            path[:, 0] += lean * (height - path[:, 1])
            strokes.append(path)
        return crop(rasterise(strokes, max(1.0, self.pen * height))[0])

    def _typed(self, digit: int, height: float, lean: float) -> Pixels:
        """Write as a font does, leaning and bent as this hand does."""
        rng = self.rng
        face = str(self.face)
        glyph = crop(printing.text(face, str(digit), height / printing.cap(face))[0])
        lean = 0.5 * (lean - 0.1)
        rows, columns = glyph.shape
        wide = self.wide**0.5 * float(np.exp(rng.normal(0, 0.05 * self.care)))
        margin = 2 + 0.25 * rows
        matrix = np.array([[wide, -lean, margin + max(0.0, lean) * rows], [0, 1, margin]])
        size = (int(wide * columns + abs(lean) * rows + 2 * margin), int(rows + 2 * margin))
        moved = np.asarray(cv2.warpAffine(glyph, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
        bent = self.bends[digit].picture(moved, margin)
        if rng.random() < 0.7:
            bent = set_pen(bent, max(1.0, self.pen * height), max(1.0, height / 22))
        return crop(bent)

    def _copied(self, digit: int, row: int, height: float, lean: float) -> Pixels:
        rng = self.rng
        image = self.stock.images[row]
        rows, columns = (np.flatnonzero((image > INKED).any(axis=axis)) for axis in (1, 0))
        if len(rows) < 3:
            return self._drawn(variants("train")["1"][0], height, lean)
        zoom = height / (rows[-1] - rows[0] + 1)
        wide = zoom * self.wide**0.5 * np.exp(rng.normal(0, 0.07 * self.care))
        # Lean as this hand does: the example's own slant is taken back first, most of it.
        shear = (lean - 0.8 * float(self.stock.slants[row])) * zoom
        turn = rng.normal(0, 0.04) * self.care
        matrix = np.array([[wide, -shear - turn * zoom], [turn * zoom, zoom]])
        corners = (
            np.array(
                [
                    [columns[0], rows[0]],
                    [columns[-1], rows[0]],
                    [columns[0], rows[-1]],
                    [columns[-1], rows[-1]],
                ]
            )
            @ matrix.T
        )
        margin = 2 + 1.5 * zoom
        low, high = corners.min(axis=0) - margin, corners.max(axis=0) + margin
        size = tuple(int(v) for v in np.ceil(high - low))
        placed = np.hstack([matrix, -low[:, None]])
        grown = cv2.warpAffine(image, placed, size, flags=cv2.INTER_CUBIC)
        if zoom > 1.3:
            grown = cv2.GaussianBlur(grown, (0, 0), 0.33 * zoom)
        bent = self.bends[digit].picture(np.asarray(grown, np.uint8), margin)
        return crop(set_pen(bent, max(1.0, self.pen * height), zoom))


def _moves(stroke: Floats) -> Floats:
    """Give points that stand twice the same share of a random move: ones of shape (k, 1)."""
    weights = np.ones((len(stroke), 1), np.float32)
    same = (stroke[1:] == stroke[:-1]).all(axis=1)
    weights[1:][same] = 0
    weights[:-1][same] = 0
    return weights


def set_pen(soft: Pixels, pen: float, zoom: float) -> Pixels:
    """Give a soft enlarged glyph crisp edges and a pen of this width in pixels.

    Distances from the outline decide: outwards they thicken a stroke evenly, inwards a core along
    its middle is kept.
    """
    if zoom < 0.9:
        return soft
    # Half of what its own stroke reaches: where MNIST's pen was faint, it is still a stroke.
    around = max(3, int(2.2 * zoom) | 1)
    level = cv2.dilate(soft, np.ones((around, around), np.uint8))
    inside = ((soft > 0.5 * level) & (soft > 32)).astype(np.uint8)
    if not inside.any():
        return soft
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
    half = float(np.percentile(depth[inside > 0], 92)) + 0.3
    want = pen / 2
    if want > half:
        away = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)
        more = min(want - half, 0.75 * half + 1.0)  # loops must stay open
        signed = np.where(inside > 0, depth - 0.5, 0.5 - away) + more
    else:
        want = max(want, 0.35 * half)
        reach = max(3, int(1.4 * half) | 1)
        ridge = cv2.dilate(depth, np.ones((reach, reach), np.uint8))
        middle = depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 0.3
        signed = np.where(inside > 0, want - (ridge - depth), -1.0)
        signed = np.where((inside > 0) & middle, np.maximum(signed, 0.4), signed)
    return np.asarray(np.clip(signed + 0.5, 0, 1) * 255, np.uint8)
