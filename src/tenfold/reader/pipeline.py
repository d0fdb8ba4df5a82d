"""open → find → lines → read: what stands in a picture, before anything is refused."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.reader import find as finding
from tenfold.reader.find import HAND, PRINT, RUNNING, Finding, Found
from tenfold.reader.lines import Part, cut, group, parts
from tenfold.reader.recognise import Spelled, frames_of, spell, together
from tenfold.reader.settings import Settings

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """A character read in a line.

    Parameters
    ----------
    char : str
    box : tuple of float
        x, y, width, height in pixels of the picture.
    probabilities : float array, shape (10,)
        Of the digits; all zeros for a sign.
    confidence : float
        Of the character.
    support : float
        How surely the finder saw a digit there, 0 to 1.
    kind : int
        HAND or PRINT.
    """

    char: str
    box: Box
    probabilities: Floats
    confidence: float
    support: float
    kind: int


@dataclass(frozen=True, slots=True, eq=False)
class ReadPart:
    """A part of a line and what was read in it."""

    part: Part
    strips: list[Pixels]
    spelled: Spelled
    symbols: list[Symbol]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Everything known of a picture."""

    grey: Pixels
    finding: Finding
    lines: list[list[ReadPart]]
    left_out: list[Found]


def grey_of(pixels: Pixels) -> Pixels:
    """Return a picture in grey."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8) if pixels.ndim == 3 else pixels


def look(grey: Pixels, finder: finding.Network, settings: Settings) -> Finding:
    """Find the digits; look closer where they are small."""
    seen = finding.find(grey, finder, settings.sides, settings.least_score, settings.overlap)
    longest = max(grey.shape)
    if longest <= settings.sides[0] * 1.1:
        return seen
    scale = settings.sides[0] / longest
    small = [f for f in seen.found if f.height * scale < settings.fine_below]
    if seen.found and len(small) < 0.2 * len(seen.found):
        return seen
    sides = (settings.fine_side, *settings.sides)
    return finding.find(grey, finder, sides, settings.least_score, settings.overlap)


def read_page(
    grey: Pixels, seen: Finding, recogniser: object, settings: Settings, one_line: bool, ink: str
) -> Page:
    """Read the lines of a picture."""
    wanted = {
        "auto": (HAND, PRINT), "all": (HAND, PRINT, RUNNING), "handwritten": (HAND,),
        "printed": (PRINT, RUNNING),
    }[ink]  # fmt: skip
    kept = [f for f in seen.found if f.kind in wanted]
    left_out = [f for f in seen.found if f.kind not in wanted]
    rows = [kept] if one_line and kept else group(kept)
    width = float(grey.shape[1])
    all_parts = [parts(row, settings.gap if not one_line else 1e9, width) for row in rows]
    flat = [part for row in all_parts for part in row]
    read = iter(read_parts(grey, flat, seen, recogniser, settings))
    return Page(grey, seen, [[next(read) for _ in row] for row in all_parts], left_out)


def read_parts(
    grey: Pixels, flat: list[Part], seen: Finding, recogniser: object, settings: Settings
) -> list[ReadPart]:
    """Read parts of lines, a batch at a time."""
    strips = [[cut(grey, part, factor)[0] for factor in settings.heights] for part in flat]
    frames: list[list[Floats]] = [[] for _ in flat]
    order = sorted(range(len(flat)), key=lambda k: strips[k][0].shape[1])
    for start in range(0, len(order), 8):
        chosen = order[start : start + 8]
        batch = [strip for k in chosen for strip in strips[k]]
        out = frames_of(batch, recogniser)  # type: ignore[arg-type]
        for place, k in enumerate(chosen):
            frames[k] = out[place * len(settings.heights) : (place + 1) * len(settings.heights)]
    result = []
    for part, own, shown in zip(flat, frames, strips, strict=True):
        spelled = spell(together(own))
        scale = shown[0].shape[1] / max(1e-6, part.end - part.start)
        symbols = symbols_of(part, spelled, scale, seen, settings)
        result.append(ReadPart(part, shown, spelled, symbols))
    return result


def symbols_of(part: Part, spelled: Spelled, scale: float, seen: Finding, settings: Settings) -> list[Symbol]:
    """Place what was spelled in the picture; digits that the finder saw nothing of are left out."""
    symbols = []
    for char, (left, right), chances in zip(spelled.text, spelled.spans, spelled.probabilities, strict=True):
        x0, x1 = part.start + left / scale, part.start + right / scale
        middle = (x0 + x1) / 2
        wide = max(x1 - x0, 0.3 * part.height)
        box = (middle - wide / 2, part.at(middle) - part.height / 2, wide, part.height)
        digits = chances[1:11] / max(1e-9, float(chances[1:11].sum()))
        kind, support = HAND, 0.0
        match = min(part.found, key=lambda f: abs(f.middle[0] - middle), default=None)
        if match is not None and abs(match.middle[0] - middle) < 0.5 * max(match.width, 0.35 * part.height):
            if char.isdigit():
                box = (match.x, match.y, match.width, match.height)
            kind, support = match.kind, match.score
        elif char.isdigit():
            support = ink_at(seen, box)
        if char.isdigit() and support < settings.least_support:
            continue
        symbols.append(Symbol(char, box, digits if char.isdigit() else np.zeros(10, np.float32), float(chances.max()), support, kind))
    return symbols


def ink_at(seen: Finding, box: Box) -> float:
    """The strongest mean of digit ink at any level along the box's middle columns."""
    best = 0.0
    x, y, width, height = box
    for level in seen.levels:
        s = level.scale / finding.FINE
        if not 3 < height * s < 70:
            continue
        part = level.kinds[[HAND, PRINT], max(0, int(y * s)) : int((y + height) * s) + 1, max(0, int(x * s)) : int((x + width) * s) + 1]
        if part.size:
            best = max(best, float(np.sort(part.max(axis=0).ravel())[-max(1, part[0].size // 6) :].mean()))
    return best


def text_of(page: Page) -> str:
    """Return the digits of each line, for a quick look."""
    rows = ["".join(s.char for read in row for s in read.symbols if s.char.isdigit()) for row in page.lines]
    return "|".join(row for row in rows if row)


