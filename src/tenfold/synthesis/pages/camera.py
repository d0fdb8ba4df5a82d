"""From ink on a sheet to the picture that a camera or a scanner makes of it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from tenfold.synthesis.pages.strokes import Floats, Pixels

_BANK = 2048  # side of the sheet of noise that all grain is cut from
UNFOCUSED = 0.08  # of the pictures: a camera near the page, a frame of a video
CONTRAST = 120  # grey levels: with less nobody stores a picture in black and white
CLEAR = 1.2  # spreads of the paper: ink that stands out less, nobody could read
INKED, UNREST = 100, 3.0  # coverage that counts as ink; grey levels that any paper varies


@cache
def _bank() -> Floats:
    return np.random.default_rng(7).standard_normal((_BANK, _BANK), np.float32)


def grain(rng: Generator, height: int, width: int) -> Floats:
    """Cut normal noise, spread 1, from a fixed sheet: much faster than drawing it anew."""
    bank = _bank()
    if height > _BANK or width > _BANK:
        return np.asarray(cv2.resize(bank, (width, height)), np.float32)
    y, x = rng.integers(_BANK - height + 1), rng.integers(_BANK - width + 1)
    part = bank[y : y + height, x : x + width]
    return part[:: 1 if rng.random() < 0.5 else -1, :: 1 if rng.random() < 0.5 else -1]


def clouds(rng: Generator, height: int, width: int, knots: tuple[int, int]) -> Floats:
    """Smooth noise, spread about 1, with so many knots down and across."""
    coarse = rng.standard_normal((max(2, knots[0]), max(2, knots[1])), np.float32)
    return np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )


def lay(rng: Generator, ink: Pixels, paper: Floats, dark: float | None = None) -> Floats:
    """Lay ink of one colour on paper, both grey, 0 to 255; pencils and chalk leave grain."""
    level = rng.uniform(0, 0.55) if dark is None else dark
    cover = ink.astype(np.float32) * np.float32(1 / 255)
    roll = rng.random()
    if roll < 0.12:  # pencil, chalk, crayon
        rough = grain(rng, *ink.shape)
        if rng.random() < 0.5:
            rough = np.asarray(cv2.GaussianBlur(rough, (0, 0), 0.8) * 2, np.float32)
        cover *= np.clip(1.0 - rng.uniform(0.1, 0.5) * np.abs(rough), 0.1, 1)
    elif roll < 0.2:  # a pen that runs dry
        share, (height, width) = rng.uniform(0.1, 0.5), ink.shape
        cover *= np.clip(1.0 - share * np.maximum(clouds(rng, height, width, (4, 12)), 0), 0.15, 1)
    return np.asarray(paper * (1 - cover * (1 - level)), np.float32)


def photograph(rng: Generator, scene: Floats, strength: float = 1.0) -> Pixels:
    """Blur, light, noise, contrast, blocks: what cameras, scanners and files do to a picture.

    Parameters
    ----------
    scene : float array, shape (h, w)
        Grey, 0 to 255.
    strength : float
        How strongly fine detail may be blurred and covered with noise; 1 where digits are about
        30 pixels high.
    """
    height, width = scene.shape
    scene = _focus(rng, scene, strength)
    if rng.random() < 0.35:
        scene = scene * (1 + rng.uniform(0, 0.22) * clouds(rng, height, width, (2, 3)))
    if rng.random() < 0.06:
        scene = _shadow(rng, scene)
    low, high = 0.0, 255.0
    if rng.random() < 0.45:
        span = np.exp(rng.uniform(np.log(0.35), np.log(1.25)))
        low = rng.uniform(0, max(0.0, 255 * (1 - span)))
        high = low + 255 * span
    scene = low + scene * ((high - low) / 255)
    if rng.random() < 0.6:
        spread = np.exp(rng.uniform(np.log(0.6), np.log(3 + 6 * strength)))
        scene = scene + spread * max(0.25, (high - low) / 255) * grain(rng, height, width)
    if rng.random() < 0.2:
        scene = 255 - scene
    picture = np.clip(scene, 0, 255).astype(np.uint8)
    return _store(rng, picture, contrast=high - low)


def unfocused(rng: Generator, scene: Floats, tall: float) -> Floats:
    """Put few scenes out of focus, as far as digits so many pixels high can still be read."""
    if rng.random() >= UNFOCUSED or tall <= 0:
        return scene
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), tall * rng.uniform(0.03, 0.1)), np.float32)


def _focus(rng: Generator, scene: Floats, strength: float) -> Floats:
    """Blur, shake or sharpen, or leave as it is."""
    roll = rng.random()
    if roll < 0.5:
        spread = rng.uniform(0.35, 0.35 + 1.1 * strength)
        return np.asarray(cv2.GaussianBlur(scene, (0, 0), spread), np.float32)
    if roll < 0.56 and min(scene.shape) > 24:  # a hand that shook
        size = int(rng.integers(2, 3 + int(3 * strength)))
        kernel = np.zeros((size, size), np.float32)
        kernel[size // 2] = 1 / size
        middle = ((size - 1) / 2, (size - 1) / 2)
        matrix = cv2.getRotationMatrix2D(middle, rng.uniform(0, 180), 1)
        turned = np.asarray(cv2.warpAffine(kernel, matrix, (size, size)), np.float32)
        turned /= max(float(turned.sum()), 1e-3)
        shaken = cv2.filter2D(scene, -1, turned, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(shaken, np.float32)
    if roll < 0.62:  # a scanner's sharpening
        share = rng.uniform(0.3, 1.2)
        return np.asarray(scene + share * (scene - cv2.GaussianBlur(scene, (0, 0), 1.2)))
    return scene


def _shadow(rng: Generator, scene: Floats) -> Floats:
    """Let the edge of a shadow cross the picture."""
    height, width = scene.shape
    y, x = np.ogrid[:height, :width]
    angle = rng.uniform(0, 2 * np.pi)
    side = (x - rng.uniform(0, width)) * np.cos(angle)
    side = side + (y - rng.uniform(0, height)) * np.sin(angle)
    depth = rng.uniform(0.15, 0.6)
    lit = 1 - depth / (1 + np.exp(-np.clip(side / rng.uniform(0.5, 12), -30, 30)))
    return np.asarray(scene * lit.astype(np.float32))


def _store(rng: Generator, picture: Pixels, contrast: float) -> Pixels:
    """Write a picture to a file and read it back: blocks of JPEG, black and white, dots."""
    roll = rng.random()
    if roll < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))]
        content = cv2.imencode(".jpg", picture, quality)[1]
        return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)
    if roll < 0.39 and contrast > CONTRAST:  # black and white scans
        around = 2 * int(min(picture.shape) * rng.uniform(0.15, 0.5)) + 3
        bias = float(picture.std()) * rng.uniform(0.2, 0.8)
        how = cv2.THRESH_BINARY if rng.random() < 0.85 else cv2.THRESH_BINARY_INV
        mean = cv2.ADAPTIVE_THRESH_MEAN_C
        return np.asarray(cv2.adaptiveThreshold(picture, 255, mean, how, around, bias), np.uint8)
    if roll < 0.405 and contrast > CONTRAST:  # black and white dots, as one-bit files have them
        return np.asarray(Image.fromarray(picture).convert("1").convert("L"), np.uint8)
    return picture


def clearness(picture: Pixels, ink: Pixels, height: float) -> float:
    """How far the ink of digits so high stands out from the paper beside it.

    In spreads of that paper's grey, both seen a little out of focus, as an eye sees dots and grain.
    """
    seen = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), height / 40)
    inked = ink > INKED
    around = cv2.dilate(ink, np.ones((7, 7), np.uint8)) > INKED
    paper = around & (ink < INKED // 4)
    if not inked.any() or not paper.any():
        return 0.0
    spread = float(seen[paper].std()) + UNREST
    return abs(float(seen[inked].mean()) - float(seen[paper].mean())) / spread


def shrink(picture: Floats | Pixels, size: tuple[int, int]) -> NDArray[np.integer | np.floating]:
    """Resize to (width, height), averaging where it becomes smaller."""
    smaller = size[0] < picture.shape[1]
    return np.asarray(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    )


def edge(picture: Floats, side: int, thick: int) -> Floats:
    """Return the rows or columns along one side: top, bottom, left, right."""
    if side < 2:
        return picture[:thick] if side == 0 else picture[-thick:]
    return picture[:, :thick] if side == 2 else picture[:, -thick:]
