"""Lists of values: a column of a CSV file, with or without a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from tenfold.errors import DataError
from tenfold.files import read_file
from tenfold.signature import CHARS

MOST_BYTES = 50_000_000
MOST_VALUES = 100_000
DELIMITERS = ",;\t"


def written(value: str) -> str:
    """Return a value as it is read: without spaces, which are gaps and no characters.

    Examples
    --------
    >>> written("DE 12 345"), written("12 345")
    ('DE12345', '12345')
    """
    return "".join(value.split())


def readable(value: str) -> bool:
    """Whether a value is made of characters that can be read."""
    own = written(value)
    return bool(own) and set(own) <= set(CHARS)


def read_values(
    path: str | Path, column: str | None = None, fits: Callable[[str], bool] = readable
) -> tuple[str, ...]:
    """Read a list of values from a CSV file, each once, in the order of the file.

    Parameters
    ----------
    path : path
        UTF-8; columns are parted by commas, semicolons or tabs. The header may be missing.
    column : str, optional
        The name in the header. Without it, the only column will do, or the only one whose values
        all fit.
    fits : callable
        Whether a value is one that may stand there.

    Raises
    ------
    DataError
        If the file cannot be read, the column is not there or cannot be told, or a value in it does
        not fit; names the file and the line.
    """
    rows = _rows(Path(path))
    width = max(len(row) for _, row in rows)
    if column is not None:
        head = [cell.casefold() for cell in rows[0][1]]
        if head.count(column.casefold()) != 1:
            raise DataError(
                f"{path}: there is no one column {column!r} in the first line; "
                f"it has {', '.join(rows[0][1])[:200]}."
            )
        chosen = _column(rows[1:], head.index(column.casefold()))
    else:
        columns = [_column(rows, k) for k in range(width)]
        good = [k for k, own in enumerate(columns) if len(own) > 1 and _all_fit(own[1:], fits)]
        good = good or [k for k, own in enumerate(columns) if _all_fit(own, fits)]
        if width > 1 and len(good) != 1:
            what = "no column fits" if not good else f"{len(good)} columns fit"
            raise DataError(
                f"{path}: {what}; name the one that is meant, as in '{Path(path).name}:student_id'."
            )
        chosen = columns[good[0] if good else 0]
        if chosen and not fits(chosen[0][1]):
            chosen = chosen[1:]  # the header
    for number, value in chosen:
        if not fits(value):
            raise DataError(
                f"{path}:{number}: {value[:40]!r} is no value that fits. Mend it, or change what "
                "is expected; spreadsheets like to drop zeros at the beginning."
            )
    values = tuple(dict.fromkeys(value for _, value in chosen))
    if not values:
        raise DataError(f"{path}: holds no values. Give a file with one value a line.")
    if len(values) > MOST_VALUES:
        raise DataError(f"{path}: holds {len(values):,} values; {MOST_VALUES:,} is the most.")
    return values


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows that hold something, with their lines."""
    try:
        text = read_file(path, MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text. Save the table as CSV in UTF-8.") from error
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: is no CSV ({error}).") from error
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise DataError(f"{path}: the file is empty.")
    return rows


def _column(rows: list[tuple[int, list[str]]], at: int) -> list[tuple[int, str]]:
    """Return a column's cells that hold something, with their lines."""
    return [(number, row[at]) for number, row in rows if at < len(row) and row[at]]


def _all_fit(cells: list[tuple[int, str]], fits: Callable[[str], bool]) -> bool:
    return bool(cells) and all(fits(value) for _, value in cells)
