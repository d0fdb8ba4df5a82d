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

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.cuts import Atom, cut
from tenfold.preprocess.normalize import pen_width
from tenfold.preprocess.segment import Piece, glyph_of, merge

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Glyphs uint8 (n, 28, 28) to class probabilities (n, 10) and digitness (n,).
Judge: TypeAlias = Callable[[Pixels], tuple[Floats, Floats]]

MOST_ATOMS = 10  # in one digit
WIDEST = 1.4  # digit heights
SURE, NARROW = 0.97, 0.55


@dataclass(frozen=True, slots=True)
class Weights:
    """What a division of a line costs; chosen on lines composed from MNIST's training digits.

    Parameters
    ----------
    certainty, digitness : float
        Weights of the logarithms of the top probability and of the digitness.
    cut : float
        Per pen width of ink cut through.
    gap : float
        Per digit height of paper inside a digit.
    digit : float
        Per digit.
    low : float
        For a digit lower than its line, per share of the line's height missing beyond a half.
    garbage, speck : float
        For ink left out: per digit height of its size, and for the mark itself.
    """

    certainty: float = 1.0
    digitness: float = 2.5
    cut: float = 1.6
    gap: float = 2.0
    digit: float = 0.5
    low: float = 8.0
    garbage: float = 2.8
    speck: float = 0.5


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


def candidates(ink: Ink, line: Sequence[Piece], judge: Judge) -> list[Candidate]:
    """Return every run of atoms of a line that may be one digit, judged."""
    height = line_height(line)
    glyphs = np.stack([glyph_of(ink, piece) for piece in line])
    atoms: list[Atom] = []
    for piece, probabilities, digitness in zip(line, *judge(glyphs), strict=True):
        whole = probabilities.max() * digitness >= SURE and piece.width < 1.05 * piece.height
        if whole or piece.width < NARROW * height:
            atoms.append(Atom(piece, 0.0))
        else:
            atoms += cut(piece, height, pen_width(piece.mask * np.uint8(255)))
    runs = _runs(atoms, height)
    pieces = [merge([atom.piece for atom in atoms[first:last]]) for first, last, _ in runs]
    glyphs = np.stack([glyph_of(ink, piece) for piece in pieces])
    judged = zip(runs, pieces, glyphs, *judge(glyphs), strict=True)
    return [
        Candidate(first, last, piece, glyph, chances, float(digitness), gap, atoms[first].before)
        for (first, last, gap), piece, glyph, chances, digitness in judged
    ]


def _runs(atoms: list[Atom], height: float) -> list[tuple[int, int, float]]:
    """First atom, one beyond the last, and paper bridged in digit heights."""
    runs = []
    for first, atom in enumerate(atoms):
        left, right, gap = atom.piece.x, atom.piece.right, 0.0
        runs.append((first, first + 1, 0.0))
        for last in range(first + 1, min(first + MOST_ATOMS, len(atoms))):
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
    choice: list[tuple[Candidate, bool] | None] = [None] * (count + 1)
    for candidate in sorted(found, key=lambda one: one.last):
        digit, garbage = _scores(candidate, height, weights)
        before = best[candidate.first]
        for is_digit, score in ((True, digit), (False, garbage)):
            if before + score > best[candidate.last]:
                best[candidate.last] = before + score
                choice[candidate.last] = (candidate, is_digit)
    division: list[Found] = []
    end = count
    while end > 0:
        chosen = choice[end]
        if chosen is None:
            raise AssertionError("every atom is a candidate of its own")
        one, is_digit = chosen
        division.append(Found(one.piece, one.glyph, one.probabilities, one.digitness, is_digit))
        end = one.first
    return division[::-1]


def _scores(candidate: Candidate, height: float, weights: Weights) -> tuple[float, float]:
    """Score of a candidate as a digit and as ink left out."""
    piece = candidate.piece
    shared = -weights.gap * candidate.gap - weights.cut * candidate.cut
    top = float(np.log(candidate.probabilities.max() + 1e-4))
    digitness = float(np.log(candidate.digitness + 1e-4))
    low = weights.low * max(0.0, 0.6 - piece.height / height)
    digit = weights.certainty * top + weights.digitness * digitness - low - weights.digit
    size = min(1.5, max(piece.width, piece.height) / height)
    single = candidate.last == candidate.first + 1
    garbage = -weights.speck - weights.garbage * size if single else -np.inf
    return digit + shared, garbage + shared
