"""Decode what was seen of one number under what it may be: its likeliest values, and how likely.

What does not fit is never considered, however clear it looks; how clear that is, the probability of
all that fits together says. Each value of a list is tried by itself; all else is searched for
(`tenfold.reader.prefixes`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tenfold.reader.ctc import search
from tenfold.reader.expect import Automaton, Expect
from tenfold.reader.prefixes import likeliest
from tenfold.reader.trie import Trie
from tenfold.signature import CHARS, DIGITS

Floats = NDArray[np.float32]

ANYTHING = Automaton((dict.fromkeys(CHARS, 0),), (True,))

# The classifier sees the same ink in a comb's cells as the line recogniser in the frames. Pooled
# opinions sharpen (Genest & Zidek 1986): the weights sum to more than 1, as for lone digits.
FRAMES_WEIGHT, CELLS_WEIGHT = 0.65, 0.65
NEVER = -30.0  # log-probability of what one of the two rules out: it may be wrong


@dataclass(frozen=True, slots=True)
class Trust:
    """How far a promise that the number fits, and what was seen of it, are trusted.

    Fitted on composed validation strips (benchmarks/fit_doubt.py).

    Parameters
    ----------
    doubt : float
        Prior probability that what is written does not fit at all.
    fails : float
        Probability that what was seen says nothing: a promise is not broken by that.
    temper : float
        Exponent of odds: recognisers are too sure of what they see.
    """

    doubt: float = 0.1
    fails: float = 0.02
    temper: float = 0.7

    def kept(self, log_total: float, share: float) -> float:
        """Return the probability that the promise is kept.

        Parameters
        ----------
        log_total : float
            Log-probability of all that fits.
        share : float
            How much of all that might be written fits.
        """
        if share >= 1:
            return 1.0
        fits = min(log_total, -1e-9)
        # How much likelier what was seen is of a number that fits than of one that does not.
        ratio = fits - math.log(-math.expm1(fits)) + math.log((1 - share) / share)
        seen = (1 - self.fails) * math.exp(self.temper * ratio) + self.fails
        return seen / (seen + self.doubt / (1 - self.doubt))


TRUST = Trust()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A string that fits.

    Parameters
    ----------
    text : str
        As it is written.
    log_probability : float
        Of this string, among all strings whether they fit or not.
    """

    text: str
    log_probability: float


@dataclass(frozen=True, slots=True)
class Decoded(Sequence[Candidate]):
    """Candidates, likeliest first, and what all strings that fit come to.

    Parameters
    ----------
    candidates : tuple of Candidate
        Empty where no string that fits has room in what was seen.
    log_total : float
        Log-probability that any string that fits is written.
    share : float
        How much of all that might be written fits, as `Expect.share` has it; 1 where anything does.
    """

    candidates: tuple[Candidate, ...]
    log_total: float
    share: float = 1.0

    def __len__(self) -> int:
        return len(self.candidates)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)

    def __getitem__(self, number):  # type: ignore[no-untyped-def]
        return self.candidates[number]

    def posterior(
        self, expect: Expect | None = None, trust: Trust = TRUST
    ) -> list[tuple[str, float]]:
        """Return values with their probabilities, likeliest first; they sum to less than 1.

        That the number fits was promised, so the probability of a value is its part of all that
        fits, times the probability that the promise is kept: it may be a wrong form, a scrawl, a
        number that was made up. Where all that fits is improbable together, that is likely.

        Parameters
        ----------
        expect : Expect, optional
            Joins the texts that stand for one value.
        trust : Trust

        Examples
        --------
        >>> found = Candidate("12", np.log(0.6)), Candidate("17", np.log(0.2))
        >>> seen = Decoded(found, np.log(0.8), Expect.parse("2 digits").share)
        >>> [(value, round(chance, 3)) for value, chance in seen.posterior()]
        [('12', 0.678), ('17', 0.314)]
        """
        if not self.candidates:
            return []
        parts: dict[str, float] = {}
        for one in self.candidates:
            value = one.text if expect is None else expect.value(one.text)
            parts[value] = parts.get(value, 0.0) + math.exp(one.log_probability - self.log_total)
        rest = max(0.0, 1 - sum(parts.values())) ** trust.temper
        tempered = {value: part**trust.temper for value, part in parts.items()}
        whole = (rest + sum(tempered.values())) / trust.kept(self.log_total, self.share)
        chances = {value: part / whole for value, part in tempered.items()}
        return sorted(chances.items(), key=lambda pair: -pair[1])


def decode(
    views: Sequence[Floats],
    expect: Expect | None = None,
    count: int = 10,
    cells: Floats | None = None,
) -> Decoded:
    """Return the likeliest strings that fit what is expected.

    Parameters
    ----------
    views : sequence of float arrays, shape (t, 21)
        Log-probabilities of the frames in each view, as `tenfold.reader.ctc.frames_of` gives them;
        the mean of a string's probabilities counts. May be empty where there are cells.
    expect : Expect, optional
        By itself anything fits.
    count : int
        How many are wanted; of a list as many as it has values gives all.
    cells : float array, shape (n, 11), optional
        Of a comb's cells, or of the digits that were found, from left to right: log-probabilities
        of the ten digits and of nothing. Any cells may be empty; signs take none.

    Examples
    --------
    >>> frames = np.full((3, 21), np.log(0.01), np.float32)
    >>> frames[[0, 1, 2], [5, 0, 8]] = np.log([0.8, 0.8, 0.5])  # 4, nothing, 7
    >>> [one.text for one in decode([frames], Expect.parse("0..45"), 2)]
    ['4', '40']
    """
    if cells is None:
        return _decoded(views, expect, count)
    share = 1.0 if expect is None else expect.share
    combed = [_as_frames(cells)]
    if not views:
        return _decoded(combed, expect, count)
    # What either finds is weighed by both; what does not fit is weighed too, to tell how much
    # more probable it is: the likeliest strings of one view are enough for that.
    wide = max(count, 10)
    fitting = {one.text for seen in (views, combed) for one in _decoded(seen, expect, wide)}
    others = {text for frames in (views[0], combed[0]) for text, _ in search(frames, wide)}
    texts = sorted(fitting | others)
    if not fitting:
        return Decoded((), -math.inf, share)
    pooled = FRAMES_WEIGHT * np.maximum(_mean(views, Trie.of(texts)), NEVER)
    digits = ["".join(char for char in text if char in DIGITS) for text in texts]
    pooled += CELLS_WEIGHT * np.maximum(_mean(combed, Trie.of(digits)), NEVER)
    pooled -= np.logaddexp.reduce(pooled)
    fits = np.array([text in fitting or expect is None or expect.accepts(text) for text in texts])
    total = float(np.logaddexp.reduce(pooled[fits]))
    found = [Candidate(texts[k], float(pooled[k])) for k in np.flatnonzero(fits)]
    return Decoded(tuple(sorted(found, key=_rank)[:count]), total, share)


def _decoded(views: Sequence[Floats], expect: Expect | None, count: int) -> Decoded:
    if expect is not None and expect.one_of is not None:
        trie = _trie_of(expect)
        logs = _mean(views, trie)
        order = np.argsort(-logs, kind="stable")[:count]
        found = [Candidate(trie.texts[k], float(logs[k])) for k in order if np.isfinite(logs[k])]
        return Decoded(tuple(found), float(np.logaddexp.reduce(logs)), expect.share)
    share = 1.0 if expect is None else expect.share
    automaton = ANYTHING if expect is None else expect.automaton
    texts, total = likeliest(views, automaton, count)
    return Decoded(tuple(Candidate(text, chance) for text, chance in texts), total, share)


@lru_cache(maxsize=64)
def _trie_of(expect: Expect) -> Trie:
    return Trie.of(tuple(expect.values))


def _mean(views: Sequence[Floats], trie: Trie) -> NDArray[np.float64]:
    """Logarithm of the mean over the views of each text's probability."""
    logs = np.stack([trie.log_probabilities(frames) for frames in views])
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(views)), np.float64)


def _as_frames(cells: Floats) -> Floats:
    """Return cells as frames: a blank between two keeps equal digits apart."""
    frames = np.full((2 * len(cells), 1 + len(CHARS)), -np.inf, np.float32)
    frames[0::2, 0] = cells[:, len(DIGITS)]
    frames[0::2, 1 : 1 + len(DIGITS)] = cells[:, : len(DIGITS)]
    frames[1::2, 0] = 0.0
    return frames


def _rank(one: Candidate) -> float:
    return -one.log_probability
