"""The exact probability of each string of a list: CTC's forward algorithm on a trie.

What two strings begin with alike is computed once, and all nodes of the trie are taken a step at
once (Graves et al. 2006, section 4.1, gives the algorithm for one string).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.signature import CHARS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Trie:
    """Strings by what they begin with; node 0 is the empty string.

    Parameters
    ----------
    texts : tuple of str
    parent, char : int arrays, shape (nodes - 1,)
        Of each node but the first; the character as its class, from 1.
    fresh : float array, shape (nodes - 1,)
        1 where the character differs from the one before it, else 0.
    ends : int array, shape (texts,)
        The node of each text.
    """

    texts: tuple[str, ...]
    parent: Ints
    char: Ints
    fresh: Floats
    ends: Ints

    @classmethod
    def of(cls, texts: Sequence[str]) -> Trie:
        """Make the trie of strings."""
        nodes: dict[tuple[int, str], int] = {}
        ends = []
        for text in texts:
            node = 0
            for char in text:
                node = nodes.setdefault((node, char), len(nodes) + 1)
            ends.append(node)
        parent = np.array([parent for parent, _ in nodes], np.int64)
        classes = np.array([CHARS.index(char) + 1 for _, char in nodes], np.int64)
        before = np.concatenate([[0], classes])[parent]
        fresh = (before != classes).astype(float)
        return cls(tuple(texts), parent, classes, fresh, np.array(ends, np.int64))

    def log_probabilities(self, frames: NDArray[np.float32]) -> Floats:
        """Log-probability of each text given the frames of one view; −inf where it has no room.

        Parameters
        ----------
        frames : float array, shape (t, 21)
            Log-probabilities.

        Examples
        --------
        >>> sure = np.full((3, 21), -np.inf)
        >>> sure[[0, 1, 2], [0, 5, 0]] = 0
        >>> Trie.of(["4", "44"]).log_probabilities(sure)
        array([  0., -inf])
        """
        chances = np.exp(np.asarray(frames, float))
        # Of each node: that its string was spelled so far, and the last frame is the blank, or not.
        blank = np.zeros(len(self.parent) + 1)
        own = np.zeros(len(self.parent) + 1)
        blank[0] = 1.0
        scale = 0.0
        for row in chances:
            begun = blank[self.parent] + own[self.parent] * self.fresh
            blank = (blank + own) * row[0]
            own[1:] = (own[1:] + begun) * row[self.char]
            most = max(float(blank.max()), float(own.max()))
            if not most:
                break
            blank /= most
            own /= most
            scale += float(np.log(most))
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(blank[self.ends] + own[self.ends]) + scale, float)
