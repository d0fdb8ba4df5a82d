"""Read the fields of one page: what is printed taken away, what is written decoded within bounds.

The page lies on its template already. Around each field the ink that the blank form has is taken
away, the finder says where digits are and which are struck out, and the line recogniser and the
classifier say what each may be. Only values that the field may hold are weighed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.forms.corrections import mend
from tenfold.forms.crops import (
    ABOVE,
    BESIDE,
    SPECK,
    Box,
    Crop,
    cut_out,
    even,
    glyph_in,
    inset,
    packed,
    pixels_of,
    snippet,
)  # fmt: skip
from tenfold.forms.sheet_results import Cell
from tenfold.forms.template import Field
from tenfold.model import Model
from tenfold.reader import find as finding
from tenfold.reader.ctc import Network, best_path, frames_of
from tenfold.reader.decode import Decoded, decode
from tenfold.reader.expect import Expect
from tenfold.reader.find import Found
from tenfold.reader.lines import FILLS, Part, cut, whole
from tenfold.reader.settings import SETTINGS
from tenfold.signature import STRUCK

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

TALL = 56  # pixels: how high a field is shown to the finder, its digits about half of that
LEAST = 0.25  # the finder's least score in a field
VIEWS = 3  # of a strip: what they agree on is surer than what one of them is sure of
CANDIDATES = 8
WHOLE = 0.1  # of the numbers in a field with decimals are written without any
LEFT = 0.01  # of a cell's probability is for what the classifier, or the finder, does not see
ANY = Expect.of(digits=(1, 20))  # what a field may hold of which nothing is said


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """What reads fields."""

    finder: finding.Network
    recogniser: Network
    classifier: Model


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one field shows.

    Parameters
    ----------
    field : Field
    snippet : uint8 array, shape (h, w)
        The field and a little around it, as scanned.
    ink : float
        Height of the tallest connected component, in field heights; for a tick, share of its box
        that is inked.
    candidates : tuple of (str, float)
        Values that the field may hold, with their log-probability among all strings, likeliest
        first. Empty where nothing fits.
    log_total : float
        Log-probability that any value that fits is written.
    struck : bool
        Whether something is struck out.
    cells : tuple of (int, int, int, int)
        Of a comb without anything struck out: left, top, width, height in the snippet's pixels of
        each cell that holds a digit.
    """

    field: Field
    snippet: Pixels
    ink: float
    candidates: tuple[tuple[str, float], ...] = ()
    log_total: float = -math.inf
    struck: bool = False
    cells: tuple[Cell, ...] = ()


def read_page(
    page: Pixels, reference: Pixels, fields: Sequence[Field], networks: Networks
) -> list[Seen]:
    """Read all fields of one page.

    Parameters
    ----------
    page, reference : uint8 arrays, shape (h, w)
        The scan on the pixels of the blank form, and the blank form.
    fields : sequence of Field
        Of this page.
    networks : Networks
    """
    page = even(page)
    boxes = [pixels_of(field, page.shape) for field in fields]
    crops = [cut_out(page, reference, field, box) for field, box in zip(fields, boxes, strict=True)]
    written = [crop for crop in crops if crop.field.kind == "number" and crop.ink >= SPECK]
    _find(written, networks.finder)
    seen = []
    for crop in crops:
        if crop.field.kind == "tick" or crop.ink < SPECK:
            seen.append(Seen(crop.field, snippet(crop), crop.ink))
        else:
            seen.append(_read(crop, networks))
    return seen


def _find(crops: Sequence[Crop], finder: finding.Network) -> None:
    """Show the finder all fields of a page in one picture, each at about one size."""
    if not crops:
        return
    shown = []
    for crop in crops:
        scale = TALL / crop.box[3]
        size = (
            max(4, round(crop.clean.shape[1] * scale)),
            max(4, round(crop.clean.shape[0] * scale)),
        )
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        shown.append(np.asarray(cv2.resize(crop.clean, size, interpolation=how), np.uint8))
    places, sheet = packed(shown)
    seen = finding.find(sheet, finder, (max(sheet.shape),), LEAST, SETTINGS.overlap)
    for found in seen.found:
        x, y = found.middle
        for crop, (left, top), picture in zip(crops, places, shown, strict=True):
            if left <= x < left + picture.shape[1] and top <= y < top + picture.shape[0]:
                back = crop.box[3] / TALL
                crop.found.append(
                    replace(
                        found,
                        x=(found.x - left) * back,
                        y=(found.y - top) * back,
                        width=found.width * back,
                        height=found.height * back,
                    )
                )


def _read(crop: Crop, networks: Networks) -> Seen:
    left, top, width, height = crop.box
    struck = [f for f in crop.found if f.kind == STRUCK and _within(f, crop.box, 0.25)]
    room = BESIDE * height
    beside = [f for f in crop.found if left - room < f.middle[0] < left + width + room]
    near = [f for f in beside if top - ABOVE * height < f.middle[1] < top + 1.2 * height]
    is_struck, shown = bool(struck), crop
    if crop.field.cells:
        shown, kept = mend(crop, near)
        is_struck = is_struck or shown is not crop
    else:
        near = [f for f in near if f.kind != STRUCK]
        kept = [f for f in near if f.middle[1] > top - 0.2 * height]
        if struck and not kept:  # what replaces it may stand above its field
            kept = near
        kept = _one_row(kept, struck)
    expect = crop.field.expect or ANY
    cells = _cells(shown, kept, networks.classifier)
    if crop.field.cells:
        frames = _frames(shown.clean, _comb_part(shown, kept), networks)
        decoded = decode(frames, expect, CANDIDATES, cells)
    else:
        decoded = _line(crop, kept, struck, expect, networks, cells)
    texts = {one.text: one.log_probability + _habit(one.text, crop.field) for one in decoded}
    chances: dict[str, float] = {}
    for text, chance in texts.items():  # two ways of writing one value stand for it together
        value = expect.value(text)
        chances[value] = float(np.logaddexp(chances.get(value, -np.inf), chance))
    candidates = tuple(sorted(chances.items(), key=lambda pair: -pair[1]))
    return Seen(
        crop.field, snippet(crop), crop.ink, candidates, decoded.log_total, is_struck,
        () if is_struck else _filled(crop, cells),
    )  # fmt: skip


def _habit(text: str, field: Field) -> float:
    """Return how usual this way of writing is in a field, as a log-probability."""
    return math.log(WHOLE) if field.decimals and not set(text) & set(".,") else 0.0


def _filled(crop: Crop, cells: Floats) -> tuple[Cell, ...]:
    """Return where in the snippet each cell of a comb lies that holds a digit."""
    if not crop.field.cells:
        return ()
    (left, top), (_, _, width, height) = inset(crop), crop.box
    step = width / crop.field.cells
    return tuple(
        (round(left + k * step), round(top), round(step), round(height))
        for k in range(len(cells))
        if cells[k, 10] < math.log(0.5)
    )


def _cells(crop: Crop, kept: Sequence[Found], classifier: Model) -> Floats:
    """Ask the classifier about each cell of a comb, elsewhere about each digit that was found."""
    left, top, width, height = crop.box
    if not crop.field.cells:
        areas = [(f.x - 2, f.y - 2, f.width + 4, f.height + 4) for f in kept]
    else:
        step = width / crop.field.cells
        areas = [(left + k * step, top, step, height) for k in range(crop.field.cells)]
    return _chances([glyph_in(crop.clean, area, SPECK * height) for area in areas], classifier)


def _within(found: Found, box: Box, more: float) -> bool:
    left, top, width, height = box
    x, y = found.middle
    room = more * height
    return left - room < x < left + width + room and top - room < y < top + height + room


def _line(
    crop: Crop, kept: Sequence[Found], struck: Sequence[Found], expect: Expect,
    networks: Networks, cells: Floats,
) -> Decoded:  # fmt: skip
    """Decode a field without cells: by the classifier too, unless the finder missed a digit."""
    _, top, _, height = crop.box
    picture = crop.clean
    if struck:
        picture = picture.copy()
        for f in struck:
            picture[max(0, int(f.y)) : int(f.bottom) + 1, max(0, int(f.x)) : int(f.right) + 1] = 255
    wide = float(picture.shape[1])
    if kept:
        part = whole(kept, picture)
    else:
        part = Part([], FILLS * height, 0.0, wide, wide / 2, top + height / 2, 0.0, 0.0, wide)
    frames = _frames(picture, part, networks)
    glyphs = cells[cells[:, 10] < math.log(0.5)]
    least = min(sum(char.isdigit() for char in best_path(view)) for view in frames)
    return decode(frames, expect, CANDIDATES, glyphs if len(glyphs) >= least else None)


def _chances(glyphs: Sequence[Pixels | None], classifier: Model) -> Floats:
    """Return cells as the decoder takes them: which digit each shows, if any."""
    cells = np.full((len(glyphs), 11), math.log(LEFT / 10), np.float32)
    cells[:, 10] = [math.log(1 - LEFT if glyph is None else LEFT) for glyph in glyphs]
    shown = [k for k, glyph in enumerate(glyphs) if glyph is not None]
    if shown:
        chances = classifier.predict_proba(np.stack([g for g in glyphs if g is not None]))
        cells[shown, :10] = np.log((1 - LEFT) * chances + LEFT / 10)
    return cells


def _one_row(kept: Sequence[Found], struck: Sequence[Found]) -> list[Found]:
    """Return the digits of one row from left to right: where some were struck out, the new ones."""
    row = sorted(kept, key=lambda f: f.x)
    if not struck or len(row) < 2:
        return row
    middle = float(np.median([f.middle[1] for f in row]))
    tall = float(np.median([f.height for f in row]))
    return [f for f in row if abs(f.middle[1] - middle) < 0.6 * tall] or row


def _frames(picture: Pixels, part: Part, networks: Networks) -> list[Floats]:
    """Show a part to the line recogniser, in a few views."""
    strips = [cut(picture, part, *view)[0] for view in SETTINGS.views[:VIEWS]]
    return frames_of(strips, networks.recogniser)


def _comb_part(crop: Crop, kept: Sequence[Found]) -> Part:
    """Return all of a comb, to be cut out."""
    left, top, width, height = crop.box
    inside = [f for f in kept if f.middle[1] > top]
    tall = float(np.median([f.height for f in inside])) if inside else FILLS * height
    y = float(np.median([f.middle[1] for f in inside])) if inside else top + height / 2
    wide, room = float(crop.clean.shape[1]), 0.2 * height
    start, end = max(0.0, left - room), min(wide, left + width + room)
    return Part(inside, tall, start, end, left + width / 2, y, 0.0, 0.0, wide)
