"""Words to constraints: ``"8 digits"``, ``"0..100"``, ``"one of list.csv"``."""

from __future__ import annotations

import re

from tenfold.errors import UsageError
from tenfold.reader.expect.checksums import CHECKSUMS

WORDS = (
    "'8 digits', '4-6 digits', '0..100', '1 decimal', 'luhn', 'mod-11', 'isbn', 'verhoeff', "
    "'date DD/MM/YYYY', 'pattern \\d{2}-\\d{4}', 'one of list.csv', 'one of 10 20 30'; "
    "several are joined by ;"
)
DIGITS_WORD = re.compile(r"(\d{1,3})(?:\s*(?:-|–|to)\s*(\d{1,3}))?\s+digits?")
RANGE_WORD = re.compile(r"(-?\d{1,15}(?:\.\d{1,9})?)\s*(?:\.\.|to)\s*(-?\d{1,15}(?:\.\d{1,9})?)")
DECIMALS_WORD = re.compile(r"(\d)\s+decimals?")


def constraints(words: str) -> dict[str, object]:
    """Return the constraints that words joined by semicolons give, by their keys.

    Raises
    ------
    UsageError
        If they are not understood, or two of them say the same.

    Examples
    --------
    >>> constraints("4-6 digits; luhn")
    {'digits': (4, 6), 'checksum': 'luhn'}
    """
    given: dict[str, object] = {}
    for part in words.split(";"):
        key, value = _constraint(part.strip())
        if key in given:
            raise UsageError(f"{part.strip()[:80]!r}: {key} is said already; leave one out.")
        given[key] = value
    return given


def _constraint(words: str) -> tuple[str, object]:
    """Return the key and the value of one constraint in words."""
    if match := DIGITS_WORD.fullmatch(words):
        fewest = int(match[1])
        return "digits", (fewest, int(match[2] or fewest))
    if match := RANGE_WORD.fullmatch(words):
        return "range", (float(match[1]), float(match[2]))
    if match := DECIMALS_WORD.fullmatch(words):
        return "decimals", int(match[1])
    if words.lower() in CHECKSUMS:
        return "checksum", words.lower()
    head, _, rest = words.partition(" ")
    rest = rest.strip()
    if head == "one" and rest.startswith("of "):
        return "one_of", rest[3:].strip()
    if head in ("date", "pattern") and rest:
        return head, rest
    if not words:
        raise UsageError(f"What is expected is empty between two ;. There are {WORDS}.")
    raise UsageError(f"{words[:80]!r} is not understood as what to expect. There are {WORDS}.")
