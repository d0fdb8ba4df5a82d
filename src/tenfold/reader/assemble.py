"""From what stands in a picture to a Reading: numbers, marks, what is refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.image import Picture
from tenfold.reader.find import Found
from tenfold.reader.reading import Box, Digit, Expected, Ink, Line, Mark, Number, Refusal
from tenfold.reader.recognise import Symbol
from tenfold.reader.settings import Settings
from tenfold.signature import HAND, PRINT, RUNNING, STRUCK

BETWEEN = ".,-/:"  # marks that a number may hold between its digits
Area = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Limits:
    """From which confidence on a digit is accepted, and where it is taken for one at all.

    That it is one, the finder says (digitness), or the line recogniser by itself (certainty).
    """

    confidence: float
    digitness: float
    certainty: float = 1.0


@dataclass(slots=True)
class Assembled:
    """Parts of a Reading, and where the finder saw each digit."""

    lines: list[Line] = field(default_factory=list)
    digits: list[Digit] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    places: list[Found | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    expected: Expected | None = None


def all_of(
    rows: Sequence[Sequence[Symbol]],
    confidences: Sequence[Sequence[float]],
    limits: Limits,
    settings: Settings,
    picture: Picture,
) -> Assembled:
    """Assemble all lines of a picture, each as `line_of` does; those without a number are none."""
    out = Assembled()
    for row, own in zip(rows, confidences, strict=True):
        line, digits, marks = line_of(row, own, len(out.lines), limits, settings, picture)
        out.places += [symbol.found for symbol in row if symbol.char.isdigit()]
        out.digits += digits
        out.marks += marks
        if line is not None:
            out.lines.append(line)
    return out


def digit_of(symbol: Symbol, limits: Limits, picture: Picture, line: int | None) -> Digit:
    """Return a digit with its verdict."""
    refused: Refusal | None = None
    if symbol.support < limits.digitness and symbol.certainty < limits.certainty:
        refused = "not a digit"
    elif symbol.confidence < limits.confidence:
        refused = "unsure"
    return Digit(
        int(symbol.probabilities.argmax()), symbol.confidence,
        tuple(float(p) for p in symbol.probabilities), symbol.support,
        box_of(symbol.box, picture), line if refused is None else None, refused,
        ink_of(symbol.kind),
    )  # fmt: skip


def left_out(found: Found, picture: Picture) -> Digit:
    """Return a digit that was found and is not part of the text: print, or struck out."""
    chances: NDArray[np.float32] = found.digits
    return Digit(
        int(chances.argmax()), float(chances.max()), tuple(float(p) for p in chances), found.score,
        box_of((found.x, found.y, found.width, found.height), picture), None,
        REASONS[found.kind],
        ink_of(found.kind),
    )  # fmt: skip


def ink_of(kind: int) -> Ink:
    """Return whether a kind of ink was printed."""
    return "printed" if kind in (PRINT, RUNNING) else "handwritten"


def box_of(area: Area, picture: Picture) -> Box:
    """Return whole pixels of the upright original."""
    scale, left, top = picture.scale, picture.left, picture.top
    x, y = left + max(0, int(area[0] * scale)), top + max(0, int(area[1] * scale))
    right = min(picture.width, left - int(-(area[0] + area[2]) * scale // 1))
    bottom = min(picture.height, top - int(-(area[1] + area[3]) * scale // 1))
    return (
        min(x, picture.width - 1),
        min(y, picture.height - 1),
        max(1, right - x),
        max(1, bottom - y),
    )


def line_of(
    symbols: Sequence[Symbol],
    confidences: Sequence[float],
    number: int,
    limits: Limits,
    settings: Settings,
    picture: Picture,
) -> tuple[Line | None, list[Digit], list[Mark]]:
    """Return one line: its numbers, its digits in order, and its marks.

    Parameters
    ----------
    symbols : sequence of Symbol
        From left to right.
    confidences : sequence of float
        For each, how sure the string around it is as a whole, to the power of its share.
    number : int
        The line's own.
    """
    digits = {
        k: digit_of(s, limits, picture, number) for k, s in enumerate(symbols) if s.char.isdigit()
    }
    digits |= _in_numbers(symbols, digits, number, limits, settings)
    kept = [k for k, s in enumerate(symbols) if k not in digits or digits[k].accepted]
    numbers: list[list[int]] = []
    held: set[int] = set()
    for at, k in enumerate(kept):
        if k not in digits:
            continue
        before = _marks_before(kept, at, digits)
        last = numbers[-1][-1] if numbers else None
        joined = last is not None and _near(symbols, [last, *before, k], settings.apart)
        if joined and numbers:
            if _fits(symbols, before, settings):
                numbers[-1] += before
                held |= set(before)
            numbers[-1].append(k)
        else:
            numbers.append([k])
            lead = before[-1] if before else None
            if (
                lead is not None
                and symbols[lead].char == "-"
                and _near(symbols, [lead, k], settings.apart)
                and symbols[lead].confidence >= settings.sure_mark
            ):
                numbers[-1].insert(0, lead)
                held.add(lead)
    marks = [
        Mark(s.char, s.confidence, box_of(s.box, picture), number if numbers else None, k in held)
        for k, s in enumerate(symbols)
        if k not in digits
    ]
    ordered = [digits[k] for k in sorted(digits)]
    if not numbers:
        return None, ordered, marks
    parts = []
    for own in numbers:
        text = "".join(symbols[k].char for k in own)
        sure = float(np.prod([confidences[k] for k in own]))
        parts.append(
            Number(
                text,
                union([box_of(symbols[k].box, picture) for k in own]),
                min(1.0, max(0.0, sure)),
            )
        )
    whole = union([part.box for part in parts])
    return Line(" ".join(part.text for part in parts), whole, tuple(parts)), ordered, marks


def _in_numbers(
    symbols: Sequence[Symbol], digits: dict[int, Digit], number: int, limits: Limits,
    settings: Settings,
) -> dict[int, Digit]:  # fmt: skip
    """Return unsure digits in a piece with accepted ones, accepted too: else it is another number.

    That the number is doubtful, its confidence says.
    """
    runs: list[list[int]] = []
    for k, digit in digits.items():
        if digit.refused == "not a digit":
            continue
        if runs and _near(symbols, [runs[-1][-1], k], settings.gap):
            runs[-1].append(k)
        else:
            runs.append([k])
    least = settings.in_number * limits.confidence
    return {
        k: replace(digits[k], refused=None, line=number)
        for run in runs
        if any(digits[k].accepted for k in run)
        for k in run
        if digits[k].refused == "unsure" and digits[k].confidence >= least
    }


def _marks_before(kept: Sequence[int], at: int, digits: dict[int, Digit]) -> list[int]:
    """Return the marks between the digit before and this one."""
    out: list[int] = []
    for k in reversed(kept[:at]):
        if k in digits:
            break
        out.insert(0, k)
    return out


def _near(symbols: Sequence[Symbol], row: Sequence[int], apart: float) -> bool:
    """Whether no gap in a row of symbols is wider than a digit."""
    tall = max(symbols[k].box[3] for k in (row[0], row[-1]))
    for a, b in pairwise(row):
        if symbols[b].box[0] - (symbols[a].box[0] + symbols[a].box[2]) > apart * tall:
            return False
    return True


def _fits(symbols: Sequence[Symbol], marks: Sequence[int], settings: Settings) -> bool:
    """Whether marks between two digits belong to the number: one that may, and surely seen."""
    return (
        len(marks) == 1
        and symbols[marks[0]].char in BETWEEN
        and symbols[marks[0]].confidence >= settings.sure_mark
    )


def union(boxes: Sequence[Box]) -> Box:
    """Return the box around boxes."""
    x, y = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return x, y, right - x, bottom - y


REASONS: dict[int, Refusal] = {
    HAND: "handwritten", PRINT: "printed", RUNNING: "printed", STRUCK: "struck out",
}  # fmt: skip
