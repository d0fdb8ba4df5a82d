"""Read the parts of lines: cut out, shown to the line recogniser, put back in their place.

Where a digit is read beyond the digits that were found, the strip is made longer on that side and
read again: the finder may have missed the next one too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tenfold.reader.ctc import Network, Spelled, frames_of, spell
from tenfold.reader.find import Finding, Found
from tenfold.reader.lines import MARGIN, Part, columns, cut
from tenfold.reader.settings import Settings
from tenfold.signature import CHARS, FINE, HAND, PRINT

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]

BATCH = 24  # strips, of about one width, that the line recogniser reads at once
SAME = 0.45  # of a digit's width and height: two this close are one
ROUNDS = 3  # of making strips longer


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
    certainty: float = 0.0
    found: Found | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReadPart:
    """A part of a line and what was read in it.

    Parameters
    ----------
    part : Part
    strip : uint8 array, shape (48, w)
        As it was cut out.
    spelled : Spelled
    symbols : list of Symbol
    views : list of float array, shape (t, 21)
        Log-probabilities of the frames in each view that was asked for.
    """

    part: Part
    strip: Pixels
    spelled: Spelled
    symbols: list[Symbol]
    views: list[Floats] = field(default_factory=list)

    @property
    def scale(self) -> float:
        """Columns of the strip per pixel of the picture."""
        return float(self.strip.shape[1] / max(1e-6, self.part.end - self.part.start))


def read_parts(
    grey: Pixels, flat: list[Part], seen: Finding, recogniser: Network, settings: Settings
) -> list[ReadPart]:
    """Read parts of lines, and those again that go on further than it seemed."""
    read, room = _read(grey, flat, seen, recogniser, settings, settings.most_shown)
    for _ in range(ROUNDS):
        longer = {k: grown for k, one in enumerate(read) if (grown := _longer(one, settings))}
        longer = {k: longer[k] for k in _with_room(longer, room)}
        if not longer:
            break
        again, room = _read(grey, list(longer.values()), seen, recogniser, settings, room)
        for k, one in zip(longer, again, strict=True):
            read[k] = one
    return read


def _longer(read: ReadPart, settings: Settings) -> Part | None:
    """Return the part with more room where a digit stands beyond those that were found."""
    part = read.part
    if not part.found:
        return None
    sure = [s for s in read.symbols if s.char.isdigit() and s.confidence >= settings.beyond]
    first, last = part.found[0].x, part.found[-1].right
    left = any(s.found is None and s.box[0] + s.box[2] / 2 < first for s in sure)
    right = any(s.found is None and s.box[0] + s.box[2] / 2 > last for s in sure)
    step = MARGIN * part.height
    start = min(part.start, _edge(sure, 0) - step) if left else part.start
    end = max(part.end, _edge(sure, 1) + step) if right else part.end
    start, end = max(part.least, start), min(part.most, end)
    few = 0.2 * part.height
    if start > part.start - few and end < part.end + few:
        return None
    return replace(part, start=start, end=end)


def _edge(symbols: list[Symbol], side: int) -> float:
    """Where the outermost digit begins, or ends."""
    if side:
        return max(s.box[0] + s.box[2] for s in symbols)
    return min(s.box[0] for s in symbols)


def _with_room(parts: Mapping[int, Part], room: int) -> list[int]:
    """Return the first parts whose strips have no more columns than this together."""
    ends = np.cumsum([columns(part) for part in parts.values()])
    return list(parts)[: int(np.searchsorted(ends, room, side="right"))]


def surest(flat: Sequence[Part], room: int) -> list[Part]:
    """Return the parts whose digits were seen most surely, as many as there is room for.

    Parameters
    ----------
    flat : sequence of Part
    room : int
        Columns that their strips may have together.
    """
    order = sorted(range(len(flat)), key=lambda k: -_sureness(flat[k]))
    kept = set(_with_room({k: flat[k] for k in order}, room))
    return [part for k, part in enumerate(flat) if k in kept]


def _sureness(part: Part) -> float:
    """Return how surely the finder saw a part's digits, 0 to 1."""
    return float(np.mean([f.score * f.digits.max() for f in part.found])) if part.found else 0.0


def _read(
    grey: Pixels, flat: list[Part], seen: Finding, recogniser: Network, settings: Settings,
    room: int,
) -> tuple[list[ReadPart], int]:  # fmt: skip
    """Read parts of lines: all as they are, those that are not settled then in other views too.

    Of the columns that there was room for, it returns how many are left.
    """
    shown = _shown(grey, flat, settings.views[:1], recogniser)
    seen_in = [frames for _, frames in shown]
    spelled = [spell(frames) for frames in seen_in]
    unsettled = [k for k, one in enumerate(spelled) if one.probability < settings.settled]
    once = sum(columns(part) for part in flat)
    room -= once
    cost = sum(columns(flat[k]) for k in unsettled)
    free = min(room, settings.most_columns - once)
    more = settings.views[1 : 1 + free // max(1, cost)] if free > 0 else ()
    if more:
        room -= sum(columns(flat[k], factor) for k in unsettled for factor, _ in more)
        again = _shown(grey, [flat[k] for k in unsettled], more, recogniser)
        for k, (_, frames) in zip(unsettled, again, strict=True):
            seen_in[k] = [*seen_in[k], *frames]
            spelled[k] = spell(seen_in[k])
    result = []
    for part, (strip, _), one, frames in zip(flat, shown, spelled, seen_in, strict=True):
        read = ReadPart(part, strip, one, [], frames)
        result.append(replace(read, symbols=symbols_of(part, one, read.scale, seen)))
    return result, room


def with_all_views(
    reads: Sequence[ReadPart], grey: Pixels, recogniser: Network, settings: Settings
) -> list[ReadPart]:
    """Show parts in the views that they have not been shown in, as far as there is room."""
    cost = sum(columns(read.part) for read in reads)
    most = min(len(settings.views), max(1, settings.most_columns // max(1, cost)))
    out = []
    for read in reads:
        more = settings.views[len(read.views) : most]
        if more:
            ((_, frames),) = _shown(grey, [read.part], more, recogniser)
            read = replace(read, views=[*read.views, *frames])
        out.append(read)
    return out


def _shown(
    grey: Pixels, flat: Sequence[Part], views: Sequence[tuple[float, float]], recogniser: Network
) -> list[tuple[Pixels, list[Floats]]]:
    """Show parts in views, some strips of about one width at a time: first strip, all frames."""
    strips = [cut(grey, part, *view)[0] for part in flat for view in views]
    frames: list[Floats] = [np.empty(0, np.float32)] * len(strips)
    order = sorted(range(len(strips)), key=lambda k: strips[k].shape[1])
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        for k, own in zip(chosen, frames_of([strips[k] for k in chosen], recogniser), strict=True):
            frames[k] = own
    count = len(views)
    return [(strips[k], frames[k : k + count]) for k in range(0, len(strips), count)]


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
    """Return the mean of a box's darkest sixth of digit ink, at the level that shows most."""
    best = 0.0
    x, y, width, height = box
    for level in seen.levels:
        s = level.scale / FINE
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


def without_doubles(lines: list[list[ReadPart]]) -> list[list[ReadPart]]:
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
        near = (off[:, 0] < SAME * boxes[k, 2]) & (off[:, 1] < SAME * boxes[k, 3])
        gone |= {int(j) for j in np.flatnonzero(near) if j > k and digits[int(j)][0] is not read}
    dropped = {id(digits[k][1]) for k in gone}
    if not dropped:
        return lines
    return [
        [replace(read, symbols=[s for s in read.symbols if id(s) not in dropped]) for read in line]
        for line in lines
    ]
