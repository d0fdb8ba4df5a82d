"""CSV tables in Kaggle's layout: one picture a line, its pixels row by row, its label first.

The label may also stand last, or nowhere; a header is optional. Reads Kaggle's ``train.csv``
(42,000 × 785) in about a second, and every complaint names file and line.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import DIGITS, Dataset
from tenfold.data.pixels import check_size, square_side, to_ink, to_labels
from tenfold.errors import DataError
from tenfold.files import open_file

_LABEL_NAMES = frozenset({"label", "labels", "class", "target", "digit"})
_CHUNK = 2000  # lines parsed at a time: few enough to search quickly for the one that is wrong

_PIECE, _LONGEST = 1 << 18, 1_000_000  # bytes read at a time, and of the longest line

Line = tuple[int, str]  # line number, text


def load_csv(path: Path, name: str) -> tuple[Dataset, None]:
    """Load a CSV of pictures.

    The label column is the one whose header says so (``label``, ``class``, ``target``, ``digit``).
    Without such a header, a number of columns that is a square means no labels; one more than a
    square means a label, first or last: whichever of the two shows more different digits 0–9.

    Returns
    -------
    tuple of Dataset and None
        All rows in the order of the file; a table has no test set of its own.

    Raises
    ------
    DataError
        Naming file and line: a row too short or too long, a field that is no number, a pixel out
        of range, a label that is no digit, text that is not UTF-8.
    """
    numbers: list[int] = []
    blocks: list[NDArray[np.float32]] = []
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise DataError(f"{path}: the file is empty.")
    delimiter = max(",;\t", key=first[1].count)
    header = _header(first[1], delimiter)
    if header is None:
        lines = itertools.chain([first], lines)
    width = len(header) if header else first[1].count(delimiter) + 1
    while chunk := list(itertools.islice(lines, _CHUNK)):
        blocks.append(_parse(chunk, delimiter, width, path))
        numbers += [number for number, _ in chunk]
    if not blocks:
        raise DataError(f"{path}: a header and no rows.")
    return _dataset(np.concatenate(blocks), header, numbers, path, name), None


def _lines(path: Path) -> Iterator[Line]:
    """Yield each line that holds something, with its number."""
    number = 0
    try:
        with open_file(path) as file:
            for number, raw in enumerate(_rows(file, path), 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                if text:
                    yield number, text
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}:{number}: byte {error.start + 1} of the line is not UTF-8 text. "
            "Save the table as CSV in UTF-8."
        ) from error


def _rows(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield lines, which may end in a carriage return alone, and none without end."""
    rest = b""
    while piece := file.read(_PIECE):
        # The last line may go on in the next piece, and so may the end of a line.
        *lines, rest = (rest + piece).splitlines(keepends=True)
        yield from lines
        if len(rest) > _LONGEST:
            raise DataError(
                f"{path}: holds a line of more than {_LONGEST // 1_000_000} MB, "
                "which is no picture. Give a table with one picture a line."
            )
    if rest:
        yield rest


def _header(text: str, delimiter: str) -> list[str] | None:
    fields = _fields(text, delimiter)
    if any(_is_number(field) or not field.strip() for field in fields):
        return None
    return [field.strip().lower() for field in fields]


def _fields(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except csv.Error:  # a field longer than any number or name
        return text.split(delimiter)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _parse(chunk: list[Line], delimiter: str, width: int, path: Path) -> NDArray[np.float32]:
    try:
        block = np.loadtxt(
            [text for _, text in chunk],
            dtype=np.float32,
            delimiter=delimiter,
            comments=None,
            quotechar='"',
            ndmin=2,
        )
    except ValueError as error:
        raise _complaint(chunk, delimiter, width, path) from error
    if block.shape != (len(chunk), width) or not np.isfinite(block).all():
        raise _complaint(chunk, delimiter, width, path)
    return block


def _complaint(chunk: list[Line], delimiter: str, width: int, path: Path) -> DataError:
    for number, text in chunk:
        fields = _fields(text, delimiter)
        if len(fields) != width:
            return DataError(
                f"{path}:{number}: {len(fields)} columns, {width} expected. Mend or drop the row."
            )
        for column, field in enumerate(fields, 1):
            if not _is_number(field):
                what = f"'{field.strip()[:20]}' is not a number" if field.strip() else "is empty"
                return DataError(f"{path}:{number}: column {column}: {what}.")
            if not abs(float(field)) <= float(np.finfo(np.float32).max):
                return DataError(
                    f"{path}:{number}: column {column}: '{field.strip()[:20]}' is no pixel value."
                )
    first, last = chunk[0][0], chunk[-1][0]
    return DataError(f"{path}:{first}: no table of numbers in lines {first} to {last}.")


def _dataset(
    table: NDArray[np.float32], header: list[str] | None, numbers: list[int], path: Path, name: str
) -> Dataset:
    def place(row: int) -> str:
        return f"{path}:{numbers[row]}"

    column = _label_column(table, header, place(0))
    labels = None
    if column is not None:
        labels = to_labels(table[:, column], place)
        table = table[:, 1:] if column == 0 else np.delete(table, column, axis=1)
    side = square_side(table.shape[1])
    if side is None:
        raise DataError(
            f"{place(0)}: {table.shape[1]} pixels do not make a square picture"
            f"{'' if column is None else ' beside the label'}; 28×28 takes 784."
        )
    check_size(side, side, place(0))
    return Dataset(to_ink(table.reshape(-1, side, side), place), labels, name, "all")


def _label_column(table: NDArray[np.float32], header: list[str] | None, place: str) -> int | None:
    named = [i for i, field in enumerate(header or []) if field in _LABEL_NAMES]
    if len(named) > 1:
        raise DataError(f"{place}: the header names several label columns; leave one.")
    if named:
        return named[0]
    columns = table.shape[1]
    if square_side(columns) is not None or square_side(columns - 1) is None:
        return None
    # A corner pixel is nearly always paper, so it shows fewer different digits than labels do.
    first, last = (np.isin(np.arange(len(DIGITS)), table[:, i]).sum() for i in (0, -1))
    return 0 if first >= last else columns - 1
