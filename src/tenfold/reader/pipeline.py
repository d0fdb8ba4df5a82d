"""open → find → lines → read: what stands in a picture, before anything is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.model import Model
from tenfold.reader import find as finding
from tenfold.reader.find import HAND, PRINT, RUNNING, Finding, Found
from tenfold.reader.glyphs import glyph
from tenfold.reader.lines import Part, columns, cut, group, parts
from tenfold.reader.recognise import CHARS, Network, Spelled, frames_of, spell, together
from tenfold.reader.settings import Settings

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]

BATCH = 8  # parts, of about one width, that the line recogniser reads at once

# Which kinds of ink are read, by what was asked for. What is struck out never is.
WANTED = {
    "auto": (HAND, PRINT),
    "all": (HAND, PRINT, RUNNING),
    "handwritten": (HAND,),
    "printed": (PRINT, RUNNING),
}


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
    certainty : float
        How surely there is any digit at all, by the line recogniser, 0 to 1.
    found : Found or None
        The finder's digit it stands on.
    """

    char: str
    box: Box
    probabilities: Floats
    confidence: float
    support: float
    kind: int
    certainty: float = 1.0
    found: Found | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReadPart:
    """A part of a line and what was read in it."""

    part: Part
    strip: Pixels
    spelled: Spelled
    symbols: list[Symbol]


def grey_of(pixels: Pixels) -> Pixels:
    """Return a picture in grey."""
    return (
        np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        if pixels.ndim == 3
        else pixels
    )


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


def best_turn(grey: Pixels, seen: Finding, finder: finding.Network, settings: Settings) -> int:
    """Degrees clockwise by which the page reads better than as it lies, 0 for none."""
    lying = quality(seen)
    if len(seen.found) < settings.turn_digits or lying >= settings.turn_below:
        return 0
    scores = {0: lying}
    for degrees in (90, 180, 270):
        turned = np.ascontiguousarray(np.rot90(grey, -degrees // 90))
        other = finding.find(turned, finder, settings.sides, settings.least_score, settings.overlap)
        scores[degrees] = quality(other) if len(other.found) >= 0.5 * len(seen.found) else 0.0
    best = max(scores, key=lambda degrees: scores[degrees])
    return best if scores[best] >= lying + settings.turn_gain else 0


def quality(seen: Finding) -> float:
    """How well a page's digits can be told as they lie, 0 to 1."""
    if not seen.found:
        return 0.0
    return float(np.mean([f.score * float(f.digits.max()) for f in seen.found]))


def read_lines(
    grey: Pixels, seen: Finding, recogniser: Network, settings: Settings, one_line: bool, ink: str
) -> tuple[list[list[ReadPart]], list[Found]]:
    """Read the lines of a picture; return them and the digits that are not to be read."""
    kept = [f for f in seen.found if f.kind in WANTED[ink]]
    left_out = [f for f in seen.found if f.kind not in WANTED[ink]]
    rows = [kept] if one_line and kept else group(kept)
    width = float(grey.shape[1])
    gap = np.inf if one_line else settings.gap
    all_parts = [parts(row, gap, width) for row in rows]
    flat = [part for row in all_parts for part in row]
    read = iter(read_parts(grey, flat, seen, recogniser, settings))
    lines = [[next(read) for _ in row] for row in all_parts]
    return without_doubles(lines, settings.overlap), left_out


def without_doubles(lines: list[list[ReadPart]], overlap: float) -> list[list[ReadPart]]:
    """Take away digits that two parts read: strips reach beyond their own digits.

    The part keeps a digit that stands on one of its own found, the surer found before the other.
    """
    digits = [
        (read, symbol)
        for line in lines
        for read in line
        for symbol in read.symbols
        if symbol.char.isdigit()
    ]
    if len(digits) < 2:
        return lines
    digits.sort(key=lambda d: (d[1].found is None, -len(d[0].part.found), -d[1].support))
    boxes = np.array([symbol.box for _, symbol in digits])
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    gone: set[int] = set()
    for k, (read, _) in enumerate(digits):
        if k in gone:
            continue
        off = np.abs(middles - middles[k])
        near = (off[:, 0] < overlap * boxes[k, 2]) & (off[:, 1] < overlap * boxes[k, 3])
        gone |= {int(j) for j in np.flatnonzero(near) if j > k and digits[int(j)][0] is not read}
    dropped = {id(digits[k][1]) for k in gone}
    if not dropped:
        return lines
    return [
        [replace(read, symbols=[s for s in read.symbols if id(s) not in dropped]) for read in line]
        for line in lines
    ]


def read_parts(
    grey: Pixels, flat: list[Part], seen: Finding, recogniser: Network, settings: Settings
) -> list[ReadPart]:
    """Read parts of lines, a batch at a time."""
    heights = settings.heights
    if sum(columns(part) for part in flat) > settings.most_columns:
        heights = heights[:1]
    strips = [[cut(grey, part, factor)[0] for factor in heights] for part in flat]
    frames: list[list[Floats]] = [[] for _ in flat]
    order = sorted(range(len(flat)), key=lambda k: strips[k][0].shape[1])
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        out = iter(frames_of([strip for k in chosen for strip in strips[k]], recogniser))
        for k in chosen:
            frames[k] = [next(out) for _ in heights]
    result = []
    for part, own, shown in zip(flat, frames, strips, strict=True):
        spelled = spell(together(own))
        scale = shown[0].shape[1] / max(1e-6, part.end - part.start)
        symbols = symbols_of(part, spelled, scale, seen)
        result.append(ReadPart(part, shown[0], spelled, symbols))
    return result


def symbols_of(part: Part, spelled: Spelled, scale: float, seen: Finding) -> list[Symbol]:
    """Place what was spelled in the picture, with what the finder saw there."""
    symbols = []
    for char, (left, right), chances in zip(
        spelled.text, spelled.spans, spelled.probabilities, strict=True
    ):
        x0, x1 = part.start + left / scale, part.start + right / scale
        middle = (x0 + x1) / 2
        wide = max(x1 - x0, 0.3 * part.height)
        box = (middle - wide / 2, part.at(middle) - part.height / 2, wide, part.height)
        certainty = float(chances[1:11].sum())
        digits = chances[1:11] / max(1e-9, certainty)
        kind, support = HAND, 0.0
        match = min(part.found, key=lambda f: abs(f.middle[0] - middle), default=None)
        reach = 0.5 * max(match.width, 0.35 * part.height) if match is not None else 0.0
        if match is not None and abs(match.middle[0] - middle) < reach:
            if char.isdigit():
                box = (match.x, match.y, match.width, match.height)
            kind, support = match.kind, match.score
        else:
            match = None
            if char.isdigit():
                support = ink_at(seen, box)
        if not char.isdigit():
            digits, match, support = np.zeros(10, np.float32), None, 1.0
        confidence = float(chances[CHARS.index(char) + 1])
        symbols.append(Symbol(char, box, digits, confidence, support, kind, certainty, match))
    return symbols


def ink_at(seen: Finding, box: Box) -> float:
    """Return the strongest mean of digit ink at any level along the box's middle columns."""
    best = 0.0
    x, y, width, height = box
    for level in seen.levels:
        s = level.scale / finding.FINE
        if not 3 < height * s < 70:
            continue
        part = level.kinds[
            [HAND, PRINT],
            max(0, int(y * s)) : int((y + height) * s) + 1,
            max(0, int(x * s)) : int((x + width) * s) + 1,
        ]
        if part.size:
            best = max(
                best, float(np.sort(part.max(axis=0).ravel())[-max(1, part[0].size // 6) :].mean())
            )
    return best


def ask_classifier(
    pixels: Pixels,
    seen: Finding,
    lines: list[list[ReadPart]],
    model: Model,
    settings: Settings,
) -> list[list[Symbol]]:
    """Return each line's symbols, from left to right, after the classifier was heard.

    It speaks for digits that stand apart and are not sure already.
    Both look at the same glyph, so their log-probabilities are added, the classifier's with less
    weight: it sees the ink better, the line recogniser what lies around it.
    """
    rows = [[symbol for part in line for symbol in part.symbols] for line in lines]
    asked: list[tuple[int, int, Pixels]] = []
    for r, row in enumerate(rows):
        for k, symbol in enumerate(row):
            if (
                symbol.found is None
                or symbol.confidence >= settings.sure
                or not _stands_apart(row, k)
            ):
                continue
            near = [other.found for other in row[max(0, k - 1) : k + 2] if other.found is not None]
            framed = glyph(pixels, seen, symbol.found, near)
            if framed is not None:
                asked.append((r, k, framed))
    if not asked:
        return rows
    chances, digitness = model.predict_with_digitness(np.stack([image for *_, image in asked]))
    for (r, k, _), own, sure in zip(asked, chances, digitness, strict=True):
        symbol = rows[r][k]
        if sure >= settings.join_digitness:
            logs = np.log(symbol.probabilities + 1e-4) + settings.join * np.log(own + 1e-4)
            joined = np.exp(logs - logs.max())
            joined /= joined.sum()
            char = str(int(joined.argmax()))
            confidence = float(joined.max()) * symbol.certainty
            rows[r][k] = replace(symbol, char=char, probabilities=joined, confidence=confidence)
    return rows


def _stands_apart(row: list[Symbol], k: int) -> bool:
    """Whether a digit's box is clear of its neighbours'."""
    left, right = row[k].box[0], row[k].box[0] + row[k].box[2]
    clear = 0.02 * row[k].box[3]
    before = row[k - 1].box[0] + row[k - 1].box[2] if k else -np.inf
    after = row[k + 1].box[0] if k + 1 < len(row) else np.inf
    return bool(before < left - clear and after > right + clear)
