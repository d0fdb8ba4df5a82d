"""The likeliest strings that an automaton accepts, and proof that there are no likelier ones.

Prefix search (Graves et al. 2006, section 3.2) takes the prefix whose strings are together the most
probable, and makes it longer, until a whole string is more probable than all that is left. How
probable a prefix's strings are together, of those that the automaton accepts, a backward pass over
its states tells beforehand. So no prefix is followed that cannot be finished, whatever the frames
say, and all strings that fit have a probability together: that there is one at all.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count as counter

import numpy as np
from numpy.typing import NDArray

from tenfold.reader.expect import Automaton
from tenfold.signature import CHARS

Floats = NDArray[np.float64]

WIDTH = 24  # prefixes of one length that are made longer; reached only where frames say nothing
LEAST = 1e-4  # share of the likeliest string's probability from which on others are looked for
MOST_CELLS = 20_000_000  # of the backward pass: beyond, later views are left out


@dataclass(frozen=True, slots=True, eq=False)
class _Prefix:
    """A prefix that may be made longer.

    Parameters
    ----------
    text : str
    state : int
        Of the automaton.
    char : int
        The class of its last character; 0 for the empty prefix.
    entered : float array, shape (views, t)
        Probability that its last character begins at a frame.
    """

    text: str
    state: int
    char: int
    entered: Floats


def likeliest(
    views: Sequence[NDArray[np.float32]], automaton: Automaton, count: int
) -> tuple[list[tuple[str, float]], float]:
    """Return the likeliest strings with their log-probabilities, and that of all together.

    The probability of a string is its mean over the views.

    Parameters
    ----------
    views : sequence of float arrays, shape (t, 21)
        Log-probabilities of the frames of each.
    automaton : Automaton
        What is accepted; not an empty one.
    count : int
        How many are wanted, 0 too; fewer come where there are no more, or those left are less
        probable than `LEAST` of the likeliest.

    Returns
    -------
    list of (str, float)
        Likeliest first; empty where no string that fits has room in the frames.
    float
        Log-probability that the frames spell any string that fits.
    """
    longest = max(map(len, views))
    labels = len(automaton.arcs.char)
    room = max(1, MOST_CELLS // max(1, longest * labels))
    search = _Search(views[:room], automaton)
    if not search.total:
        return [], -math.inf
    found = search.run(count)
    return (
        [(text, math.log(chance) + search.scale) for text, chance in found],
        math.log(search.total) + search.scale,
    )


class _Search:
    """All arrays are scaled, each view by all that its strings come to."""

    def __init__(self, views: Sequence[NDArray[np.float32]], automaton: Automaton) -> None:
        self._automaton = automaton
        self._arcs = automaton.arcs
        longest = max(map(len, views))
        # Shorter views end in blanks, which change nothing.
        frames = np.zeros((len(views), longest, 1 + len(CHARS)))
        frames[:, :, 0] = 1.0
        for own, view in zip(frames, views, strict=True):
            own[: len(view)] = np.exp(np.asarray(view, float))
        self._hope, whole, scales, steps = _backward(frames, automaton)
        self._frames = frames / steps[:, :, None]
        with np.errstate(divide="ignore"):
            logs = np.log(whole) + scales
        self.scale = float(logs.max())
        if not np.isfinite(self.scale):
            self.total = 0.0
            return
        # Of each view: what its scaled probabilities count in the mean.
        self._weights = np.exp(np.where(whole > 0, scales, -np.inf) - self.scale) / len(views)
        self.total = float((self._weights * whole).sum())

    def run(self, count: int) -> list[tuple[str, float]]:
        """Return the likeliest strings with their probabilities, scaled."""
        found: list[tuple[str, float]] = []
        order = counter()
        heap: list[tuple[float, int, _Prefix]] = []
        views, longest, _ = self._frames.shape
        root = _Prefix("", 0, 0, np.zeros((views, longest)))
        heapq.heappush(heap, (-self.total, next(order), root))
        lengths: Counter[int] = Counter()
        while heap and count:
            left, _, prefix = heapq.heappop(heap)
            found.sort(key=lambda pair: -pair[1])
            if len(found) >= count and -left <= found[count - 1][1]:
                break
            if len(found) > 1 and -left < LEAST * found[0][1]:
                break
            lengths[len(prefix.text)] += 1
            if lengths[len(prefix.text)] > WIDTH:
                continue
            own, longer = self._grow(prefix)
            if own > 0:
                found.append((prefix.text, own))
            for chance, following in longer:
                heapq.heappush(heap, (-chance, next(order), following))
        return sorted(found, key=lambda pair: -pair[1])[:count]

    def _grow(self, prefix: _Prefix) -> tuple[float, list[tuple[float, _Prefix]]]:
        """Return a prefix's own probability as a string, and the prefixes one longer."""
        last, blank = self._spelled(prefix)
        own = 0.0
        if self._automaton.final(prefix.state):
            own = float((self._weights * (last[:, -1] + blank[:, -1])).sum())
        labels = self._arcs.out[prefix.state]
        if not len(labels):
            return own, []
        chars = self._arcs.char[labels]
        before = last[:, :-1, None] * (chars != prefix.char) + blank[:, :-1, None]
        with np.errstate(over="ignore", invalid="ignore"):
            entered = before * self._frames[:, :, chars]  # (views, t, labels)
            hope = np.einsum("vtk,tvk->vk", entered, self._hope[1:, :, labels])
        chances = self._weights @ np.nan_to_num(hope, posinf=0.0)
        longer = [
            (
                float(chances[k]),
                _Prefix(
                    prefix.text + CHARS[chars[k] - 1],
                    int(self._arcs.state[labels[k]]),
                    int(chars[k]),
                    entered[:, :, k],
                ),
            )
            for k in np.flatnonzero(chances > 0)
        ]
        return own, longer

    def _spelled(self, prefix: _Prefix) -> tuple[Floats, Floats]:
        """Probability that a prefix is all that was spelled before a frame: (views, t + 1) each.

        The frame before is one of the prefix's last character, or it is the blank.
        """
        views, longest, _ = self._frames.shape
        last = np.zeros((views, longest + 1))
        blank = np.zeros((views, longest + 1))
        for v in range(views):
            b = 0.0 if prefix.char else 1.0
            n = 0.0
            # Before its last character may begin, nothing is spelled.
            begins = np.flatnonzero(prefix.entered[v])
            first = 0 if not prefix.char else int(begins[0]) if len(begins) else longest
            blanks, lasts = [b] * (first + 1), [n] * (first + 1)
            rows = zip(
                prefix.entered[v, first:].tolist(),
                self._frames[v, first:, prefix.char].tolist(),
                self._frames[v, first:, 0].tolist(),
                strict=True,
            )
            for entered, stays, empty in rows:
                b = (b + n) * empty
                n = entered + n * stays if prefix.char else 0.0
                blanks.append(b)
                lasts.append(n)
            last[v], blank[v] = lasts, blanks
        return last, blank


def _backward(frames: Floats, automaton: Automaton) -> tuple[Floats, Floats, Floats, Floats]:
    """Take an automaton's states back through the frames.

    Returns
    -------
    float array, shape (t + 1, views, labels)
        Probability of all that may follow a label from a frame on, scaled.
    float array, shape (views,)
        That of all that may follow the start, scaled.
    float array, shape (views,)
        Logarithm of what the scaled ones have to be multiplied with.
    float array, shape (views, t)
        By how much each frame was scaled.
    """
    arcs = automaton.arcs
    views, longest, _ = frames.shape
    state, char = arcs.state, arcs.char
    again = np.flatnonzero(arcs.again >= 0)
    finals = np.array(automaton.finals, float)
    hope = np.empty((longest + 1, views, len(state)))
    after = np.repeat(finals[None], views, axis=0)  # where the frame before is the blank
    hope[longest] = finals[state]
    steps = np.ones((views, longest))
    said = np.ascontiguousarray(frames[:, :, char].transpose(1, 0, 2))
    for t in range(longest - 1, -1, -1):
        begin = said[t] * hope[t + 1]  # each label begins, or goes on, at this frame
        after = frames[:, t, :1] * after
        if len(arcs.source):
            after[:, arcs.source] += np.add.reduceat(begin[:, arcs.label], arcs.first, axis=1)
        own = after[:, state] + begin
        own[:, again] -= begin[:, arcs.again[again]]  # only after a blank
        hope[t] = np.maximum(own, 0)
        most = np.maximum(after.max(axis=1), hope[t].max(axis=1, initial=0))
        steps[:, t] = np.where(most > 0, most, 1)
        after /= steps[:, t : t + 1]
        hope[t] /= steps[:, t : t + 1]
    return hope, after[:, 0], np.log(steps).sum(axis=1), steps
