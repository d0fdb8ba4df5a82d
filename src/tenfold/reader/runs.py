"""Where in a picture's lines one number may stand.

A number may go over gaps, and other digits may stand beside it. So lines are cut at the gaps that
part numbers, and every run of neighbouring pieces is decoded under what is expected. Where a number
that fits is likeliest, there it stands; of runs about as likely the one with the most ink of digits
and the fewest gaps is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tenfold.reader.ctc import Network
from tenfold.reader.decode import decode
from tenfold.reader.expect import Expect
from tenfold.reader.find import Found
from tenfold.reader.recognise import ReadPart, with_all_views
from tenfold.reader.settings import Settings
from tenfold.signature import CHARS

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

MOST_PIECES = 8  # of a line that one number may go over
OFF = 3  # digits found more or less than a number may have: it is another number
AS_LIKELY = 0.5  # share of the best run's probability from which on another is as good
A_GAP = 0.8  # what a gap inside a number makes of its ink when runs are compared


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Digits of one part without a gap that parts numbers.

    Parameters
    ----------
    read : ReadPart
    start, end : float
        Where it begins and ends, as shares of the part.
    found : list of Found
    """

    read: ReadPart
    start: float
    end: float
    found: list[Found]

    def frames(self, view: int) -> tuple[int, int]:
        """Return its first frame in a view, and the one after its last."""
        count = len(self.read.views[view])
        first = min(count - 1, round(self.start * count))
        return first, max(first + 1, round(self.end * count))

    @property
    def ink(self) -> float:
        """Of its digits, as the sum of their heights."""
        return sum(found.height for found in self.found)


def best_run(
    lines: Sequence[Sequence[ReadPart]], expect: Expect, settings: Settings
) -> list[Piece]:
    """Return the pieces that fit best; none where nothing fits at all."""
    runs = list(_runs(lines, settings))
    fewest, most = expect.lengths
    near = [run for run in runs if fewest - OFF <= sum(len(p.found) for p in run) <= most + OFF]
    scored = [(decode(views_of(run)[:1], expect, 0).log_total, run) for run in near or runs]
    best = max((total for total, _ in scored), default=-math.inf)
    if not math.isfinite(best):
        return []
    good = [run for total, run in scored if total >= best + math.log(AS_LIKELY)]
    return max(good, key=lambda run: sum(piece.ink for piece in run) * A_GAP ** (len(run) - 1))


def _runs(lines: Sequence[Sequence[ReadPart]], settings: Settings) -> Iterator[list[Piece]]:
    for line in lines:
        pieces = [piece for read in line for piece in _pieces(read, settings)]
        for first in range(len(pieces)):
            for last in range(first + 1, min(len(pieces), first + MOST_PIECES) + 1):
                yield pieces[first:last]


def _pieces(read: ReadPart, settings: Settings) -> list[Piece]:
    """Cut a part at the gaps that part numbers."""
    part = read.part
    wide = max(1e-6, part.end - part.start)
    out, start, own = [], 0.0, list[Found]()
    for found in part.found:
        if own and found.x - own[-1].right > settings.apart * max(found.height, own[-1].height):
            middle = ((found.x + own[-1].right) / 2 - part.start) / wide
            out.append(Piece(read, start, middle, own))
            start, own = middle, []
        own.append(found)
    return [*out, Piece(read, start, 1.0, own)]


def in_all_views(
    run: Sequence[Piece], grey: Pixels, recogniser: Network, settings: Settings
) -> list[Piece]:
    """Show the parts of a run in the views that they have not been shown in."""
    reads = {id(piece.read): piece.read for piece in run}
    shown = with_all_views(list(reads.values()), grey, recogniser, settings)
    now = dict(zip(reads, shown, strict=True))
    return [replace(piece, read=now[id(piece.read)]) for piece in run]


def views_of(run: Sequence[Piece]) -> list[Floats]:
    """Return the frames of pieces after each other, in each view; a blank keeps them apart."""
    blank = np.full((1, 1 + len(CHARS)), -np.inf, np.float32)
    blank[0, 0] = 0.0
    out = []
    for k in range(max(len(piece.read.views) for piece in run)):
        frames: list[Floats] = []
        for piece in run:
            view = min(k, len(piece.read.views) - 1)
            first, last = piece.frames(view)
            frames += [piece.read.views[view][first:last], blank]
        out.append(np.concatenate(frames[:-1]))
    return out
