"""Read a picture that promises exactly one digit.

The classifier sees the picture's ink: all of it, what lies together, or the largest piece alone,
whichever looks most like a digit. Where that is all the ink there is, nobody else is asked. Else
the finder says where the digit is, and opinions are pooled: the classifier's on the ink found
there, without rests of frames and neighbours, the line recogniser's, which reads the place as a
line of one, the finder's own, and the classifier's on the picture's ink where that looks like a
digit, as where one was cut out along its edges; a weighted sum of log-probabilities (Genest &
Zidek 1986).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.segment import Piece, find_pieces, glyph_of, merge
from tenfold.reader.ctc import Network, frames_of, probability, together
from tenfold.reader.find import Finding, Found
from tenfold.reader.glyphs import glyph
from tenfold.reader.lines import Part, cut
from tenfold.reader.recognise import Symbol
from tenfold.reader.scaled import Classifier
from tenfold.reader.settings import Settings
from tenfold.signature import HAND

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

LEAST_SHARE = 0.02  # of the largest piece's area: smaller marks are dirt
TOGETHER = 0.15  # of a group's size: pieces this close belong to it
LEFT_OUT = 2.5  # weight of the logarithm of the share of ink that a group holds
SEEDS = 4  # the largest pieces are tried as the digit's core
LONE = 0.5  # probability of a digit from which on a picture's ink may be one
ALL_INK = 0.98  # of the ink: what lies beside the rest is dirt

SEEN = 0.3  # the finder's score from which on its box is the digit's
ASIDE = 0.6  # of its height: paper on either side of a digit that is read as a line
SIZE = 0.15  # of the picture's long side: digits found smaller than this are likelier strays


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """Probabilities of the ten digits, the digitness and the box they are about, if any."""

    probabilities: Floats
    digitness: float
    box: tuple[float, float, float, float] | None
    glyph: Pixels | None = None

    @property
    def sureness(self) -> float:
        """How much it looks like one digit, whichever."""
        return float(self.probabilities.max()) * self.digitness


def lies_alone(ink: Ink, opinion: Opinion | None) -> bool:
    """Say whether a picture's ink is one digit and nothing else, away from the edge.

    Then there is nothing to find; rests of frames and of neighbours are ink too.
    """
    if opinion is None or opinion.sureness < LONE or opinion.box is None:
        return False
    x, y, width, height = (int(value) for value in opinion.box)
    down, across = ink.mask.shape
    level = ink.level * (ink.mask > 0)
    held = level[y : y + height, x : x + width].sum(dtype=np.float64)
    off_edge = min(x, y, across - x - width, down - y - height) > 0
    return off_edge and bool(held >= ALL_INK * level.sum(dtype=np.float64))


def read_one(
    pixels: Pixels,
    grey: Pixels,
    whole: Opinion | None,
    alone: bool,
    seen: Finding,
    model: Classifier,
    recogniser: Callable[[], Network],
    settings: Settings,
    promised: bool,
) -> tuple[Symbol, Pixels | None] | None:
    """Read the digit of a picture; None where there is no ink at all.

    Parameters
    ----------
    whole : Opinion or None
        On all of the picture's ink, or the part that looks most like a digit; see `by_ink`.
    alone : bool
        Whether that is all there is; see `lies_alone`.
    seen : Finding
    promised : bool
        Whether somebody said that there is one: then a doubtful place with ink is better than none.

    Returns
    -------
    Symbol
    uint8 array, shape (28, 28), or None
        What the classifier saw.
    """
    best = max(seen.found, key=lambda f: _likely(f, grey), default=None)
    given: list[tuple[float, Opinion]] = []
    doubtful = promised and whole is not None
    if best is not None and not alone and (best.score >= SEEN or doubtful):
        opinions = (
            by_place(pixels, seen, best, model),
            by_line(grey, best, recogniser(), settings),
            Opinion(best.digits, best.score, None),
            whole if whole is not None and whole.sureness >= LONE else None,
        )
        pairs = zip(settings.pool, opinions, strict=True)
        given = [(weight, opinion) for weight, opinion in pairs if opinion is not None]
    elif whole is not None:
        given = [(1.0, whole)]
    if not given:
        return None
    total = sum(weight for weight, _ in given)
    logs = [weight * np.log(o.probabilities.astype(float) + 1e-5) for weight, o in given]
    sharpness = settings.pool_sharpness if len(given) > 1 else 1.0
    pooled = np.sum(logs, axis=0) * (sharpness / total)
    chances = np.exp(pooled - pooled.max())
    chances /= chances.sum()
    first = given[0][1]
    box = whole.box if whole is not None else None
    if best is not None and not alone and (best.score >= SEEN or box is None):
        box = (best.x, best.y, best.width, best.height)
    assert box is not None  # noqa: S101 - whoever gave an opinion had a place in mind
    kind = best.kind if best is not None else HAND
    symbol = Symbol(
        str(int(chances.argmax())),
        box,
        chances.astype(np.float32),
        float(chances.max()),
        first.digitness,
        kind,
    )
    return symbol, first.glyph


def _likely(found: Found, grey: Pixels) -> float:
    large = min(1.0, found.height / (SIZE * max(grey.shape)))
    return float(found.score * large**0.5)


def by_place(pixels: Pixels, seen: Finding, found: Found, model: Classifier) -> Opinion | None:
    """Ask the classifier about the ink that was found."""
    framed = glyph(pixels, seen, found)
    if framed is None:
        return None
    chances, digitness = model.predict_with_digitness(framed[None])
    box = (found.x, found.y, found.width, found.height)
    return Opinion(chances[0], float(digitness[0]), box, framed)


def by_line(grey: Pixels, found: Found, recogniser: Network, settings: Settings) -> Opinion:
    """Ask the line recogniser about the place, read as a line of one digit."""
    left = max(0.0, found.x - ASIDE * found.height)
    right = min(float(grey.shape[1]), found.right + ASIDE * found.height)
    part = Part([found], found.height, left, right, *found.middle, 0.0)
    upright = [factor for factor, lean in settings.views if not lean]
    frames = together(frames_of([cut(grey, part, factor)[0] for factor in upright], recogniser))
    logs = np.array([probability(frames, str(digit)) for digit in range(10)])
    chances = np.exp(logs - logs.max())
    return Opinion((chances / chances.sum()).astype(np.float32), float(np.exp(logs.max())), None)


def by_ink(ink: Ink, model: Classifier) -> Opinion | None:
    """Ask the classifier about the picture's ink, or of the part most like a digit."""
    pieces = find_pieces(ink.mask)
    if not pieces:
        return None
    largest = max(piece.area for piece in pieces)
    pieces = [piece for piece in pieces if piece.area >= LEAST_SHARE * largest]
    groups = _groups(pieces, ink.mask.shape)
    merged = [merge(group) for group in groups]
    glyphs = np.stack([glyph_of(ink, piece) for piece in merged])
    chances, digitness = model.predict_with_digitness(glyphs)
    weight = np.array([_weight(ink, group) for group in groups])
    scores = np.log(chances.max(axis=1) + 1e-9) + np.log(digitness + 1e-9)
    best = int(np.argmax(scores + LEFT_OUT * np.log(weight / weight.max() + 1e-9)))
    piece = merged[best]
    box = (float(piece.x), float(piece.y), float(piece.width), float(piece.height))
    return Opinion(chances[best], float(digitness[best]), box, glyphs[best])


def _groups(pieces: Sequence[Piece], shape: tuple[int, ...]) -> list[list[Piece]]:
    """All pieces, those off the picture's edge, the groups around the largest, and these alone."""
    seeds = sorted(pieces, key=lambda piece: -piece.area)[:SEEDS]
    inner = [piece for piece in pieces if not _at_edge(piece, shape)]
    groups = [list(pieces), inner, *(_grow(seed, pieces) for seed in seeds)]
    groups += [[seed] for seed in seeds]
    distinct = {frozenset(map(id, group)): group for group in groups if group}
    return list(distinct.values())


def _at_edge(piece: Piece, shape: tuple[int, ...]) -> bool:
    return min(piece.x, piece.y, shape[1] - piece.right, shape[0] - piece.bottom) <= 0


def _grow(seed: Piece, pieces: Sequence[Piece]) -> list[Piece]:
    """Add what lies near, until nothing does."""
    group, box, rest = [seed], seed, [piece for piece in pieces if piece is not seed]
    while True:
        reach = TOGETHER * max(box.width, box.height)
        near = [piece for piece in rest if _gap(piece, box) <= reach]
        if not near:
            return group
        group += near
        rest = [piece for piece in rest if not any(piece is one for one in near)]
        box = merge([box, *near])


def _gap(one: Piece, other: Piece) -> int:
    aside = max(one.x - other.right, other.x - one.right, 0)
    above = max(one.y - other.bottom, other.y - one.bottom, 0)
    return max(aside, above)


def _weight(ink: Ink, group: Sequence[Piece]) -> float:
    """Ink in a group: area times level, so that a faint frame weighs little."""
    total = 0.0
    for piece in group:
        level = ink.level[piece.y : piece.bottom, piece.x : piece.right]
        total += float((level * piece.mask).sum(dtype=np.float64))
    return total
