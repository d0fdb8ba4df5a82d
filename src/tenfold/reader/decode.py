"""Read a line: the likeliest way to divide its ink into digits.

Pieces may have to be joined (a 5 whose bar floats), read together (digits that touch), or left out
(dots, dashes, letters). Every run of neighbouring pieces that could be one digit is framed and put
to the classifier, every group that could be several to the network for digits that touch; dynamic
programming over the line then finds the division with the best sum of scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.segment import Piece, glyph_of, merge, strip_of
from tenfold.reader.page import Field, Line, Page
from tenfold.reader.touching import Speller, groups, spell

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Glyphs uint8 (n, 28, 28) to class probabilities (n, 10) and digitness (n,).
Judge: TypeAlias = Callable[[Pixels], tuple[Floats, Floats]]

MOST_PIECES = 12  # in one digit
CROWDED = 6000  # runs of pieces judged in a line at most; of a texture there would be many more
WIDEST = 1.4  # digit heights
LOWEST = 0.65  # of the page's digits: a line of cells is no lower, whatever dirt is in them
ON_RULE = 0.12  # digit heights between a digit and the rule it stands on


@dataclass(frozen=True, slots=True)
class Weights:
    """What a division of a line costs; chosen on lines composed from MNIST's validation digits.

    Parameters
    ----------
    certainty, digitness : float
        Weights of the logarithms of the top probability and of the digitness.
    gap : float
        Per digit height of paper inside a digit.
    digit : float
        Per digit.
    low : float
        For a digit lower than its line, per share of the line's height missing beyond a half.
    garbage, speck : float
        For ink left out: per digit height of its size, and for the mark itself.
    ruled : float
        For a digit that needs a piece of the rule it stands on.
    spelled, touching : float
        For digits that touch: weight of the logarithm of how surely there is a digit at all, and
        per place where two of them meet.
    """

    certainty: float = 1.0
    digitness: float = 4.3
    gap: float = 2.2
    digit: float = 0.5
    low: float = 8.5
    garbage: float = 5.8
    speck: float = 0.45
    ruled: float = 0.3
    spelled: float = 1.0
    touching: float = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One glyph of the division chosen."""

    piece: Piece
    glyph: Pixels
    probabilities: Floats
    digitness: float
    is_digit: bool


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Neighbouring pieces taken as one digit or as a word of digits that touch, and judged.

    Parameters
    ----------
    first, last : int
        Its first piece of the line, and one beyond its last.
    digits : tuple of Found
        One, or several that touch.
    gap : float
        Paper inside it, in digit heights.
    ruled : bool
        Whether it has borrowed a piece of rule.
    """

    first: int
    last: int
    digits: tuple[Found, ...]
    gap: float = 0.0
    ruled: bool = False


def line_height(page: Page, line: Line) -> float:
    """How high the digits of a line are, in pixels; among cells never far below the page's."""
    heights = np.array([piece.height for field in line for piece in field], float)
    height = float(np.median(heights[heights >= 0.5 * heights.max()]))
    return max(height, LOWEST * page.height) if len(line) > 1 else height


def candidates(page: Page, line: Line, judge: Judge, speller: Speller) -> list[Candidate]:
    """Return all that may be a digit, or digits that touch, of a line, judged."""
    height = line_height(page, line)
    return [*_digits(page, line, height, judge), *_words(page, line, height, speller)]


def _fields(line: Line) -> Iterator[tuple[int, Field]]:
    """Each field, and how many pieces of the line lie before it."""
    start = 0
    for field in line:
        yield start, field
        start += len(field)


def _digits(page: Page, line: Line, height: float, judge: Judge) -> list[Candidate]:
    """Judge every run of pieces as one digit, with and without the rule it may stand on."""
    shown = []
    for start, field in _fields(line):
        for first, last, gap, piece in _runs(field, height):
            ends = start + first, start + last
            shown.append((*ends, gap, piece, glyph_of(page.ink, piece), False))
            on_rule = _on_rule(page, piece, height)
            if on_rule is not None:
                shown.append((*ends, gap, on_rule, glyph_of(page.ruled, on_rule), True))
    chances, digitness = judge(np.stack([glyph for *_, glyph, _ in shown]))
    return [
        Candidate(first, last, (Found(piece, glyph, row, float(sure), True),), gap, ruled)
        for (first, last, gap, piece, glyph, ruled), row, sure in zip(
            shown, chances, digitness, strict=True
        )
    ]


def _words(page: Page, line: Line, height: float, speller: Speller) -> list[Candidate]:
    """Read the groups that may be digits that touch."""
    runs, pieces = [], []
    for start, field in _fields(line):
        for first, last in groups(field, height):
            runs.append((start + first, start + last))
            pieces.append(merge(field[first:last]))
    words = spell(pieces, [strip_of(page.ink, piece) for piece in pieces], speller)
    return [
        Candidate(
            first,
            last,
            tuple(
                Found(
                    one.piece,
                    glyph_of(page.ink, one.piece),
                    one.probabilities,
                    one.certainty,
                    True,
                )
                for one in word
            ),
        )
        for (first, last), word in zip(runs, words, strict=True)
        if len(word) > 1
    ]


def _on_rule(page: Page, piece: Piece, height: float) -> Piece | None:
    """Add the piece of rule that the glyph stands on or hangs from; None where there is none."""
    if page.ruled is page.ink:
        return None
    reach = round(ON_RULE * height)
    top, bottom = max(0, piece.y - reach), min(len(page.ink.mask), piece.bottom + reach)
    columns = slice(piece.x, piece.right)
    rule = page.ruled.mask[top:bottom, columns] - page.ink.mask[top:bottom, columns]
    if int(rule.sum()) < reach:
        return None
    added = Piece(piece.x, top, piece.width, bottom - top, rule, int(rule.sum()))
    return merge([piece, added])


def _runs(line: Sequence[Piece], height: float) -> list[tuple[int, int, float, Piece]]:
    """First piece, one beyond the last, paper bridged in digit heights, and the pieces as one."""
    runs = []
    most = min(MOST_PIECES, max(1, CROWDED // len(line)))
    for first, piece in enumerate(line):
        box, gap = piece, 0.0
        runs.append((first, first + 1, 0.0, piece))
        for last in range(first + 1, min(first + most, len(line))):
            more = line[last]
            aside, above = more.x - box.right, max(more.y - box.bottom, box.y - more.bottom)
            gap += max(0, aside, above) / height
            box = merge([box, more])
            if box.width > WIDEST * height:
                break
            runs.append((first, last + 1, gap, box))
    return runs


def divide(found: Sequence[Candidate], height: float, weights: Weights) -> list[Found]:
    """Choose the division of the line with the best score, from left to right."""
    count = max(candidate.last for candidate in found)
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    choice: list[tuple[Candidate, bool] | None] = [None] * (count + 1)
    for candidate in sorted(found, key=lambda one: one.last):
        before = best[candidate.first]
        for is_digit, score in (
            (True, _digit_score(candidate, height, weights)),
            (False, _garbage_score(candidate, height, weights)),
        ):
            if before + score > best[candidate.last]:
                best[candidate.last] = before + score
                choice[candidate.last] = (candidate, is_digit)
    division: list[Found] = []
    end = count
    while end > 0:
        chosen = choice[end]
        if chosen is None:
            raise AssertionError("every piece is a candidate of its own")
        candidate, is_digit = chosen
        division += [replace(one, is_digit=is_digit) for one in candidate.digits[::-1]]
        end = candidate.first
    return division[::-1]


def _digit_score(candidate: Candidate, height: float, weights: Weights) -> float:
    """Score of a candidate as a digit, or as digits that touch."""
    sure = weights.digitness if len(candidate.digits) == 1 else weights.spelled
    score = -weights.gap * candidate.gap - weights.ruled * candidate.ruled
    score -= weights.touching * (len(candidate.digits) - 1)
    for one in candidate.digits:
        score += weights.certainty * float(np.log(one.probabilities.max() + 1e-4))
        score += sure * float(np.log(one.digitness + 1e-4)) - weights.digit
    if len(candidate.digits) == 1:
        score -= weights.low * max(0.0, 0.6 - candidate.digits[0].piece.height / height)
    return score


def _garbage_score(candidate: Candidate, height: float, weights: Weights) -> float:
    """Score of a candidate as ink left out; only single pieces are."""
    if candidate.last > candidate.first + 1 or candidate.ruled or len(candidate.digits) > 1:
        return float("-inf")
    piece = candidate.digits[0].piece
    size = min(1.5, max(piece.width, piece.height) / height)
    return -weights.speck - weights.garbage * size
