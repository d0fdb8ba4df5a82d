"""From glyphs found to the lines and digits of a Reading: what to refuse, where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from statistics import median

from tenfold.preprocess.image import Picture
from tenfold.preprocess.segment import Piece
from tenfold.reader.decode import Found
from tenfold.reader.page import Page
from tenfold.reader.reading import Box, Digit, Line, Number, Refusal

Lines = list[list[Found]]

# Among digits a mark is one more likely than by itself: where this share of a line is accepted,
# this share of the digitness needed otherwise will do for the rest.
AMONG_DIGITS, IN_LINE = 0.5, 0.3
WORD_SHARE = 0.5  # of a line's marks: fewer digits among letters are letters too
WORD_MARKS = 4
STRAY_AMONG = 3  # digits in a typical line of the page
MARK = 0.45  # digit heights: smaller marks are dashes and dots, and say nothing of the line


def refusals(
    lines: Lines, page: Page | None, min_confidence: float, least_digitness: float
) -> list[list[Refusal | None]]:
    """Say of each glyph why it is refused, or None."""
    refused: list[list[Refusal | None]] = []
    for line in lines:
        verdicts = [_refusal(found, min_confidence, least_digitness) for found in line]
        if verdicts.count(None) >= max(2, AMONG_DIGITS * len(verdicts)):
            lenient = IN_LINE * least_digitness
            verdicts = [_refusal(found, min_confidence, lenient) for found in line]
        if page is not None and _is_word(line, verdicts, page.height):
            verdicts = ["not a digit"] * len(line)
        refused.append(verdicts)
    if page is not None:
        _refuse_stray_ones(lines, refused)
    return refused


def _refuse_stray_ones(lines: Lines, refused: list[list[Refusal | None]]) -> None:
    """Refuse a lone stroke between lines of numbers: the edge of a sheet or a rule, no one."""
    counts = [verdicts.count(None) for verdicts in refused]
    written = [count for count in counts if count > 0]
    if not written or median(written) < STRAY_AMONG:
        return
    for line, verdicts in zip(lines, refused, strict=True):
        read = [found for found, verdict in zip(line, verdicts, strict=True) if verdict is None]
        if len(read) == 1 and int(read[0].probabilities.argmax()) == 1:
            verdicts[verdicts.index(None)] = "not a digit"


def _refusal(found: Found, min_confidence: float, least_digitness: float) -> Refusal | None:
    if not found.is_digit or found.digitness < least_digitness:
        return "not a digit"
    return "unsure" if float(found.probabilities.max()) < min_confidence else None


def _is_word(line: Sequence[Found], verdicts: Sequence[Refusal | None], height: float) -> bool:
    """Tell a line of letters, a few of which look like digits."""
    marks = [
        verdict
        for found, verdict in zip(line, verdicts, strict=True)
        if found.piece.height >= MARK * height
    ]
    letters = sum(verdict == "not a digit" for verdict in marks)
    return len(marks) >= WORD_MARKS and letters > WORD_SHARE * len(marks)


def quality(lines: Lines, height: float) -> float:
    """Mean of probability times digitness over all marks, 0 to 1: how well a page reads."""
    scores = [
        float(found.probabilities.max()) * found.digitness if found.is_digit else 0.0
        for line in lines
        for found in line
        if found.piece.height >= MARK * height
    ]
    return sum(scores) / len(scores) if scores else 0.0


def assemble(
    lines: Lines, refused: Sequence[Sequence[Refusal | None]], picture: Picture
) -> tuple[tuple[Line, ...], tuple[Digit, ...]]:
    """Return the lines with text and all digits, boxes in pixels of the upright original."""
    texts: list[Line] = []
    digits: list[Digit] = []
    for line, verdicts in zip(lines, refused, strict=True):
        number = len(texts) if None in verdicts else None
        row = [_digit(*pair, number, picture) for pair in zip(line, verdicts, strict=True)]
        accepted = [digit for digit in row if digit.accepted]
        digits += row
        if accepted:
            text = "".join(str(digit.digit) for digit in accepted)
            box = _union([digit.box for digit in accepted])
            # As if a line were one number, and its digits right or wrong independently.
            number_read = Number(text, box, prod(digit.confidence for digit in accepted))
            texts.append(Line(text, box, (number_read,)))
    return tuple(texts), tuple(digits)


def _digit(found: Found, verdict: Refusal | None, number: int | None, picture: Picture) -> Digit:
    chances = found.probabilities
    return Digit(
        digit=int(chances.argmax()),
        confidence=float(chances.max()),
        probabilities=tuple(float(chance) for chance in chances),
        digitness=found.digitness,
        box=_box(found.piece, picture),
        line=number,
        refused=verdict,
    )


def _box(piece: Piece, picture: Picture) -> Box:
    scale = picture.scale
    x, y = int(piece.x * scale), int(piece.y * scale)
    right = min(picture.width, -int(-piece.right * scale // 1))
    bottom = min(picture.height, -int(-piece.bottom * scale // 1))
    return x, y, max(1, right - x), max(1, bottom - y)


def _union(boxes: Sequence[Box]) -> Box:
    x, y = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return x, y, right - x, bottom - y
