"""Rules for numbers that end in a check digit.

``luhn`` (ISO/IEC 7812-1, cards), ``mod-11`` (weights 1, 2, 3, … from the right, as in NHS numbers;
2 to 10 digits), ``verhoeff`` (Verhoeff 1969) and ``isbn`` (10 or 13 digits, ISO 2108; hyphens may
be written). A check character X is no digit, so numbers that end in it are not read.

What a digit counts depends on its place from the right, and text is read from the left: each length
that is possible is followed by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tenfold.errors import UsageError
from tenfold.signature import DIGITS

CHECKSUMS = ("luhn", "mod-11", "isbn", "verhoeff")
PERIOD = {"luhn": 2, "mod-11": 11, "verhoeff": 8}  # places from the right that repeat
MOST_LENGTHS = 3  # different lengths, beyond which there are too many states
MOST_OF_MOD_11 = 10  # digits: the eleventh would count nothing
ISBN_LENGTHS = (10, 13)

# Multiplication in the dihedral group of order 10, and the permutation of the digits by place.
PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def times(a: int, b: int) -> int:
    """Multiply in the dihedral group of the pentagon: 0 to 4 turn it, 5 to 9 flip it.

    Examples
    --------
    >>> [times(6, b) for b in range(10)]
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2]
    """
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def permuted(digit: int, place: int) -> int:
    """Apply the permutation as often as the place says."""
    for _ in range(place % 8):
        digit = PERMUTATION[digit]
    return digit


def _added(kind: str, total: int, place: int, digit: int) -> int:
    """Return the sum with one more digit at a place, counted from the right from 0."""
    if kind == "luhn":
        twice = digit * (1 + place % 2)
        return (total + twice - 9 * (twice > 9)) % 10
    if kind == "mod-11":
        return (total + digit * (place + 1)) % 11
    # The product is taken from the right; digits come from the left.
    return times(permuted(digit, place), total)


class _Sums(NamedTuple):
    read: int  # digits; after a round of places it begins anew, from 2
    totals: tuple[int, ...]  # for each length that is possible


class Checksum:
    """A number whose last digit checks the others.

    Parameters
    ----------
    kind : str
        ``"luhn"``, ``"mod-11"`` or ``"verhoeff"``.
    digits : tuple of int, optional
        The fewest and the most digits.

    Raises
    ------
    UsageError
        If so many lengths cannot be followed at once.
    """

    def __init__(self, kind: str, digits: tuple[int, int] | None) -> None:
        self._kind, self._period = kind, PERIOD[kind]
        if kind == "mod-11" and digits and digits[1] > MOST_OF_MOD_11:
            raise UsageError(
                f"mod-11 is for numbers of at most {MOST_OF_MOD_11} digits, not {digits[1]}"
            )
        lengths = range(digits[0], digits[1] + 1) if digits else range(self._period)
        self._lengths: Sequence[int] = sorted({length % self._period for length in lengths})
        if len(self._lengths) > MOST_LENGTHS:
            raise UsageError(
                f"{kind} needs to know how many digits there are, within {MOST_LENGTHS} lengths; "
                "say so, as in '10 digits' or '9-10 digits'"
            )

    @property
    def start(self) -> _Sums:
        """No digit was read."""
        return _Sums(0, (0,) * len(self._lengths))

    def step(self, state: _Sums, char: str) -> _Sums | None:
        """Add a digit; signs do not count."""
        if char not in DIGITS:
            return state
        totals = tuple(
            _added(self._kind, total, (length - state.read - 1) % self._period, int(char))
            for length, total in zip(self._lengths, state.totals, strict=True)
        )
        # From the second round of places on, only the place counts.
        read = state.read + 1
        return _Sums(read if read <= self._period + 1 else read - self._period, totals)

    def final(self, state: _Sums) -> bool:
        """Whether it checks, for the length that it has."""
        return state.read >= 2 and any(  # one digit alone checks nothing
            not total
            for length, total in zip(self._lengths, state.totals, strict=True)
            if (length - state.read) % self._period == 0
        )


class _Book(NamedTuple):
    read: int
    hyphen: bool  # the last character was one
    ten: int
    thirteen: int  # -1 where it does not begin as one


class Isbn:
    """A book's number, of 10 digits or of 13 that begin with 978 or 979."""

    start = _Book(0, False, 0, 0)

    def step(self, state: _Book, char: str) -> _Book | None:
        """Take a digit, or a hyphen between digits."""
        read, hyphen, ten, thirteen = state
        if char == "-":
            inside = 0 < read < ISBN_LENGTHS[1] and not hyphen
            return state._replace(hyphen=True) if inside else None
        if char not in DIGITS or read >= ISBN_LENGTHS[1]:
            return None
        digit = int(char)
        begins = char in ("9", "7", "89")[read] if read < 3 else thirteen >= 0
        fits = begins and thirteen >= 0
        return _Book(
            read + 1,
            False,
            (ten + digit * (ISBN_LENGTHS[0] - read)) % 11 if read < ISBN_LENGTHS[0] else 0,
            (thirteen + digit * (1 + 2 * (read % 2))) % 10 if fits else -1,
        )

    def final(self, state: _Book) -> bool:
        """Whether it checks."""
        if state.hyphen:
            return False
        total = {ISBN_LENGTHS[0]: state.ten, ISBN_LENGTHS[1]: state.thirteen}.get(state.read, -1)
        return total == 0
