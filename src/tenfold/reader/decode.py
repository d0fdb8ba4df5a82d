"""Read a line: the likeliest way to divide its ink into digits.

Pieces may have to be joined (a 5 whose bar floats), cut (digits that touch), or left out (dots,
dashes, letters). Every run of neighbouring atoms that could be one digit is framed and put to the
classifier; dynamic programming over the line then finds the division with the best sum of scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.cuts import Atom, cut
from tenfold.preprocess.normalize import pen_width
from tenfold.preprocess.segment import Piece, glyph_of, merge
from tenfold.reader.layout import Page

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Glyphs uint8 (n, 28, 28) to class probabilities (n, 10) and digitness (n,).
Judge: TypeAlias = Callable[[Pixels], tuple[Floats, Floats]]

MOST_ATOMS, FEW_ATOMS = 12, 3  # in one digit, and where there are too many to try
WIDEST = 1.4  # digit heights
SURE, LIKELY, NARROW = 0.97, 0.9, 0.55
LOW = 0.65  # of the page's digits: lower pieces are no touching digits, but bars and dashes
CROWDED = 40  # pieces in a line: that many are text, in which only wide pieces are cut
FULL_PAGE = 300  # pieces: on so full a page nothing is cut, for it would take minutes
SHARED = 0.35  # digit heights: no wider are strokes that two digits share
ON_RULE = 0.12  # digit heights between a digit and the rule it stands on


@dataclass(frozen=True, slots=True)
class Weights:
    """What a division of a line costs; chosen on lines composed from MNIST's training digits.

    Parameters
    ----------
    certainty, digitness : float
        Weights of the logarithms of the top probability and of the digitness.
    cut : float
        Per stroke cut through.
    gap : float
        Per digit height of paper inside a digit.
    digit : float
        Per digit.
    low : float
        For a digit lower than its line, per share of the line's height missing beyond a half.
    garbage, speck : float
        For ink left out: per digit height of its size, and for the mark itself.
    shared : float
        For a narrow atom that two neighbours both use: strokes that lie on each other.
    ruled : float
        For a digit that needs a piece of the rule it stands on.
    sliver : float
        For a one, for each side on which it was cut off: parallel strokes hardly touch.
    """

    certainty: float = 1.0
    digitness: float = 3.5
    cut: float = 1.0
    gap: float = 2.2
    digit: float = 0.5
    low: float = 8.5
    garbage: float = 4.0
    speck: float = 0.45
    shared: float = 1.0
    ruled: float = 0.3
    sliver: float = 1.9


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Neighbouring atoms taken as one glyph, and what the classifier says of it."""

    first: int
    last: int
    piece: Piece
    glyph: Pixels
    probabilities: Floats
    digitness: float
    gap: float
    cut: float
    shared: int
    ruled: bool
    sides: int


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One glyph of the division chosen."""

    piece: Piece
    glyph: Pixels
    probabilities: Floats
    digitness: float
    is_digit: bool


def line_height(line: Sequence[Piece]) -> float:
    """How high the digits of a line are, in pixels."""
    heights = np.array([piece.height for piece in line], float)
    return float(np.median(heights[heights >= 0.5 * heights.max()]))


def candidates(page: Page, line: Sequence[Piece], judge: Judge) -> list[Candidate]:
    """Return every run of atoms of a line that may be one digit, judged."""
    ink, height = page.ink, line_height(line)
    glyphs = np.stack([glyph_of(ink, piece) for piece in line])
    atoms: list[Atom] = []
    full = sum(map(len, page.lines)) > FULL_PAGE
    crowded = full or len(line) > CROWDED
    for piece, probabilities, digitness in zip(line, *judge(glyphs), strict=True):
        score = float(probabilities.max() * digitness)
        wide = piece.width / piece.height
        whole = (score >= SURE and wide < 1.05) or (score >= LIKELY and wide < 0.8)
        whole |= full or (crowded and piece.width < WIDEST * height)
        whole |= piece.height < LOW * page.height
        if whole or piece.width < NARROW * height:
            atoms.append(Atom(piece, 0.0))
        else:
            atoms += cut(piece, height, pen_width(piece.mask * np.uint8(255)))
    runs = _runs(atoms, height, FEW_ATOMS if crowded else MOST_ATOMS)
    pieces = [merge([atom.piece for atom in atoms[first:last]]) for first, last, _ in runs]
    framed = [glyph_of(ink, piece) for piece in pieces]
    on_rules = [_on_rule(page, piece, height) for piece in pieces]
    variants = [(index, piece) for index, piece in enumerate(on_rules) if piece is not None]
    ruled = [glyph_of(page.ruled, piece) for _, piece in variants]
    shown = [*framed, *ruled]
    chances, digitness = judge(np.stack(shown))
    origins = [(i, False) for i in range(len(runs))] + [(i, True) for i, _ in variants]
    found = []
    for row, (index, is_ruled) in enumerate(origins):
        first, last, gap = runs[index]
        found.append(
            Candidate(
                first,
                last,
                on_rules[index] or pieces[index] if is_ruled else pieces[index],
                shown[row],
                chances[row],
                float(digitness[row]),
                gap,
                atoms[first].before,
                _shareable(atoms, first, last, height),
                is_ruled,
                _cut_sides(atoms, first, last),
            )
        )
    return found


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


def _runs(atoms: list[Atom], height: float, most: int) -> list[tuple[int, int, float]]:
    """First atom, one beyond the last, and paper bridged in digit heights."""
    runs = []
    for first, atom in enumerate(atoms):
        left, right, gap = atom.piece.x, atom.piece.right, 0.0
        runs.append((first, first + 1, 0.0))
        for last in range(first + 1, min(first + most, len(atoms))):
            piece = atoms[last].piece
            gap += max(0, piece.x - right) / height
            left, right = min(left, piece.x), max(right, piece.right)
            if right - left > WIDEST * height:
                break
            runs.append((first, last + 1, gap))
    return runs


def divide(found: Sequence[Candidate], height: float, weights: Weights) -> list[Found]:
    """Choose the division of the line with the best score, from left to right."""
    count = max(candidate.last for candidate in found)
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    choice: list[tuple[Candidate, bool, int] | None] = [None] * (count + 1)
    for candidate in sorted(found, key=lambda one: one.last):
        digit, garbage = _scores(candidate, height, weights)
        before, start = best[candidate.first], candidate.first
        for end in range(candidate.first + 1, candidate.first + 1 + candidate.shared):
            score = best[end] - weights.shared
            if score > before and _is_digit(choice[end], candidate.first):
                before, start = score, end
        for is_digit, score in ((True, digit), (False, garbage)):
            if before + score > best[candidate.last]:
                best[candidate.last] = before + score
                choice[candidate.last] = (candidate, is_digit, start)
    division: list[Found] = []
    end = count
    while end > 0:
        chosen = choice[end]
        if chosen is None:
            raise AssertionError("every atom is a candidate of its own")
        one, is_digit, end = chosen
        division.append(Found(one.piece, one.glyph, one.probabilities, one.digitness, is_digit))
    return division[::-1]


def _is_digit(chosen: tuple[Candidate, bool, int] | None, shared: int) -> bool:
    """Whether what ends within the shared atoms is a digit that holds more than these."""
    return chosen is not None and chosen[1] and chosen[0].first < shared


def _cut_sides(atoms: Sequence[Atom], first: int, last: int) -> int:
    """On how many sides a run of atoms was cut off its neighbours: 0, 1 or 2."""
    return (atoms[first].before > 0) + (last < len(atoms) and atoms[last].before > 0)


def _shareable(atoms: Sequence[Atom], first: int, last: int, height: float) -> int:
    """How many of a run's first atoms the digit before may use as well."""
    if atoms[first].before == 0.0:
        return 0
    count, left, right = 0, atoms[first].piece.x, atoms[first].piece.right
    for atom in atoms[first : last - 1]:
        left, right = min(left, atom.piece.x), max(right, atom.piece.right)
        if right - left > SHARED * height or (count and atom.before == 0.0):
            break
        count += 1
    return count


def _scores(candidate: Candidate, height: float, weights: Weights) -> tuple[float, float]:
    """Score of a candidate as a digit and as ink left out."""
    piece = candidate.piece
    shared = -weights.gap * candidate.gap - weights.cut * candidate.cut
    top = float(np.log(candidate.probabilities.max() + 1e-4))
    digitness = float(np.log(candidate.digitness + 1e-4))
    low = weights.low * max(0.0, 0.6 - piece.height / height)
    digit = weights.certainty * top + weights.digitness * digitness - low - weights.digit
    digit -= weights.ruled * candidate.ruled
    if int(candidate.probabilities.argmax()) == 1:
        digit -= weights.sliver * candidate.sides
    size = min(1.5, max(piece.width, piece.height) / height)
    single = candidate.last == candidate.first + 1 and not candidate.ruled
    garbage = -weights.speck - weights.garbage * size if single else -np.inf
    return digit + shared, garbage + shared
