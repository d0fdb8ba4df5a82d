"""Rules for numbers: how many digits, which values, how they are written.

A whole number may have zeros before it, as long as it has no more digits than the largest value
has; where decimals are allowed, 05 is rather 0.5 with a faint point, and none. The decimal sign is
a point or a comma. From a thousand on a comma or a point may set the thousands apart, where no more
than two decimals are allowed: three digits after a sign are thousands then, fewer are decimals. A
sign may stand before it where the range goes below zero.
Spaces need no rule: a gap between digits is no character.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

from tenfold.errors import UsageError
from tenfold.signature import DIGITS

POINTS = ".,"
MOST_WHOLE = 12  # digits before the point, where no range says how many
MOST_DECIMALS = 9


class Count:
    """So many digits; signs do not count."""

    start = 0

    def __init__(self, fewest: int, most: int) -> None:
        self._fewest, self._most = fewest, most

    def step(self, state: int, char: str) -> int | None:
        """Count a digit."""
        if char not in DIGITS:
            return state
        return state + 1 if state < self._most else None

    def final(self, state: int) -> bool:
        """Whether there are enough."""
        return state >= self._fewest


class DigitsAlone:
    """Digits and nothing else, one at least."""

    start = False

    def step(self, state: bool, char: str) -> bool | None:  # noqa: ARG002 (as all rules have it)
        """Take a digit."""
        return True if char in DIGITS else None

    def final(self, state: bool) -> bool:
        """Whether there is any."""
        return state


class _At(NamedTuple):
    """One way to take what was written so far.

    The value counts all digits; what matters of it is only how it compares with the bounds' own
    first digits, so one value stands for all that compare alike.
    """

    sign: str
    whole: int  # digits before the point
    mark: str  # what sets the thousands apart, if anything did yet
    run: int  # digits since then, at most 4
    decimals: int  # -1 before the point
    value: int


class Numeral:
    """A number from a range, with so many decimals at most.

    Parameters
    ----------
    bounds : tuple of float, optional
        The least and the largest value.
    decimals : int, optional
        The most digits after the point; by itself as many as the bounds have.

    Raises
    ------
    UsageError
        If no such number lies in the range.
    """

    def __init__(
        self, bounds: tuple[float, float] | None = None, decimals: int | None = None
    ) -> None:
        low, high = (Decimal(str(b)) for b in bounds) if bounds else (Decimal(0), None)
        self.decimals = _decimals_of(low, high) if decimals is None else decimals
        scale = 10**self.decimals
        least = math.ceil(low * scale)
        most = scale * 10**MOST_WHOLE - 1 if high is None else math.floor(high * scale)
        if least > most:
            count = self.decimals or "no"
            raise UsageError(
                f"no number with {count} decimals lies in range {low}..{high}; allow more decimals"
            )
        largest = max(abs(least), abs(most)) // scale
        self._whole = len(str(largest))
        self._thousands = self.decimals <= 2 and largest >= 1000
        # Each sign has bounds of its own for what stands after it.
        self._bounds = {"": (max(0, least), most), "-": (max(0, -most), -least)}
        self._signed = least < 0
        self._marks = {sign: _beginnings(own) for sign, own in self._bounds.items()}

    @property
    def start(self) -> frozenset[_At]:
        """Nothing was written."""
        return frozenset({_At("", 0, "", 0, -1, 0)})

    def step(self, state: frozenset[_At], char: str) -> frozenset[_At] | None:
        """Follow every way to take it: a comma may be the decimal sign or set thousands apart."""
        after = {new for at in state for new in self._steps(at, char)}
        return frozenset(after) or None

    def final(self, state: frozenset[_At]) -> bool:
        """Whether a number in the range ends here."""
        return any(self._ends(at) for at in state)

    def value(self, text: str) -> str:
        """Return a number with a point and all its decimals, and no zeros before it.

        Examples
        --------
        >>> Numeral((-5, 20_000), 2).value("+1,250.5"), Numeral((0, 9), 1).value(",5")
        ('1250.50', '0.5')
        """
        sign = "-" if text.startswith("-") else ""
        whole, decimals = text.lstrip("+-"), ""
        at = max(whole.rfind(point) for point in POINTS)
        if at >= 0 and not (self._thousands and len(whole) - at - 1 == 3):
            whole, decimals = whole[:at], whole[at + 1 :]
        for point in POINTS:
            whole = whole.replace(point, "")
        number = f"{int(whole or '0')}"
        if self.decimals:
            number += f".{decimals.ljust(self.decimals, '0')}"
        return sign + number if number.strip("0.") else number

    def _steps(self, at: _At, char: str) -> list[_At]:
        if char in DIGITS:
            return self._digit(at, int(char))
        if char in POINTS:
            return self._point(at, char)
        if self._signed and char in "+-" and at == _At("", 0, "", 0, -1, 0):
            return [at._replace(sign="-" if char == "-" else "", run=-1)]
        return []

    def _digit(self, at: _At, digit: int) -> list[_At]:
        value = self._alike(at.sign, at.value * 10 + digit)
        if at.decimals >= 0:
            enough = at.decimals >= self.decimals
            return [] if enough else [at._replace(decimals=at.decimals + 1, value=value)]
        padded = self.decimals > 0 and at.whole > 0 and at.value == 0
        if padded or at.whole >= self._whole or (at.mark and at.run >= 3):
            return []
        run = min(4, max(0, at.run) + 1)
        return [at._replace(whole=at.whole + 1, run=run, value=value)]

    def _point(self, at: _At, char: str) -> list[_At]:
        if at.decimals >= 0:
            return []
        ways = []
        full = at.run == 3
        if self.decimals and (not at.mark or (at.mark != char and full)):
            ways.append(at._replace(decimals=0, mark="", run=0))
        apart = full if at.mark == char else not at.mark and 1 <= at.run <= 3
        if self._thousands and at.whole and apart:
            ways.append(at._replace(mark=char, run=0))
        return ways

    def _ends(self, at: _At) -> bool:
        if at.decimals == 0 or (at.decimals < 0 and (not at.whole or (at.mark and at.run != 3))):
            return False
        least, most = self._bounds[at.sign]
        rest = 10 ** (self.decimals - max(0, at.decimals))
        return bool(-(-least // rest) <= at.value <= most // rest)

    def _alike(self, sign: str, value: int) -> int:
        """Return the value that stands for all that compare alike with the bounds' beginnings."""
        marks = self._marks[sign]
        return value if value in marks else max(mark for mark in marks if mark < value) + 1


def _beginnings(bounds: tuple[int, int]) -> frozenset[int]:
    """Return the bounds' first digits, any number of them, as numbers; zero is always one."""
    found = {0}
    for bound in bounds:
        rest = max(0, bound)
        while rest:
            found.add(rest)
            rest //= 10
    return frozenset(found)


def _decimals_of(*bounds: Decimal | None) -> int:
    """Return how many decimals numbers are written with."""
    exponents = [b.normalize().as_tuple().exponent for b in bounds if b is not None]
    return max(0, *(-e for e in exponents if isinstance(e, int)))
