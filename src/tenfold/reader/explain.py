"""Show how a reading came about, one picture a step."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tenfold.files import make_folder
from tenfold.reader import draw as drawing
from tenfold.reader.trace import Trace
from tenfold.sheets import save_drawing, sheet
from tenfold.signature import HAND, KINDS, PRINT, RUNNING, SIGN, STRUCK

KIND_COLOURS = {
    HAND: (9, 105, 218), PRINT: (26, 127, 55), RUNNING: (110, 119, 129), SIGN: (191, 57, 137),
    STRUCK: (207, 34, 46),
}  # fmt: skip
LINE_COLOURS = ("#0969da", "#bf3989", "#1a7f37", "#9a6700", "#8250df", "#cf222e")
INKED = 0.4  # probability from which on ink is shown
GLYPH_COLUMNS = 12
MOST_GLYPHS, MOST_STRIPS = 240, 60


def explain(trace: Trace, folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write the steps of a reading as pictures into a folder, and return their paths.

    ``1-paper.png`` is the picture as opened; ``2-ink.png`` what the finder takes for digits by hand
    (blue), print (green), print in words (grey), signs (pink) and struck out (red);
    ``3-lines.png`` the digits it found, a colour for each line; ``4-strips.png`` what was cut out
    of the lines, and the string read in it; ``5-glyphs.png`` single digits as the classifier sees
    them; ``6-answers.png`` the reading drawn onto the picture.

    Raises
    ------
    TenfoldError
        If the folder cannot be written, or a file of one of these names lies in it that tenfold
        did not write and ``force`` is False.
    """
    folder = make_folder(folder)
    pictures = steps(trace) | {
        "glyphs": _glyphs(trace),
        "answers": drawing.annotate(trace.picture, trace.reading),
    }
    return [
        save_drawing(image, folder / f"{number}-{name}.png", force=force)
        for number, (name, image) in enumerate(pictures.items(), 1)
    ]


def steps(trace: Trace) -> dict[str, Image.Image]:
    """Return the pictures ``paper``, ``ink``, ``lines`` and ``strips``; see `explain`."""
    return {
        "paper": Image.fromarray(trace.picture.pixels).convert("L"),
        "ink": _ink(trace),
        "lines": _lines(trace),
        "strips": _strips(trace),
    }


def _ink(trace: Trace) -> Image.Image:
    """Draw the finder's masks of the finest level, in colours over the faded picture."""
    grey = np.asarray(Image.fromarray(trace.picture.pixels).convert("L"))
    canvas = np.stack([255 - (255 - grey) // 4] * 3, axis=-1)
    height, width = grey.shape
    for level in sorted(trace.finding.levels, key=lambda level: -level.scale)[:1]:
        rows, columns = round(height * level.scale / 2), round(width * level.scale / 2)
        for kind in range(KINDS):
            part = level.kinds[kind, : max(1, rows), : max(1, columns)]
            mask = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR) > INKED
            canvas[mask] = KIND_COLOURS[kind]
    return Image.fromarray(canvas)


def _lines(trace: Trace) -> Image.Image:
    """Boxes of the digits found, in a colour of each line's own, and the parts cut out."""
    canvas = Image.fromarray(trace.picture.pixels).convert("RGB")
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(trace.lines):
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        for read in line:
            for found in read.part.found:
                draw.rectangle((found.x, found.y, found.right, found.bottom), outline=colour)
            part = read.part
            low = [(x, part.at(x) + 0.75 * part.height) for x in (part.start, part.end)]
            draw.line(low, fill=colour)
    return canvas


def _strips(trace: Trace) -> Image.Image:
    """Show what was cut out of the lines, each with the string read in it below."""
    reads = [read for line in trace.lines for read in line][:MOST_STRIPS]
    if not reads:
        return Image.new("RGB", (240, 48), "white")
    font = ImageFont.load_default(16)
    wide = max(read.strip.shape[1] for read in reads)
    step = reads[0].strip.shape[0] + 24
    canvas = Image.new("RGB", (max(240, wide), step * len(reads)), "white")
    draw = ImageDraw.Draw(canvas)
    for number, read in enumerate(reads):
        canvas.paste(Image.fromarray(read.strip), (0, number * step))
        text = f"{read.spelled.text or '(nothing)'}   {100 * read.spelled.probability:.0f} %"
        draw.text((4, (number + 1) * step - 22), text, fill="black", font=font)
    return canvas


def _glyphs(trace: Trace) -> Image.Image:
    digits = trace.reading.digits[:MOST_GLYPHS]
    images: list[NDArray[np.uint8]] = [trace.glyph(number) for number in range(len(digits))]
    glyphs = np.stack(images) if images else np.zeros((0, 28, 28), np.uint8)
    captions = [
        f"{digit.digit} · {100 * digit.confidence:.0f} %" if digit.accepted else str(digit.refused)
        for digit in digits
    ]
    return sheet(glyphs, captions, columns=GLYPH_COLUMNS)
