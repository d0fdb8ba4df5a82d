"""Whether constraints are constraints, and whether a number can fit all of them."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from tenfold.errors import UsageError
from tenfold.reader.expect.checksums import CHECKSUMS
from tenfold.reader.expect.numbers import MOST_DECIMALS
from tenfold.reader.expect.values import readable, written

if TYPE_CHECKING:
    from tenfold.reader.expect.expect import Expect

LONGEST = 60  # digits
LARGEST = 10.0**15  # of a range


def check(expect: Expect) -> None:
    """Raise UsageError unless each constraint is one, and something fits all."""
    _check_each(expect)
    try:
        if expect.one_of is not None:
            _check_list(expect)
        elif expect.automaton.empty:
            raise UsageError(_excluded(expect))
    except UsageError as error:  # of a rule: half a sentence
        text = str(error)
        raise UsageError(text if text.endswith(".") else f"{text}.") from None


def _excluded(expect: Expect) -> str:
    """Say which two constraints no number fits, or that none fits all."""
    for pair in combinations(expect.said(), 2):
        alone = type(expect)(**{key: getattr(expect, key) for key, _ in pair})
        try:
            excluded = alone.automaton.empty
        except UsageError:  # a checksum that wants to know how many digits there are
            continue
        if excluded:
            one, other = (f"{key} {text}" for key, text in pair)
            return f"{one} and {other} exclude each other: no number fits both. Change one of them."
    every = " and ".join(f"{key} {text}" for key, text in expect.said())
    return f"No number fits {every}. Change one of them."


def _check_each(expect: Expect) -> None:
    if expect.digits is not None and not 1 <= expect.digits[0] <= expect.digits[1] <= LONGEST:
        raise UsageError(
            f"digits {expect.said()[0][1]}: give one number, or the fewest and the most, from 1 "
            f"to {LONGEST}."
        )
    if expect.range is not None:
        low, high = expect.range
        if not -LARGEST <= low <= LARGEST or not -LARGEST <= high <= LARGEST:
            raise UsageError(f"range {low}..{high}: give numbers of at most 15 digits.")
        if low > high:
            raise UsageError(
                f"range {number(low)}..{number(high)} is empty; give the smaller one first."
            )
    if expect.decimals is not None and not 0 <= expect.decimals <= MOST_DECIMALS:
        raise UsageError(f"decimals {expect.decimals}: give a number from 0 to {MOST_DECIMALS}.")
    if expect.checksum is not None and expect.checksum not in CHECKSUMS:
        raise UsageError(
            f"checksum {expect.checksum!r} is not known; choose one of {', '.join(CHECKSUMS)}."
        )
    others = [key for key, _ in expect.said() if key not in ("date", "one_of")]
    if expect.date is not None and others:
        raise UsageError(
            f"date {expect.date} says all that there is to say of the digits; leave out "
            f"{' and '.join(others)}."
        )


def _check_list(expect: Expect) -> None:
    """Raise UsageError if a value of the list cannot be read, or breaks another constraint."""
    values = expect.one_of or ()
    if not values:
        raise UsageError("one_of is empty; give the values that there are.")
    bad = next((value for value in values if not readable(value)), None)
    if bad is not None:
        raise UsageError(
            f"one_of: {bad[:40]!r} cannot be read; values are made of digits and signs such as "
            ". , - / :."
        )
    others = [(key, text) for key, text in expect.said() if key != "one_of"]
    if not others:
        return
    rules = expect.automaton
    bad = next((value for value in values if not rules.accepts(written(value))), None)
    if bad is not None:
        what = " and ".join(f"{key} {text}" for key, text in others)
        raise UsageError(
            f"one_of has {bad!r}, which does not fit {what}. Change the list or the rule."
        )


def number(value: float) -> str:
    """Write a bound: whole numbers without a point."""
    return str(int(value)) if value == int(value) else str(value)
