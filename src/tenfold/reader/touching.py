"""Read digits that touch, all together.

Where digits share a stroke no cut is right: whichever digit loses the stroke is misread. A small
convolutional network reads such a piece of ink from left to right instead, as one word, without
being told where a digit ends (connectionist temporal classification, Graves et al. 2006).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tenfold.model import open_session
from tenfold.preprocess.normalize import ASIDE
from tenfold.preprocess.segment import Piece

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Strips uint8 (n, 28, width) to probabilities (n, frames, 11); the last symbol is "nothing new".
Speller: TypeAlias = Callable[[Pixels], Floats]

STRIDE = 2  # columns of a strip for each frame
NOTHING = 10
WIDE, ALMOST, LONGEST = 0.75, 0.14, 14.0  # digit heights: of a piece, between pieces, of a group


def open_speller(content: bytes, where: str) -> Speller:
    """Open the file of a network that reads digits that touch.

    Raises
    ------
    ModelError
        If it is damaged, or none of tenfold's.
    """
    session, _ = open_session(content, where, threads=1)

    def speller(strips: Pixels) -> Floats:
        return np.asarray(session.run(["frames"], {"strips": strips})[0], np.float32)

    return speller


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """One digit of a piece in which digits touch.

    Parameters
    ----------
    piece : Piece
        Its share of the ink, by straight cuts halfway to its neighbours.
    probabilities : float32 array, shape (10,)
    certainty : float
        How surely there is a digit at all, 0 to 1.
    """

    piece: Piece
    probabilities: Floats
    certainty: float


def groups(line: Sequence[Piece], height: float) -> list[tuple[int, int]]:
    """Find what may be digits that touch: first piece and one beyond the last.

    Wide pieces, and neighbours that almost touch: one of them may be broken.

    Parameters
    ----------
    line : sequence of Piece
        From left to right.
    height : float
        How high a digit is, in pixels.
    """
    found = {(i, i + 1) for i, piece in enumerate(line) if piece.width >= WIDE * height}
    first, right = 0, line[0].right
    for last, piece in enumerate([*line[1:], None], 1):
        if piece is None or piece.x - right > ALMOST * height:
            wide = right - line[first].x
            if last - first > 1 and WIDE * height <= wide <= LONGEST * height:
                found.add((first, last))
            first, right = last, 0
        right = max(right, piece.right) if piece is not None else 0
    return sorted(found)


def spell(
    pieces: Sequence[Piece], strips: Sequence[Pixels], speller: Speller
) -> list[list[Letter]]:
    """Read pieces of ink, each as a row of digits from left to right.

    Parameters
    ----------
    pieces : sequence of Piece
    strips : sequence of uint8 array, shape (28, width)
        The pieces as `tenfold.preprocess.segment.strip_of` frames them.
    speller : callable
        The network.
    """
    if not pieces:
        return []
    widest = max(strip.shape[1] for strip in strips)
    widest += -widest % STRIDE
    sheet = np.stack([np.pad(strip, ((0, 0), (0, widest - strip.shape[1]))) for strip in strips])
    frames = speller(sheet)
    return [
        _letters(piece, strip.shape[1], rows[: -(-strip.shape[1] // STRIDE)])
        for piece, strip, rows in zip(pieces, strips, frames, strict=True)
    ]


def collapse(frames: Floats) -> list[int]:
    """Find the frames that name a digit: the surest of each run of the same likeliest symbol.

    Parameters
    ----------
    frames : float32 array, shape (frames, 11)

    Examples
    --------
    >>> frames = np.zeros((5, 11), np.float32)
    >>> frames[range(5), [7, 7, 10, 7, 1]] = [0.5, 0.9, 0.8, 0.7, 0.6]
    >>> collapse(frames)
    [1, 3, 4]
    """
    peaks: list[int] = []
    before = NOTHING
    for frame, symbol in enumerate(frames.argmax(axis=1).tolist()):
        if symbol != NOTHING and symbol != before:
            peaks.append(frame)
        elif symbol != NOTHING and frames[frame, symbol] > frames[peaks[-1], symbol]:
            peaks[-1] = frame
        before = symbol
    return peaks


def _letters(piece: Piece, width: int, frames: Floats) -> list[Letter]:
    """Name the digits, and share the ink among them halfway between their frames."""
    peaks = collapse(frames)
    if not peaks:
        return []
    zoom = piece.width / max(1, width - 2 * ASIDE)
    places = [((frame + 0.5) * STRIDE - ASIDE) * zoom for frame in peaks]
    edges = [0, *(round((a + b) / 2) for a, b in pairwise(places)), piece.width]
    letters = []
    for frame, (left, right) in zip(peaks, pairwise(edges), strict=True):
        digits = frames[frame, :NOTHING]
        certainty = float(digits.sum())
        part = _part(piece, left, right)
        if part is not None:
            letters.append(Letter(part, digits / max(certainty, 1e-9), certainty))
    return letters


def _part(piece: Piece, left: int, right: int) -> Piece | None:
    """Ink between two columns; None where there is none."""
    mask = piece.mask[:, max(0, left) : max(0, right)]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    x, y = int(columns[0]), int(rows[0])
    own = np.ascontiguousarray(mask[y : rows[-1] + 1, x : columns[-1] + 1])
    x += max(0, left)
    return Piece(piece.x + x, piece.y + y, own.shape[1], own.shape[0], own, int(own.sum()))
