"""Digits drawn for people: in a terminal, and as a sheet of samples with captions.

In a terminal, ink is drawn in the foreground colour on the background as it is, so pictures look
right in dark and light windows, without colour, in a log and in a pipe.
"""

from __future__ import annotations

import base64
import html
import io
import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from tenfold.files import MARK, write_output, write_whole

_SHADES = np.array([" ", "░", "▒", "▓", "█"])
_HALVES = np.array([[" ", "▄"], ["▀", "█"]])  # [upper pixel has ink][lower pixel has ink]
_MAX_COLUMNS = 16  # a picture in a terminal row is reduced until it is no wider
_INK_SHOWN = 90  # of 255: thin strokes, fainter after reduction, must not break up

_PAPER, _TEXT, _FRAME = "#ffffff", "#24292f", "#d0d7de"
_MARGIN, _GAP, _TILE = 24, 10, 84
_FONT_SIZE, _TITLE_SIZE, _ARROW = 14, 20, "→"
_PLAIN = str.maketrans({"–": "-", "—": "-", "×": "x", "ß": "ss", "’": "'"})


def terminal_blocks(image: NDArray[np.uint8]) -> str:
    """Draw one picture with shaded blocks, two columns to a pixel so that pixels look square.

    Parameters
    ----------
    image : uint8 array, shape (height, width)
        White ink on black: 255 becomes a full block, 0 a space.

    Examples
    --------
    >>> import numpy as np
    >>> print(terminal_blocks(np.array([[255, 128], [64, 255]], np.uint8)))
    ██▒▒
    ░░██
    """
    shades = _SHADES[(image.astype(np.uint16) * len(_SHADES)) // 256]
    return "\n".join("".join(np.repeat(row, 2)).rstrip() for row in shades)


def terminal_row(
    images: NDArray[np.uint8], captions: Sequence[str] | None = None, width: int = 80
) -> str:
    """Draw pictures side by side with half blocks, as many to a line as fit into ``width``.

    Parameters
    ----------
    images : uint8 array, shape (n, size, size)
        White ink on black; larger ones than 16×16 are reduced.
    captions : sequence of str, optional
        A word to stand above each picture.
    width : int
        Columns of the terminal.
    """
    small = [_half_blocks(image) for image in images]
    if not small:
        return ""
    columns = len(small[0][0])
    fit = max(1, (width + 2) // (columns + 2))
    fit = math.ceil(len(small) / math.ceil(len(small) / fit))  # lines of equal length
    lines: list[str] = []
    for start in range(0, len(small), fit):
        tiles = small[start : start + fit]
        if captions is not None:
            words = (word[:columns].center(columns) for word in captions[start : start + fit])
            lines.append("  ".join(words).rstrip())
        lines += ["  ".join(rows).rstrip() for rows in zip(*tiles, strict=True)]
        lines.append("")
    return "\n".join(lines).rstrip("\n")


def _half_blocks(image: NDArray[np.uint8]) -> list[str]:
    factor = math.ceil(image.shape[1] / _MAX_COLUMNS)
    if factor > 1:
        image = np.asarray(Image.fromarray(image).reduce(factor))
    ink = np.pad(image, ((0, image.shape[0] % 2), (0, 0))) >= _INK_SHOWN
    pairs = _HALVES[ink[0::2].astype(int), ink[1::2].astype(int)]
    return ["".join(row) for row in pairs]


def sheet(
    images: NDArray[np.uint8],
    captions: Sequence[str] | None = None,
    *,
    columns: int = 10,
    title: str | None = None,
    colours: Sequence[str] | None = None,
) -> Image.Image:
    """Lay pictures out on a sheet, enlarged without smoothing, each with its caption below.

    Parameters
    ----------
    images : uint8 array, shape (n, size, size)
        White ink on black.
    captions : sequence of str, optional
        One for each picture, such as ``"9 → 4 · 87 %"``.
    columns : int
        Pictures in a row.
    title : str, optional
        A heading.
    colours : sequence of str, optional
        The colour of each caption, as Pillow takes them: ``"#cf222e"`` or ``"red"``.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.

    Examples
    --------
    >>> import numpy as np
    >>> sheet(np.zeros((3, 8, 8), np.uint8), ["0", "1", "2"], columns=3).size
    (308, 148)
    """
    font, heading = (ImageFont.load_default(size) for size in (_FONT_SIZE, _TITLE_SIZE))
    size = images.shape[1]
    tile = size * max(1, round(_TILE / size))
    widest = max((_width(word, font) for word in captions or ()), default=0)
    cell = max(tile, math.ceil(widest)) + _GAP
    pitch = tile + _GAP + (_FONT_SIZE + 6 if captions is not None else 0)
    rows = math.ceil(len(images) / columns)
    top = _MARGIN + (_TITLE_SIZE + 16 if title else 0)
    used = min(columns, max(1, len(images))) * cell - _GAP
    if title:
        used = max(used, math.ceil(_width(title, heading)))
    page = Image.new(
        "RGB", (used + 2 * _MARGIN, top + max(1, rows) * pitch - _GAP + _MARGIN), _PAPER
    )
    draw = ImageDraw.Draw(page)
    if title:
        _write(draw, (_MARGIN, _MARGIN - 4), title, _TEXT, heading)
    for index, image in enumerate(images):
        left, upper = _MARGIN + index % columns * cell, top + index // columns * pitch
        centre = left + (cell - _GAP) / 2
        x = round(centre - tile / 2)
        draw.rectangle((x - 1, upper - 1, x + tile, upper + tile), outline=_FRAME)
        enlarged = Image.fromarray(image).resize((tile, tile), Image.Resampling.NEAREST)
        page.paste(enlarged, (x, upper))
        if captions is not None:
            word = captions[index]
            at = (centre - _width(word, font) / 2, upper + tile + 4.0)
            _write(draw, at, word, colours[index] if colours is not None else _TEXT, font)
    return page


def html_image(png: bytes | Image.Image, words: str) -> str:
    """Return an ``<img>`` element that holds the picture itself, for notebooks.

    Parameters
    ----------
    png : bytes or PIL.Image.Image
        The content of a PNG file, or what becomes one.
    words : str
        What it shows, for those who cannot see it.
    """
    if isinstance(png, Image.Image):
        buffer = io.BytesIO()
        png.save(buffer, "PNG", optimize=True)
        png = buffer.getvalue()
    content = base64.b64encode(png).decode("ascii")
    source = f"data:image/png;base64,{content}"
    return f'<img src="{source}" alt="{html.escape(words)}" style="max-width: 100%">'


def save_png(image: Image.Image, path: str | Path) -> Path:
    """Save a picture as PNG, whole or not at all, and return its path.

    Raises
    ------
    TenfoldError
        If it cannot be written.
    """
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return write_whole(path, buffer.getvalue())


def save_drawing(image: Image.Image, path: str | Path, *, force: bool = False) -> Path:
    """Save what tenfold draws for people as PNG, marked so that it is not taken for a picture.

    Raises
    ------
    TenfoldError
        If a file that tenfold did not write lies there and ``force`` is False, or it cannot be
        written.
    """
    mark = PngImagePlugin.PngInfo()
    mark.add_text("Software", MARK)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, pnginfo=mark)
    return write_output(path, buffer.getvalue(), force=force)


# Pillow's own font is the same on every machine, but it knows little beyond ASCII: the arrow is
# drawn by hand, and what else is missing is written in plain letters.
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _pieces(text: str) -> list[str]:
    return [_plain(piece) for piece in text.split(_ARROW)]


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    kept = (c for c in letters if not unicodedata.combining(c))
    return "".join(c if c.isascii() or c in "·…" else "?" for c in kept)


def _arrow_width(font: _Font) -> float:
    return 0.9 * font.getlength("0") + 2


def _width(text: str, font: _Font) -> float:
    pieces = _pieces(text)
    return sum(font.getlength(piece) for piece in pieces) + (len(pieces) - 1) * _arrow_width(font)


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str, font: _Font
) -> None:
    x, y = at
    top, bottom = (font.getbbox("0")[i] for i in (1, 3))
    middle, head = y + (top + bottom) / 2, (bottom - top) / 4
    for index, piece in enumerate(_pieces(text)):
        if index:
            tip = x + _arrow_width(font) - 1
            draw.line((x + 1, middle, tip, middle), colour)
            draw.line((tip - head, middle - head, tip, middle), colour)
            draw.line((tip - head, middle + head, tip, middle), colour)
            x = tip + 1
        draw.text((x, y), piece, colour, font)
        x += font.getlength(piece)
