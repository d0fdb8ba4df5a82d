"""Draw readings for people: boxes and digits on a copy of the picture."""

from __future__ import annotations

from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from tenfold.preprocess.image import Picture
from tenfold.reader.reading import Box, Digit, Mark, Reading

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont

SURE, DOUBTFUL, REFUSED = "#1a7f37", "#9a6700", "#8c959f"
STRUCK, BETWEEN = "#8250df", "#0969da"
LABEL_TEXT = "#ffffff"
DOUBT = 0.9  # confidence below which a digit is marked as doubtful
LEAST_SIDE, MOST_SIDE = 480, 1600  # pixels of the longer side of what is drawn
LEAST_FONT, MOST_FONT = 11, 40
MARK_FONT, MARK_LEAST = 18, 8  # pixels: a mark's label, and the least width of its underline

Area = tuple[float, float, float, float]  # x, y, width, height on the canvas


def annotate(picture: Picture, reading: Reading) -> Image.Image:
    """Return a copy of the picture with every digit's box, what was read, and how sure.

    Green boxes were read, ochre ones with less than 90 % confidence, grey ones refused or left
    out; crossed ones are struck out. Marks between digits are underlined and named below, in blue,
    or in grey where they are not part of the text.

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
    scale = zoom / picture.scale
    for digit in sorted(reading.digits, key=lambda digit: digit.accepted):
        _draw_digit(draw, digit, _scaled(digit.box, scale, picture), canvas.size)
    for mark in sorted(reading.marks, key=lambda mark: mark.in_text):
        _draw_mark(draw, mark, _scaled(mark.box, scale, picture), canvas.size)
    return canvas


def _scaled(box: Box, scale: float, picture: Picture) -> Area:
    x, y, width, height = box
    x, y = x - picture.left, y - picture.top
    return x * scale, y * scale, width * scale, height * scale


def _draw_digit(draw: ImageDraw.ImageDraw, digit: Digit, area: Area, size: tuple[int, int]) -> None:
    x, y, width, height = area
    struck = digit.refused == "struck out"
    accepted = SURE if digit.confidence >= DOUBT else DOUBTFUL
    colour = accepted if digit.accepted else STRUCK if struck else REFUSED
    left, top, right, bottom = x - 2, y - 2, x + width + 1, y + height + 1
    pen = 2 if digit.accepted or struck else 1
    draw.rectangle((left, top, right, bottom), outline=colour, width=pen)
    if struck:
        draw.line((left, top, right, bottom), fill=colour, width=pen)
        draw.line((left, bottom, right, top), fill=colour, width=pen)
    if not digit.accepted:
        return
    text = str(digit.digit)
    if digit.confidence < DOUBT:
        text += f" {100 * digit.confidence:.0f}%"
    font = min(MOST_FONT, max(LEAST_FONT, round(0.35 * height)))
    _label(draw, text, colour, area, font, size)


def _draw_mark(draw: ImageDraw.ImageDraw, mark: Mark, area: Area, size: tuple[int, int]) -> None:
    colour = BETWEEN if mark.in_text else REFUSED
    x, y, width, height = area
    x, width = x - max(0.0, MARK_LEAST - width) / 2, max(width, MARK_LEAST)
    draw.line((x, y + height + 2, x + width, y + height + 2), fill=colour, width=2)
    _label(draw, mark.text, colour, (x, y, width, height + 3), MARK_FONT, size, below=True)


def _label(
    draw: ImageDraw.ImageDraw,
    text: str,
    colour: str,
    area: Area,
    font_size: int,
    size: tuple[int, int],
    below: bool = False,
) -> None:
    """Write above or below an area, or on the other side where there is no room."""
    x, y, _, height = area
    font = ImageFont.load_default(font_size)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    if below:  # a dot's own box would be too flat to tell it from a comma
        _, top, _, bottom = draw.textbbox((0, 0), "0", font=font)
    wide, tall = max(right - left, (bottom - top) / 2) + 6, bottom - top + 6
    above_y, below_y = y - 2 - tall, y + height + 1
    if below:
        at_y = below_y if below_y + tall <= size[1] else max(0, above_y)
    else:
        at_y = above_y if above_y >= 0 else min(below_y, size[1] - tall)
    at_x = min(max(0, x - 2), size[0] - wide)
    draw.rectangle((at_x, at_y, at_x + wide, at_y + tall), fill=colour)
    draw.text(
        (at_x + (wide - right + left) / 2 - left, at_y + 3 - top), text, fill=LABEL_TEXT, font=font
    )
