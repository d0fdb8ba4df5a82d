"""How ``tenfold read`` prints what was read in a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from tenfold.cli.console import complain, note, out, print_json, say
from tenfold.errors import PageError
from tenfold.names import cell

if TYPE_CHECKING:
    from tenfold.reader.reading import Reading

Form = Literal["people", "quiet", "csv", "json"]
CSV_HEAD = "file,page,line,number,text,confidence,digits,least_confidence,refused,error"
DOUBT = 0.9
MOST_NAMED = 20  # files that are no pictures


def show(reading: Reading, form: Form) -> None:
    """Print a reading, and on standard error what a person should know of it."""
    if form == "json":
        print_json(reading.to_dict(), keep="\n")
    elif form == "csv":
        say("\n".join(_csv_rows(reading)))
    elif form == "quiet":
        say(_value(reading) or reading.text)
    else:
        _show_to_people(reading)
    for what in reading.notes:
        note(f"{reading.label}: {what}.")


def show_error(error: PageError, form: Form) -> None:
    """Print what could not be read: on standard error, and in its place among the readings."""
    complain(str(error))
    if form == "json":
        print_json({"file": error.file, "page": error.page, "error": str(error)})
    elif form == "csv":
        say(_csv_row([error.file, error.page, 0, 0, "", "", 0, "", 0, str(error)]))


def show_left_out(names: list[str]) -> None:
    """Name on standard error the files of folders that are no pictures, in one line."""
    if not names:
        return
    files = "1 file was" if len(names) == 1 else f"{len(names):,} files were"
    more = len(names) - MOST_NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    note(f"{files} left out, no pictures by name: {', '.join(names[:MOST_NAMED])}{rest}.")


def _show_to_people(reading: Reading) -> None:
    from rich.markup import escape

    tail = _left_out(reading, why=not reading.lines)
    tail = f"  [dim]({tail})[/]" if tail else ""
    if not reading.lines:
        out.print(f"{escape(reading.label)}: [dim]nothing read[/]{tail}")
        return
    several = len(reading.lines) > 1
    texts = [_with_doubts(reading, number) for number in range(len(reading.lines))]
    value = _value(reading)
    if value not in (None, reading.text):  # as it is written, and what it stands for
        texts[0] += f" = {value}"
    if several:
        out.print(f"{escape(reading.label)}:{tail}")
        for text in texts:
            out.print(f"  {text}")
    else:
        out.print(f"{escape(reading.label)}: {texts[0]}{tail}")


def _value(reading: Reading) -> str | None:
    """Return the value of the number that was expected; None where none was, or none was found."""
    return reading.expected.value if reading.expected is not None else None


def _with_doubts(reading: Reading, number: int) -> str:
    """Return the text of a line, its doubtful digits marked."""
    digits = iter([d for d in reading.digits if d.line == number and d.accepted])
    marked = ""
    for letter in reading.lines[number].text:
        digit = next(digits, None) if letter.isdigit() else None
        doubtful = digit is not None and digit.confidence < DOUBT
        marked += f"[yellow]{letter}?[/]" if doubtful else letter
    return marked


def _left_out(reading: Reading, why: bool) -> str:
    """Count what is not part of the text; empty where everything is."""
    from collections import Counter

    reasons = Counter(d.refused for d in reading.digits if d.refused and not d.left_out)
    parts = []
    if reasons:
        because = f": {' or '.join(sorted(map(str, reasons)))}" if why else ""
        parts.append(f"{_refused(reading)} refused{because}")
    left_out = Counter(str(digit.refused) for digit in reading.digits if digit.left_out)
    left_out.update(f"“{mark.text}”" for mark in reading.marks if not mark.in_text)
    counts = [f"{count} {what}" for what, count in left_out.items()]
    if counts:
        parts.append(f"left out: {', '.join(counts)}")
    return "; ".join(parts)


def _refused(reading: Reading) -> int:
    """Count what could not be read; what was left out on purpose is not among it."""
    return sum(not digit.accepted and not digit.left_out for digit in reading.digits)


def _csv_rows(reading: Reading) -> Iterator[str]:
    """One row per number, each in one line; a picture without any has one row with empty text."""
    rows: list[list[object]] = []
    for place, line in enumerate(reading.lines):
        pairs = zip(line.numbers, reading.digits_by_number(place), strict=True)
        for order, (number, digits) in enumerate(pairs, 1):
            least = min((digit.confidence for digit in digits), default=0.0)
            text = _value(reading) or number.text
            row = [place + 1, order, text, f"{number.confidence:.4f}"]
            rows.append([*row, len(digits), f"{least:.4f}"])
    for row in rows or [[0, 0, "", "", 0, ""]]:
        yield _csv_row([reading.file, reading.page, *row, _refused(reading), ""])


def _csv_row(values: list[object]) -> str:
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(map(cell, values))
    return buffer.getvalue()
