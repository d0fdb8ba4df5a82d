"""Automata over the characters that can be read: which texts fit, character by character.

Each rule is a small machine by itself; all rules of one expectation are followed side by side, and
what they accept together becomes one table. States from which no text can end are left out, so a
prefix that has a state can be finished.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import UsageError
from tenfold.signature import CHARS, DIGITS

MOST_STATES = 8_000
MOST_LENGTH = 100  # characters of a text
LENGTHS = 12  # of numbers, about as frequent as each other
MOST_SHARE = 0.5  # something that does not fit may always be written

State = Hashable
Ints = NDArray[np.int64]


class Rule(Protocol):
    """A deterministic machine: where it begins, where a character leads, where it may end."""

    @property
    def start(self) -> State:
        """The state before the first character."""

    def step(self, state: Any, char: str) -> State | None:
        """Return the state after a character; None where it may not stand."""

    def final(self, state: Any) -> bool:
        """Whether the text may end here."""


@dataclass(frozen=True)
class Automaton:
    """Texts that fit, as a table of states; state 0 is the start.

    Parameters
    ----------
    rows : tuple of dict
        For each state, where each character leads.
    finals : tuple of bool
        For each state, whether a text may end there.

    Examples
    --------
    >>> from tenfold.reader.expect.numbers import Numeral
    >>> months = Automaton.of([Numeral((1, 12))])
    >>> [text for text in ("0", "7", "07", "12", "13") if months.accepts(text)]
    ['7', '07', '12']
    """

    rows: tuple[dict[str, int], ...]
    finals: tuple[bool, ...] = field(repr=False)

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> Automaton:
        """Make the table of the texts that fit all rules; it is empty where none does.

        Raises
        ------
        UsageError
            If it takes more than `MOST_STATES` states.
        """
        start = tuple(rule.start for rule in rules)
        numbers = {start: 0}
        states = [start]
        rows: list[dict[str, int]] = []
        while len(rows) < len(states):
            row = {}
            for char in CHARS:
                after = _after(rules, states[len(rows)], char)
                if after is None:
                    continue
                if after not in numbers:
                    numbers[after] = len(states)
                    states.append(after)
                row[char] = numbers[after]
            rows.append(row)
            if len(states) > MOST_STATES:
                raise UsageError(
                    "this allows too many different texts to keep track of; allow less"
                )
        finals = [
            all(rule.final(own) for rule, own in zip(rules, state, strict=True)) for state in states
        ]
        return cls(*_trimmed(rows, finals))

    @property
    def empty(self) -> bool:
        """Whether no text fits."""
        return not self.rows

    def step(self, state: int, char: str) -> int | None:
        """Return the state after a character; None where no text that fits goes on like that."""
        return self.rows[state].get(char)

    def final(self, state: int) -> bool:
        """Whether a text may end in a state."""
        return self.finals[state]

    def accepts(self, text: str) -> bool:
        """Whether a text fits."""
        state: int | None = 0 if self.rows else None
        for char in text:
            if state is None:
                return False
            state = self.step(state, char)
        return state is not None and self.final(state)

    @cached_property
    def lengths(self) -> tuple[int, int]:
        """The fewest and the most characters of a text, up to `MOST_LENGTH`."""
        found = [0] if self.finals[0] else []
        states = {0}
        for length in range(1, MOST_LENGTH + 1):
            states = {target for state in states for target in self.rows[state].values()}
            if any(self.finals[state] for state in states):
                found.append(length)
        return found[0], found[-1]

    @cached_property
    def share(self) -> float:
        """How much of all that might be written fits; see `share_of`."""
        weights, total = {0: 1.0}, float(self.finals[0])
        for _ in range(2 * LENGTHS):
            after: dict[int, float] = {}
            for state, weight in weights.items():
                for target in self.rows[state].values():
                    after[target] = after.get(target, 0.0) + weight / len(DIGITS)
            weights = after
            total += sum(weight for state, weight in weights.items() if self.finals[state])
        return min(MOST_SHARE, total / LENGTHS)

    @cached_property
    def arcs(self) -> Arcs:
        """The table as arrays."""
        return Arcs.of(self)


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """An automaton's table as arrays: a label is a state together with the character before it.

    Parameters
    ----------
    state, char : int arrays, shape (labels,)
        Of each label; the character as its class, from 1.
    again : int array, shape (labels,)
        The label that the same character once more leads to; -1 where it may not follow.
    label : int array, shape (arcs,)
        Where each arc leads, in the order of the states that they leave.
    source, first : int arrays, shape (states with arcs,)
        The states that arcs leave, and the first arc of each.
    out : list of int array
        For each state, the labels that its arcs lead to.
    """

    state: Ints
    char: Ints
    again: Ints
    label: Ints
    source: Ints
    first: Ints
    out: list[Ints]

    @classmethod
    def of(cls, automaton: Automaton) -> Arcs:
        """Give the labels of an automaton numbers and list its arcs."""
        numbers: dict[tuple[int, str], int] = {}
        out = []
        for row in automaton.rows:
            own = [numbers.setdefault((target, char), len(numbers)) for char, target in row.items()]
            out.append(np.array(own, np.int64))
        rows = automaton.rows
        again = [
            numbers[rows[state][char], char] if char in rows[state] else -1
            for state, char in numbers
        ]
        leaving = [k for k, own in enumerate(out) if len(own)]
        sizes = [len(out[k]) for k in leaving]
        return cls(
            np.array([state for state, _ in numbers], np.int64),
            np.array([CHARS.index(char) + 1 for _, char in numbers], np.int64),
            np.array(again, np.int64),
            np.concatenate([out[k] for k in leaving]) if leaving else np.zeros(0, np.int64),
            np.array(leaving, np.int64),
            np.cumsum([0, *sizes[:-1]]).astype(np.int64),
            out,
        )


def share_of(lengths: Iterable[int]) -> float:
    """Return how much of all that might be written texts of these lengths are, 0 to `MOST_SHARE`.

    Lengths up to `LENGTHS` count alike, and so does each digit after the ones before it; signs
    count as digits.

    Examples
    --------
    >>> round(share_of([3] * 100), 4)
    0.0083
    """
    return min(MOST_SHARE, sum(float(len(DIGITS)) ** -length for length in lengths) / LENGTHS)


def _after(rules: Sequence[Rule], state: tuple[State, ...], char: str) -> tuple[State, ...] | None:
    after = []
    for rule, own in zip(rules, state, strict=True):
        following = rule.step(own, char)
        if following is None:
            return None
        after.append(following)
    return tuple(after)


def _trimmed(
    rows: list[dict[str, int]], finals: list[bool]
) -> tuple[tuple[dict[str, int], ...], tuple[bool, ...]]:
    """Leave out the states from which no text can end."""
    before: list[list[int]] = [[] for _ in rows]
    for state, row in enumerate(rows):
        for target in row.values():
            before[target].append(state)
    alive = {state for state, final in enumerate(finals) if final}
    waiting = list(alive)
    while waiting:
        for state in before[waiting.pop()]:
            if state not in alive:
                alive.add(state)
                waiting.append(state)
    if 0 not in alive:
        return (), ()
    kept = sorted(alive)
    number = {state: k for k, state in enumerate(kept)}
    return (
        tuple(
            {char: number[target] for char, target in rows[k].items() if target in number}
            for k in kept
        ),
        tuple(finals[k] for k in kept),
    )
