"""Cut the fields of an aligned page out, and take away what is printed on them.

Print is what the scan shares with the blank form. Ink of neighbouring rows that hangs in is taken
away too; what is left was written in the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.forms.settle import settle
from tenfold.forms.template import Field
from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.normalize import frame_glyph
from tenfold.reader.find import Found

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]

ABOVE, BELOW, BESIDE = 0.9, 0.3, 0.35  # of a field's height: what is cut out around it
PRINTED = 200  # grey levels: what is darker on the blank form is print
THERE = 0.7  # of a piece of print must be dark on the scan
WIDER = 5  # pixels: print is taken away with its soft edge, and where it lies a little off
FAINT = 0.1  # of the way from paper to black: ink begins here
SPECK = 0.2  # of a field's height: what is shorter is no digit
SHOWN = 0.3  # of a field's height: what people see around it
ROOM = 12  # pixels between pictures on one sheet
_BRIGHTER = (255 / np.maximum(np.arange(256, dtype=np.float32), 40)).astype(np.float32)
HANGING = 0.4  # of a component's height: with less in the field it belongs to another row


@dataclass(slots=True, eq=False)
class Crop:
    """A field cut out: as scanned, without print, and where the field lies in it."""

    field: Field
    raw: Pixels
    clean: Pixels
    box: Box  # left, top, width, height in the crop
    found: list[Found]
    ink: float = 0.0


def even(page: Pixels) -> Pixels:
    """Bring paper to 255 wherever it lies in shadow, uint8 ``(h, w)``."""
    height, width = page.shape
    small = cv2.resize(
        page, (max(8, width // 8), max(8, height // 8)), interpolation=cv2.INTER_AREA
    )
    paper = cv2.dilate(small, np.ones((7, 7), np.uint8))
    paper = cv2.GaussianBlur(paper, (0, 0), 5)
    level = cv2.LUT(cv2.resize(paper, (width, height)), _BRIGHTER)
    return np.asarray(np.minimum(page * level, 255), np.uint8)


def pixels_of(field: Field, shape: Sequence[int]) -> Box:
    """Return a field's left, top, width, height in pixels of a page ``(h, w)``."""
    left, top, width, height = field.box
    return left * shape[1], top * shape[0], width * shape[1], height * shape[0]


def cut_out(page: Pixels, reference: Pixels, field: Field, box: Box) -> Crop:
    """Cut a field out of a page, with room around it; print and neighbours taken away.

    Parameters
    ----------
    page, reference : uint8 arrays, shape (h, w)
        The scan, its paper even, on the blank form's pixels, and the blank form.
    field : Field
    box : tuple of float
        Its left, top, width, height in pixels.
    """
    left, top, width, height = box
    dx, dy = settle(page, reference, field.box)
    high = min(height, 120.0)
    x0, x1 = int(left - BESIDE * high), int(left + width + BESIDE * high) + 1
    y0, y1 = int(top - ABOVE * high), int(top + height + BELOW * high) + 1
    x0, y0 = max(0, x0), max(0, y0)
    x1, y1 = min(page.shape[1], x1), min(page.shape[0], y1)
    blank = reference[y0:y1, x0:x1]
    matrix = np.array([[1, 0, x0 + dx], [0, 1, y0 + dy]], np.float64)
    raw = np.asarray(
        cv2.warpAffine(page, matrix, (x1 - x0, y1 - y0), borderMode=cv2.BORDER_REPLICATE,
                       flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.uint8
    ) if dx or dy else page[y0:y1, x0:x1]  # fmt: skip
    kernel = np.ones((WIDER, WIDER), np.uint8)
    printed = np.asarray(cv2.dilate(_printed(blank, raw), kernel), np.uint8)
    clean = np.asarray(cv2.inpaint(raw, printed, 3, cv2.INPAINT_TELEA), np.uint8)
    own = (left - x0, top - y0, width, height)
    crop = Crop(field, raw, _without_neighbours(clean, own), own, [])
    crop.ink = _inked(crop, printed)
    return crop


def _printed(blank: Pixels, raw: Pixels) -> Pixels:
    """Return a mask of the print: ink of the reference that the scan has too, piece by piece.

    So a sheet that somebody has filled in may be the reference: what is written on it is not on
    the others.
    """
    ink = (blank < PRINTED).astype(np.uint8)
    paper = float(np.percentile(raw, 80))
    dark = cv2.dilate((raw < paper * (1 - FAINT)).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(ink, connectivity=8)
    size = np.bincount(labels.ravel(), minlength=count)
    shared = np.bincount(labels.ravel(), weights=dark.ravel(), minlength=count)
    there = shared >= THERE * size
    there[0] = False
    return np.asarray(there[labels], np.uint8)


def _without_neighbours(clean: Pixels, box: Box) -> Pixels:
    """Take away what is written in other rows and hangs in from above or below.

    What stands above the field and does not touch the edge stays: it may replace what was struck
    out in it.
    """
    _, top, _, height = box
    paper = float(np.percentile(clean, 80))
    dark = (clean < paper * (1 - FAINT)).astype(np.uint8)
    count, labels, stats, middles = cv2.connectedComponentsWithStats(dark, connectivity=8)
    gone = np.zeros(count, bool)
    for k in range(1, count):
        y, tall = stats[k, cv2.CC_STAT_TOP], stats[k, cv2.CC_STAT_HEIGHT]
        inside = min(y + tall, top + height) - max(y, top)
        at_edge = y == 0 or y + tall == len(clean)
        outside = not -0.1 * height < middles[k, 1] - top < 1.1 * height
        gone[k] = outside and inside < HANGING * tall and (at_edge or middles[k, 1] > top)
    if not gone.any():
        return clean
    mask = cv2.dilate(gone[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(mask > 0, np.uint8(min(255, paper)), clean)


def _inked(crop: Crop, printed: Pixels) -> float:
    """How much is written: the tallest component's height, or a tick box's share of ink."""
    left, top, width, height = crop.box
    inside = np.s_[
        max(0, int(top)) : int(top + height) + 1, max(0, int(left)) : int(left + width) + 1
    ]
    part = crop.clean[inside]
    paper = float(np.percentile(part, 90))
    dark = (part < paper * (1 - FAINT)).astype(np.uint8)
    if crop.field.kind == "tick":
        free = printed[inside] == 0
        return float(dark[free].mean()) if free.any() else 0.0
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    if count < 2:
        return 0.0
    return float(stats[1:, cv2.CC_STAT_HEIGHT].max()) / height


def snippet(crop: Crop) -> Pixels:
    """Return the field and a little around it, as scanned."""
    left, top, width, height = crop.box
    room = SHOWN * height
    rows = slice(max(0, int(top - room)), int(top + height + room) + 1)
    columns = slice(max(0, int(left - room)), int(left + width + room) + 1)
    return np.ascontiguousarray(crop.raw[rows, columns])


def inset(crop: Crop) -> tuple[float, float]:
    """Return where in its snippet a field begins: left and top in pixels."""
    left, top, _, height = crop.box
    return left - max(0, int(left - SHOWN * height)), top - max(0, int(top - SHOWN * height))


def glyph_in(picture: Pixels, area: Box, least: float) -> Pixels | None:
    """Frame the digit in an area for the classifier; None if no ink is so many pixels high."""
    left, top, width, height = area
    rows = slice(max(0, int(top)), int(top + height) + 1)
    columns = slice(max(0, int(left)), int(left + width) + 1)
    part = np.ascontiguousarray(picture[rows, columns])
    if min(part.shape) < 4:
        return None
    ink = find_ink(part)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.mask, connectivity=8)
    tall = [k for k in range(1, count) if stats[k, cv2.CC_STAT_HEIGHT] > least]
    if not tall:
        return None
    return frame_glyph(ink.level, np.isin(labels, tall).astype(np.uint8))


def packed(pictures: Sequence[Pixels]) -> tuple[list[tuple[int, int]], Pixels]:
    """Lay pictures in rows on one sheet; return the corner of each, and the sheet."""
    width = max(480, *(picture.shape[1] + 2 * ROOM for picture in pictures))
    places: list[tuple[int, int]] = [(0, 0)] * len(pictures)
    x, y, tall = ROOM, ROOM, 0
    for k in sorted(range(len(pictures)), key=lambda k: pictures[k].shape[0]):
        height, wide = pictures[k].shape
        if x + wide + ROOM > width and x > ROOM:
            x, y, tall = ROOM, y + tall + ROOM, 0
        places[k] = (x, y)
        x, tall = x + wide + ROOM, max(tall, height)
    sheet = np.full((y + tall + ROOM, width), 255, np.uint8)
    for (left, top), picture in zip(places, pictures, strict=True):
        sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return places, sheet
