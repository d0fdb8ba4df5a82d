"""Read a picture that promises exactly one digit.

Which ink is the digit? All of it, or what lies together, or the largest piece alone: each is framed
and put to the classifier, and the best answer wins, less what it costs to leave ink out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.segment import Piece, find_pieces, glyph_of, merge
from tenfold.reader.decode import Found, Judge

Pixels = NDArray[np.uint8]

LEAST_SHARE = 0.02  # of the largest piece's area: smaller marks are dirt
TOGETHER = 0.15  # of a group's size: pieces this close belong to it
LEFT_OUT = 2.5  # weight of the logarithm of the share of ink that a group holds
SEEDS = 4  # the largest pieces are tried as the digit's core


def read_single(ink: Ink, judge: Judge) -> tuple[Found, float] | None:
    """Return the likeliest one digit and its share of all ink, or None where there is no ink."""
    pieces = find_pieces(ink.mask)
    if not pieces:
        return None
    largest = max(piece.area for piece in pieces)
    pieces = [piece for piece in pieces if piece.area >= LEAST_SHARE * largest]
    groups = _groups(pieces, ink.mask.shape)
    merged = [merge(group) for group in groups]
    glyphs = np.stack([glyph_of(ink, piece) for piece in merged])
    chances, digitness = judge(glyphs)
    weight = np.array([_weight(ink, group) for group in groups])
    scores = np.log(chances.max(axis=1) + 1e-9) + np.log(digitness + 1e-9)
    best = int(np.argmax(scores + LEFT_OUT * np.log(weight / weight.max() + 1e-9)))
    found = Found(merged[best], glyphs[best], chances[best], float(digitness[best]), True)
    return found, float(weight[best] / weight.max())


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
