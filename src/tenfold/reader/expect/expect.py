"""Expectations: constraints on a number, from words or from keys, checked against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from tenfold.errors import UsageError
from tenfold.reader.expect.automaton import Automaton, Rule, share_of
from tenfold.reader.expect.checks import check, number
from tenfold.reader.expect.checksums import Checksum, Isbn
from tenfold.reader.expect.dates import CalendarDate
from tenfold.reader.expect.numbers import Count, DigitsAlone, Numeral
from tenfold.reader.expect.parse import constraints
from tenfold.reader.expect.patterns import Pattern
from tenfold.reader.expect.values import read_values, readable, written

MOST_SHOWN = 3  # values of a list in words
WORDED = {
    "digits": "{} digits", "decimals": "{} decimals", "date": "date {}", "pattern": "pattern {}",
    "one_of": "one of {}",
}  # fmt: skip
ONE = ("1 digits", "1 decimals")


@dataclass(frozen=True)
class Expect:
    r"""What a number may be; make one with `Expect.of` or `Expect.parse`.

    By itself a number is digits alone. With a range or decimals it may have a decimal sign, signs
    that set thousands apart, zeros before it and, below zero, a sign
    (`tenfold.reader.expect.numbers`). With a date, an ISBN, a pattern or a list, what these allow
    counts (`dates`, `checksums`, `patterns` beside it). Spaces are gaps and no characters.

    Parameters
    ----------
    digits : tuple of int, optional
        The fewest and the most digits.
    range : tuple of float, optional
        The least and the largest value.
    decimals : int, optional
        The most digits after the point.
    pattern : str, optional
        A regular expression of a limited form.
    one_of : tuple of str, optional
        All values that there are.
    checksum : str, optional
        ``"luhn"``, ``"mod-11"``, ``"isbn"`` or ``"verhoeff"``.
    date : str, optional
        A format such as ``"DD/MM/YYYY"``.

    Examples
    --------
    >>> mark = Expect.parse("0..100; 1 decimal")
    >>> mark.accepts("87,5"), mark.accepts("875"), mark.value("87,5"), mark.words
    (True, False, '87.5', '0..100; 1 decimal')
    """

    digits: tuple[int, int] | None = None
    range: tuple[float, float] | None = None
    decimals: int | None = None
    pattern: str | None = None
    one_of: tuple[str, ...] | None = None
    checksum: str | None = None
    date: str | None = None

    @classmethod
    def of(
        cls,
        *,
        digits: int | tuple[int, int] | None = None,
        range: tuple[float, float] | None = None,  # noqa: A002 (the constraint's name)
        decimals: int | None = None,
        pattern: str | None = None,
        one_of: Sequence[str] | None = None,
        checksum: str | None = None,
        date: str | None = None,
    ) -> Expect:
        """Make an expectation and check that something can fit it.

        Raises
        ------
        UsageError
            If a constraint is none, or no number fits all of them; names those that exclude each
            other.

        Examples
        --------
        >>> Expect.of(digits=8, range=(0, 100))
        Traceback (most recent call last):
        tenfold.errors.UsageError: digits 8 and range 0..100 exclude each other: no number fits \
both. Change one of them.
        """
        own = cls(
            (digits, digits) if isinstance(digits, int) else digits,
            range,
            decimals,
            pattern,
            None if one_of is None else tuple(one_of),
            checksum,
            date,
        )
        check(own)
        return own

    @classmethod
    def parse(cls, words: str, *, files: bool = True) -> Expect:
        """Make an expectation out of words.

        Parameters
        ----------
        words : str
            Such as ``"8 digits"``, ``"4-6 digits; luhn"``, ``"0..100; 1 decimal"``,
            ``"date DD/MM/YYYY"``, ``"pattern 20[0-9]{6}"``, ``"one of class-list.csv:id"``,
            ``"one of 10 20 30"``.
        files : bool
            Whether ``one of`` may name a file.

        Raises
        ------
        UsageError
            If they are not understood, or no number fits them.
        DataError
            If a list cannot be read.
        """
        given = constraints(words)
        listed = given.pop("one_of", None)
        own = cls.of(**given) if given else cls()  # type: ignore[arg-type]
        if not isinstance(listed, str):
            return own
        values: Sequence[str] = listed.replace(", ", " ").split()
        if not all(map(readable, values)) or (files and Path(listed).is_file()):
            if not files:
                raise UsageError(f"one of {listed[:40]!r}: give the values, with spaces between.")
            values = own.listed_in(listed)
        return cls.of(**given, one_of=values)  # type: ignore[arg-type]

    def accepts(self, text: str) -> bool:
        """Whether a text, as it may be written, fits."""
        if self.one_of is not None:
            return text in self.values
        return self.automaton.accepts(text)

    def value(self, text: str) -> str:
        """Return what a text that fits stands for, written one way: ``"12,5"`` is ``"12.5"``.

        Numbers have a point and all their decimals, dates the format's own signs and two-digit
        days, ISBNs no hyphens; a list's value is as the list has it. Anything else stays as it is.

        Examples
        --------
        >>> Expect.of(date="DD.MM.YYYY").value("1/2/2024")
        '01.02.2024'
        """
        if self.one_of is not None:
            return self.values.get(text, text)
        if not self.accepts(text):
            return text
        if self.date is not None:
            return CalendarDate(self.date).value(text)
        if self.checksum == "isbn":
            return text.replace("-", "")
        numeral = self._numeral
        return text if numeral is None else numeral.value(text)

    @property
    def automaton(self) -> Automaton:
        """What may be written, but for lists: these are tried value by value (see `values`)."""
        return _automaton_of(replace(self, one_of=None))

    @property
    def lengths(self) -> tuple[int, int]:
        """The fewest and the most characters that a text has, `MOST_LENGTH` where there is no most.

        Examples
        --------
        >>> Expect.parse("4-6 digits").lengths, Expect.parse("one of 7 12.5").lengths
        ((4, 6), (1, 4))
        """
        if self.one_of is not None:
            own = list(map(len, self.values))
            return min(own), max(own)
        return self.automaton.lengths

    @property
    def share(self) -> float:
        """How much of all that might be written fits, 0 to 1.

        Examples
        --------
        >>> round(Expect.parse("8 digits").share, 4), round(Expect.parse("one of 7 12").share, 4)
        (0.0833, 0.0092)
        """
        if self.one_of is not None:
            return share_of(map(len, self.values))
        return self.automaton.share

    @cached_property
    def values(self) -> dict[str, str]:
        """Of a list: every text that may be written, and the value that it stands for."""
        found: dict[str, str] = {}
        for value in self.one_of or ():
            text = written(value)
            found.setdefault(text, value)
            points = [char for char in text if char in ".,"]
            if len(points) == 1:  # a point may be written as a comma
                other = "," if points[0] == "." else "."
                found.setdefault(text.replace(points[0], other), value)
        return found

    def listed_in(self, source: str, folder: Path | None = None) -> tuple[str, ...]:
        """Read the values that fit from a CSV file, ``"list.csv"`` or ``"list.csv:column"``.

        Parameters
        ----------
        source : str
        folder : Path, optional
            Where the name starts from, in place of the working folder.

        Raises
        ------
        DataError
            If the file or the column cannot be read, or a value does not fit.
        """
        name, _, column = source.rpartition(":")
        if not name or "/" in column or column.lower().endswith(".csv"):
            name, column = source, ""
        rules = None if self == Expect() else self.automaton
        return read_values(
            Path(folder or ".") / name,
            column or None,
            lambda value: readable(value) and (rules is None or rules.accepts(written(value))),
        )

    @property
    def words(self) -> str:
        """The constraints in words, as `parse` takes them; of a list, the first values."""
        said = [WORDED.get(key, "{}").format(text) for key, text in self.said()]
        return "; ".join(text.removesuffix("s") if text in ONE else text for text in said)

    def said(self) -> list[tuple[str, str]]:
        """Return each constraint that there is: its key, and what it says."""
        said = []
        if self.digits is not None:
            fewest, most = self.digits
            said.append(("digits", str(most) if fewest == most else f"{fewest}-{most}"))
        if self.range is not None:
            said.append(("range", "..".join(map(number, self.range))))
        said += [
            (key, str(getattr(self, key)))
            for key in ("decimals", "checksum", "date", "pattern")
            if getattr(self, key) is not None
        ]
        if self.one_of is not None:
            rest = ["…"] if len(self.one_of) > MOST_SHOWN else []
            said.append(("one_of", " ".join([*self.one_of[:MOST_SHOWN], *rest])))
        return said

    @property
    def _numeral(self) -> Numeral | None:
        if self.range is None and self.decimals is None:
            return None
        return Numeral(self.range, self.decimals)

    def rules(self) -> list[Rule]:
        """Return the rules that a text must follow, but for a list."""
        rules: list[Rule] = []
        numeral = self._numeral
        if numeral is not None:
            rules.append(numeral)
        if self.pattern is not None:
            rules.append(Pattern(self.pattern))
        if self.date is not None:
            rules.append(CalendarDate(self.date))
        if self.checksum == "isbn":
            rules.append(Isbn())
        if not rules:  # nothing else says how it is written
            rules.append(DigitsAlone())
        if self.checksum not in (None, "isbn"):
            rules.append(Checksum(str(self.checksum), self.digits))
        if self.digits is not None:
            rules.append(Count(*self.digits))
        return rules


@lru_cache(maxsize=256)
def _automaton_of(expect: Expect) -> Automaton:
    return Automaton.of(expect.rules())
