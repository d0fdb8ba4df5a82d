"""Show how a reading came about, one picture a step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tenfold.files import make_folder
from tenfold.pictures import save_png, sheet
from tenfold.preprocess.segment import Piece
from tenfold.reader.draw import annotate, as_paper
from tenfold.reader.reader import Trace

LINE_COLOURS = ("#0969da", "#bf3989", "#1a7f37", "#9a6700", "#8250df", "#cf222e")
GLYPH_COLUMNS = 12
MOST_GLYPHS = 240


def explain(trace: Trace, folder: str | Path) -> list[Path]:
    """Write the steps of a reading as pictures into a folder, and return their paths.

    ``1-paper.png`` is the picture as opened, along the colour axis on which the ink stands out;
    ``2-ink.png`` the ink with the light evened out; ``3-lines.png`` what is left without forms and
    rules, a colour for each line; ``4-glyphs.png`` the glyphs as the network sees them, with its
    answers; ``5-answers.png`` the reading drawn onto the picture.

    Raises
    ------
    TenfoldError
        If the folder cannot be written.
    """
    folder = make_folder(folder)
    pictures = steps(trace) | {
        "glyphs": _glyphs(trace),
        "answers": annotate(trace.picture, trace.reading),
    }
    return [
        save_png(image, folder / f"{number}-{name}.png")
        for number, (name, image) in enumerate(pictures.items(), 1)
    ]


def steps(trace: Trace) -> dict[str, Image.Image]:
    """Return the pictures ``paper``, ``ink`` and ``lines``; see `explain`."""
    return {
        "paper": Image.fromarray(trace.ink.evened),
        "ink": as_paper(trace.ink.level),
        "lines": _lines(trace),
    }


def _lines(trace: Trace) -> Image.Image:
    """Masks of the pieces found, boxes in a colour of each line's own."""
    ink = trace.page.ink if trace.page is not None else trace.ink
    canvas = Image.fromarray((255 - 255 * ink.mask).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(trace.lines):
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        for found in line:
            draw.rectangle(_outline(found.piece), outline=colour)
    return canvas


def _outline(piece: Piece) -> tuple[int, int, int, int]:
    return piece.x - 1, piece.y - 1, piece.right, piece.bottom


def _glyphs(trace: Trace) -> Image.Image:
    found = [one for line in trace.lines for one in line][:MOST_GLYPHS]
    digits = trace.reading.digits[:MOST_GLYPHS]
    glyphs = np.stack([one.glyph for one in found]) if found else np.zeros((0, 28, 28), np.uint8)
    captions = [
        f"{digit.digit} · {100 * digit.confidence:.0f} %" if digit.accepted else str(digit.refused)
        for digit in digits
    ]
    return sheet(glyphs, captions, columns=GLYPH_COLUMNS)
