"""Put what replaces a struck-out digit of a comb into its cell.

People strike a digit out in its cell and write the right one above it, or small beside it. What
was struck out is taken away and the new digit set in its place, so that the comb reads as if it had
been written so at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.forms.crops import Crop
from tenfold.reader.find import Found
from tenfold.signature import STRUCK

Pixels = NDArray[np.uint8]

CLEAR = 0.5  # score from which a digit above a cell replaces what no finder saw struck out
COVERED = 0.5  # of a digit's area: it is a part of what is struck out
TALLEST = 0.65  # of a field's height: so high is a digit set into a cell
RIM = 2  # pixels around a digit that go with it


def mend(crop: Crop, found: Sequence[Found]) -> tuple[Crop, list[Found]]:
    """Return a comb's crop and its digits, each replaced one in the cell of what it replaces.

    Parameters
    ----------
    crop : Crop
    found : sequence of Found
        Of the comb and of the room above it, struck out or not.

    Returns
    -------
    Crop
        The same where nothing is replaced.
    list of Found
        The digits in the cells, without what is struck out.
    """
    left, top, width, height = crop.box
    cells = crop.field.cells or 1
    step = width / cells
    kept = [f for f in found if f.kind != STRUCK and f.middle[1] >= top]
    picture = crop.clean
    for k in range(cells):
        start = left + k * step
        own = [f for f in found if start <= f.middle[0] < start + step]
        new = _replacement(own, top)
        if new is None:
            continue
        if picture is crop.clean:
            picture = picture.copy()
        moved = _set_in(picture, new, (start, top, step, height))
        kept = [f for f in kept if f not in own] + [moved]
    if picture is crop.clean:
        return crop, kept
    return replace(crop, clean=picture), sorted(kept, key=lambda f: f.x)


def _replacement(own: Sequence[Found], top: float) -> Found | None:
    """Return the digit of a cell's that replaces another, if any does."""
    inside = [f for f in own if f.middle[1] >= top]
    struck = [f for f in inside if f.kind == STRUCK]
    above = [f for f in own if f.middle[1] < top and f.kind != STRUCK]
    if above and inside:
        best = max(above, key=lambda f: f.score)
        return best if struck or best.score >= CLEAR else None
    beside = [
        f for f in inside if f.kind != STRUCK and all(_covered(f, s) < COVERED for s in struck)
    ]
    return max(beside, key=lambda f: f.score) if struck and beside else None


def _covered(one: Found, other: Found) -> float:
    """How much of one box lies in another, 0 to 1."""
    wide = min(one.right, other.right) - max(one.x, other.x)
    high = min(one.bottom, other.bottom) - max(one.y, other.y)
    return max(0.0, wide) * max(0.0, high) / max(1e-6, one.width * one.height)


def _set_in(picture: Pixels, new: Found, cell: tuple[float, float, float, float]) -> Found:
    """Move a digit into an emptied cell, in place; return it where it is now."""
    start, top, step, height = cell
    rows = slice(max(0, int(new.y) - RIM), int(new.bottom) + RIM + 1)
    columns = slice(max(0, int(new.x) - RIM), int(new.right) + RIM + 1)
    glyph = picture[rows, columns].copy()
    scale = min(1.0, TALLEST * height / new.height, step / glyph.shape[1])
    size = (max(1, int(glyph.shape[1] * scale)), max(1, int(glyph.shape[0] * scale)))
    glyph = np.asarray(cv2.resize(glyph, size, interpolation=cv2.INTER_AREA), np.uint8)
    paper = np.uint8(np.percentile(picture, 80))
    picture[rows, columns] = paper
    x0, x1 = max(0, int(start)), min(picture.shape[1], int(start + step) + 1)
    picture[max(0, int(top)) : int(top + height) + 1, x0:x1] = paper
    x = max(0, int(start + (step - size[0]) / 2))
    y = max(0, int(top + (height - size[1]) / 2))
    part = picture[y : y + size[1], x : x + size[0]]
    np.minimum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
    return replace(
        new, x=x + RIM * scale, y=y + RIM * scale, width=new.width * scale,
        height=new.height * scale,
    )  # fmt: skip
