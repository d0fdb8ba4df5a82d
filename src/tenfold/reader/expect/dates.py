"""Rule for dates: days that are in the calendar, in one format.

``D``, ``M`` and ``YY`` or ``YYYY`` stand for day, month and year, ``DD`` and ``MM`` for two digits.
Between signs, a day or month below ten may be written with one digit all the same, and any of
``/ . -`` may stand for another of them. Years of four digits are those from 1900 to 2099.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tenfold.errors import UsageError
from tenfold.signature import DIGITS

TOKEN = re.compile(r"YYYY|YY|DD?|MM?|[/.:-]")
ALIKE = "/.-"
SIGNS = ALIKE + ":"
CENTURIES = ("1", "2", "19", "20")  # and how they begin
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LEAP_DAY = (2, 29)


class _At(NamedTuple):
    token: int
    text: str  # digits of that token
    day: int  # 0 where it is not known, or does not matter any more
    month: int
    leap: bool | None  # whether the year has a 29th of February


class CalendarDate:
    """A date in a format.

    Parameters
    ----------
    form : str
        Such as ``"DD/MM/YYYY"``, ``"YYYY-MM-DD"`` or ``"DDMMYY"``.

    Raises
    ------
    UsageError
        If it is no such format.
    """

    start = _At(0, "", 0, 0, None)

    def __init__(self, form: str) -> None:
        self._tokens = TOKEN.findall(form)
        kinds = [token[0] for token in self._tokens if token[0] in "DMY"]
        if "".join(self._tokens) != form or len(kinds) < 2 or len(kinds) != len(set(kinds)):
            raise UsageError(
                f"{form!r} is no format of dates; write one of D or DD, one of M or MM, one of YY "
                "or YYYY, with / . - between them or nothing, as in 'DD/MM/YYYY'"
            )
        # A sign, or the text's beginning or end, stands on either side, and one sign at least.
        beside = ["", *self._tokens, ""]
        self._short = [
            token[0] in "DM" and before + after != "" and all(s in SIGNS for s in (before, after))
            for before, token, after in zip(beside, self._tokens, beside[2:], strict=False)
        ]
        self._written = re.compile("".join(map(self._expression, range(len(self._tokens)))))

    def step(self, state: _At, char: str) -> _At | None:
        """Take a digit of a day, month or year, or the sign after it."""
        at = state
        if char not in DIGITS:
            if at.text:  # a day or month of one digit ends here
                closed = self._closed(at) if self._may_be_short(at) else None
                if closed is None:
                    return None
                at = closed
            return at._replace(token=at.token + 1) if self._is_sign(at.token, char) else None
        if at.token >= len(self._tokens) or self._tokens[at.token] in SIGNS:
            return None
        at = at._replace(text=at.text + char)
        if self._tokens[at.token] == "YYYY" and at.text[:2] not in CENTURIES:
            return None
        return self._closed(at) if len(at.text) == self._width(at.token) else at

    def final(self, state: _At) -> bool:
        """Whether it is complete."""
        if state.text:
            closed = self._closed(state) if self._may_be_short(state) else None
            return closed is not None and closed.token == len(self._tokens)
        return state.token == len(self._tokens)

    def value(self, text: str) -> str:
        """Return a date exactly as the format has it.

        Examples
        --------
        >>> CalendarDate("DD/MM/YYYY").value("1.2.2024")
        '01/02/2024'
        """
        match = self._written.fullmatch(text)
        parts = iter(match.groups() if match else ())
        return "".join(
            token if token in SIGNS else next(parts, "").lstrip("0").rjust(len(token), "0")
            for token in self._tokens
        )

    def _expression(self, token: int) -> str:
        own = self._tokens[token]
        if own in SIGNS:
            return f"[{ALIKE}]" if own in ALIKE else own
        least = 1 if self._short[token] else self._width(token)
        return f"([0-9]{{{least},{self._width(token)}}})"

    def _width(self, token: int) -> int:
        return 4 if self._tokens[token] == "YYYY" else 2

    def _is_sign(self, token: int, char: str) -> bool:
        own = self._tokens[token] if token < len(self._tokens) else ""
        return own == char or (own != "" and own in ALIKE and char in ALIKE)

    def _may_be_short(self, at: _At) -> bool:
        """Whether the digits so far may be a whole day or month."""
        return self._short[at.token]

    def _closed(self, at: _At) -> _At | None:
        """Go on to the next token; None where there is no such day."""
        number, kind = int(at.text), self._tokens[at.token]
        day, month, leap = at.day, at.month, at.leap
        if kind[0] == "D":
            day = number
        elif kind[0] == "M":
            month = number
        else:
            leap = _is_leap(number, kind)
        right = {
            "D": 1 <= number <= 31, "M": 1 <= number <= 12, "Y": True,
        }[kind[0]]  # fmt: skip
        if not right:
            return None
        if day and month:
            if day > DAYS[month - 1] or ((month, day) == LEAP_DAY and leap is False):
                return None
            if (month, day) != LEAP_DAY:  # any year will do
                day, month = -1, 0
        return _At(at.token + 1, "", day, month, leap if day >= 0 else None)


def _is_leap(year: int, kind: str) -> bool:
    if kind == "YY":  # 1900 had none, 2000 had one
        return year % 4 == 0
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
