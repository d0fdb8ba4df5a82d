"""The pictures of a table that were read wrongly, as one sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tenfold.evaluation.readings import TableEvaluation
from tenfold.pictures import sheet
from tenfold.preprocess.image import open_picture

TILE, SHOWN = 160, 60  # pixels a picture, pictures


def failures_sheet(evaluation: TableEvaluation) -> Image.Image:
    """Show the pictures read wrongly: truth → reading below each."""
    wrong = [answer for answer in evaluation.answers if not answer.right]
    shown = [answer for answer in wrong if answer.error is None][:SHOWN]
    tiles = [_tile(answer.row.file) for answer in shown]
    captions = [f"{_short(a.row.truth)} → {_short(a.text) or 'nothing'}" for a in shown]
    title = f"{evaluation.data}: {len(wrong)} of {evaluation.count:,} read wrongly (true → read)"
    images = np.stack(tiles) if tiles else np.zeros((0, TILE, TILE), np.uint8)
    return sheet(images, captions, columns=6, title=title)


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:19]}…"


def _tile(path: Path) -> NDArray[np.uint8]:
    """Fit a picture into a square, in grey."""
    image = Image.fromarray(open_picture(path).pixels).convert("L")
    image.thumbnail((TILE, TILE))
    tile = Image.new("L", (TILE, TILE), 128)
    tile.paste(image, ((TILE - image.width) // 2, (TILE - image.height) // 2))
    return np.asarray(tile)
