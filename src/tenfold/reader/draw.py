"""Draw readings for people: boxes and digits on a copy of the picture."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tenfold.preprocess.image import Picture
from tenfold.reader.reading import Digit, Reading

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

SURE, DOUBTFUL, REFUSED = "#1a7f37", "#9a6700", "#8c959f"
LABEL_TEXT = "#ffffff"
DOUBT = 0.9  # confidence below which a digit is marked as doubtful
LEAST_SIDE, MOST_SIDE = 480, 1600  # pixels of the longer side of what is drawn
LEAST_FONT, MOST_FONT = 11, 40


def annotate(picture: Picture, reading: Reading) -> Image.Image:
    """Return a copy of the picture with every digit's box, what was read, and how sure.

    Green boxes were read, ochre ones with less than 90 % confidence, grey ones refused.

    Parameters
    ----------
    picture : Picture
        As the reader saw it.
    reading : Reading
        What it read there.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, 480 to 1600 pixels on the longer side.
    """
    height, width = picture.pixels.shape[:2]
    longest = max(height, width)
    zoom = min(MOST_SIDE, max(LEAST_SIDE, longest)) / longest
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    how = Image.Resampling.NEAREST if zoom > 3 else Image.Resampling.LANCZOS
    canvas = Image.fromarray(picture.pixels).convert("RGB").resize(size, how)
    draw = ImageDraw.Draw(canvas)
    for digit in sorted(reading.digits, key=lambda digit: digit.accepted):
        _draw_digit(draw, digit, zoom / picture.scale, canvas.size)
    return canvas


def _draw_digit(
    draw: ImageDraw.ImageDraw, digit: Digit, zoom: float, size: tuple[int, int]
) -> None:
    x, y, width, height = (value * zoom for value in digit.box)
    colour = REFUSED if not digit.accepted else SURE if digit.confidence >= DOUBT else DOUBTFUL
    pen = 2 if digit.accepted else 1
    draw.rectangle((x - 2, y - 2, x + width + 1, y + height + 1), outline=colour, width=pen)
    if not digit.accepted:
        return
    font = ImageFont.load_default(min(MOST_FONT, max(LEAST_FONT, round(0.35 * height))))
    text = str(digit.digit)
    if digit.confidence < DOUBT:
        text += f" {100 * digit.confidence:.0f}%"
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    wide, tall = right - left + 6, bottom - top + 6
    at_x = min(max(0, x - 2), size[0] - wide)
    at_y = y - 2 - tall if y - 2 - tall >= 0 else min(y + height + 1, size[1] - tall)
    draw.rectangle((at_x, at_y, at_x + wide, at_y + tall), fill=colour)
    draw.text((at_x + 3 - left, at_y + 3 - top), text, fill=LABEL_TEXT, font=font)


def as_paper(ink: NDArray[np.uint8]) -> Image.Image:
    """Show ink levels as a person expects them, dark on white, at full contrast."""
    peak = max(1, int(ink.max()))
    levels = ink.astype(np.uint16) * 255 // peak
    return Image.fromarray((255 - levels).astype(np.uint8))
