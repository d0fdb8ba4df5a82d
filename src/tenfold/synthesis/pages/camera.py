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
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def lay(rng: Generator, ink: Pixels, paper: Floats, dark: float | None = None) -> Floats:
    """Lay ink of one colour on paper, both grey, 0 to 255; pencils and chalk leave grain."""
    level = rng.uniform(0, 0.55) if dark is None else dark
    cover = ink.astype(np.float32) * np.float32(1 / 255)
    roll = rng.random()
    if roll < 0.12:  # pencil, chalk, crayon
        rough = grain(rng, *ink.shape)
        if rng.random() < 0.5:
            rough = cv2.GaussianBlur(rough, (0, 0), 0.8) * 2
        cover *= np.clip(1.0 - rng.uniform(0.1, 0.5) * np.abs(rough), 0.1, 1)
    elif roll < 0.2:  # a pen that runs dry
        cover *= np.clip(1.0 - rng.uniform(0.1, 0.5) * np.maximum(clouds(rng, *ink.shape, (4, 12)), 0), 0.15, 1)
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
    roll = rng.random()
    if roll < 0.5:
        scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.35, 0.35 + 1.1 * strength))
    elif roll < 0.56 and min(height, width) > 24:  # a hand that shook
        size = int(rng.integers(2, 3 + int(3 * strength)))
        kernel = np.zeros((size, size), np.float32)
        kernel[size // 2] = 1 / size
        turned = cv2.warpAffine(
            kernel, cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), rng.uniform(0, 180), 1), (size, size)
        )
        scene = cv2.filter2D(scene, -1, turned / max(float(turned.sum()), 1e-3), borderType=cv2.BORDER_REPLICATE)
    elif roll < 0.62:  # a scanner's sharpening
        scene = scene + rng.uniform(0.3, 1.2) * (scene - cv2.GaussianBlur(scene, (0, 0), 1.2))
    if rng.random() < 0.35:
        scene = scene * (1 + rng.uniform(0, 0.22) * clouds(rng, height, width, (2, 3)))
    if rng.random() < 0.06:  # the edge of a shadow
        y, x = np.ogrid[:height, :width]
        angle = rng.uniform(0, 2 * np.pi)
        side = (x - rng.uniform(0, width)) * np.cos(angle) + (y - rng.uniform(0, height)) * np.sin(angle)
        scene = scene * (1 - rng.uniform(0.15, 0.6) / (1 + np.exp(-np.clip(side / rng.uniform(0.5, 12), -30, 30)))).astype(np.float32)
    low, high = 0.0, 255.0
    if rng.random() < 0.5:
        span = np.exp(rng.uniform(np.log(0.25), np.log(1.25)))
        low = rng.uniform(0, max(0.0, 255 * (1 - span)))
        high = low + 255 * span
    scene = low + scene * ((high - low) / 255)
    if rng.random() < 0.6:
        spread = np.exp(rng.uniform(np.log(0.6), np.log(4 + 8 * strength))) * max(0.25, (high - low) / 255)
        scene = scene + spread * grain(rng, height, width)
    if rng.random() < 0.2:
        scene = 255 - scene
    picture = np.clip(scene, 0, 255).astype(np.uint8)
    roll = rng.random()
    if roll < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE)
    elif roll < 0.39 and high - low > 120:  # black and white scans
        around = 2 * int(min(height, width) * rng.uniform(0.15, 0.5)) + 3
        bias = float(picture.std()) * rng.uniform(0.2, 0.8)
        how = cv2.THRESH_BINARY if rng.random() < 0.85 else cv2.THRESH_BINARY_INV
        picture = cv2.adaptiveThreshold(
            picture, 255, cv2.ADAPTIVE_THRESH_MEAN_C, how, around, bias
        )
    elif roll < 0.405 and high - low > 120:  # black and white dots, as one-bit files have them
        picture = np.asarray(Image.fromarray(picture).convert("1").convert("L"))
    return np.asarray(picture, np.uint8)


def shrink(picture: Floats | Pixels, size: tuple[int, int]) -> NDArray[np.generic]:
    """Resize to (width, height), averaging where it becomes smaller."""
    smaller = size[0] < picture.shape[1]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))
