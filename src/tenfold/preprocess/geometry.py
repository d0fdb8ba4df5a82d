"""A picture turned, and a region of it cut out; boxes stay those of the whole picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tenfold.errors import DataError, UsageError
from tenfold.preprocess.image import MIN_SIDE, WORKING_SIDE, Picture, shrink

Region = tuple[float, float, float, float]  # left, top, width, height as shares of the picture

_ROUNDED = 1e-6  # what shares that people add up may lie beyond the edge


def parse_region(text: str) -> Region:
    """Take a region from text: left, top, width and height as shares of the picture.

    Raises
    ------
    UsageError
        If it is none, or lies beyond the picture.

    Examples
    --------
    >>> parse_region("0.6,0.2,0.3,0.05")
    (0.6, 0.2, 0.3, 0.05)
    """
    try:
        left, top, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"region is {text!r}; give left, top, width and height as shares of the page: "
            "0.6,0.2,0.3,0.05."
        ) from None
    return check_region((left, top, width, height))


def check_region(region: Region) -> Region:
    """Return a region; raises UsageError where it has no area or lies beyond the picture."""
    left, top, width, height = region
    inside = left >= 0 and top >= 0 and max(left + width, top + height) <= 1 + _ROUNDED
    if not (inside and width > 0 and height > 0):
        raise UsageError(
            f"region is {','.join(f'{part:g}' for part in region)}; left, top, width and height "
            "are shares of the page, from 0 to 1, and end within it."
        )
    return region


def crop(picture: Picture, region: Region) -> Picture:
    """Cut a region out, and reduce it as `open_picture` does; ``width`` and ``height`` stay.

    Raises
    ------
    DataError
        If fewer than 8 pixels are left of it.
    """
    height, width = picture.pixels.shape[:2]
    left, top, wide, high = region
    x, y = int(left * width), int(top * height)
    right = min(width, int(np.ceil((left + wide) * width - _ROUNDED)))
    bottom = min(height, int(np.ceil((top + high) * height - _ROUNDED)))
    if max(right - x, bottom - y) < MIN_SIDE:
        raise DataError(
            f"{picture.label}: the region holds {right - x}×{bottom - y} pixels, too few to read. "
            "Make it larger."
        )
    part = picture.pixels[y:bottom, x:right]
    pixels = np.ascontiguousarray(shrink(part, WORKING_SIDE))
    scale = picture.scale * max(part.shape[:2]) / max(pixels.shape[:2])
    x, y = round(x * picture.scale), round(y * picture.scale)
    return replace(picture, pixels=pixels, scale=scale, left=x, top=y)


def turn(picture: Picture, degrees: int) -> Picture:
    """Turn a picture clockwise, by a multiple of 90 degrees."""
    for _ in range(degrees // 90 % 4):
        below = picture.height - picture.top - round(picture.pixels.shape[0] * picture.scale)
        picture = replace(
            picture,
            pixels=np.rot90(picture.pixels, -1),
            width=picture.height,
            height=picture.width,
            left=below if below >= picture.scale else 0,  # less is rounding
            top=picture.left,
        )
    return replace(picture, pixels=np.ascontiguousarray(picture.pixels))
