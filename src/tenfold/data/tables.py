"""CSV tables in Kaggle's layout: one picture per line, its pixels row by row, its label first.

The label may also stand last, or nowhere; a header is optional, and so are a column of ids and a
comma at the end of each line; plain or gzipped. Reads Kaggle's ``train.csv`` (42,000 × 785) in
about a second, and every complaint names file and line.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from tenfold.data.arrays import Stack
from tenfold.data.dataset import DIGITS
from tenfold.data.labels import ID_NAMES, LABEL_NAMES, label_of, text_labels
from tenfold.data.pixels import square_side, to_ink, to_labels
from tenfold.errors import DataError
from tenfold.files import MOST_UNPACKED, open_file, too_large

_CHUNK = 2000  # lines parsed at a time: few enough to search quickly for the one that is wrong
_PIECE, _LONGEST = 1 << 18, 1_000_000  # bytes read at a time, and of the longest line
_BLANK = " \r\n\f\v\x1c\x1d\x1e\x85"  # at the ends of a line; a tab there parts fields

Line = tuple[int, str]  # line number, text


@dataclass
class _Layout:
    """Which columns a table has, and which of them are no pixels."""

    path: Path
    delimiter: str
    width: int  # columns, without an empty one at the end
    names: list[str] | None  # the header
    label: int | None = None  # a column of its own, by its name or because it is text
    ids: int | None = None
    trailing: bool = False  # each line ends in a delimiter
    aside: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.aside = sorted({each for each in (self.label, self.ids) if each is not None})

    def parted(self, text: str) -> tuple[str, list[str]]:
        """Return a line's pixels as text, and the fields that are none, in their order."""
        if self.trailing:
            text = text.rstrip(_BLANK).removesuffix(self.delimiter)
        if not self.aside:
            return text, []
        count = len(self.aside)
        if self.aside[-1] == count - 1:
            *own, rest = text.split(self.delimiter, count)
            return rest, own
        if self.aside == [self.width - 1]:
            rest, _, own_text = text.rpartition(self.delimiter)
            return rest, [own_text]
        fields = _fields(text, self.delimiter)
        own = [fields[k] for k in self.aside if k < len(fields)]
        rest = self.delimiter.join(f for k, f in enumerate(fields) if k not in self.aside)
        return rest, own


def read_csv(path: Path) -> Stack:
    """Read a CSV of pictures.

    The label column is the one whose header says so (``label``, ``class``, ``target``, ``digit``),
    or one of text at either end. Without such a header, a number of columns that is a square means
    no labels; one more than a square means a label, first or last: whichever of the two shows more
    different digits 0–9. A column called ``id``, ``ImageId`` or nothing holds ids, and so does one
    before the label that counts the lines.

    Returns
    -------
    Stack
        All rows in the order of the file; a table has no test set of its own.

    Raises
    ------
    DataError
        Naming file and line: a row too short or too long, a field that is no number, a pixel out
        of range, a label that is no digit, text that is not UTF-8.
    """
    numbers: list[int] = []
    blocks: list[NDArray[np.float32]] = []
    own: list[list[str]] = []
    lines = _lines(path)
    first = next(lines, None)
    if first is None:
        raise DataError(f"{path}: the file is empty.")
    layout = _layout(first[1], path)
    if layout.names is None:
        lines = itertools.chain([first], lines)
    while chunk := list(itertools.islice(lines, _CHUNK)):
        block, aside = _parse(chunk, layout)
        blocks.append(block)
        own += aside
        numbers += [number for number, _ in chunk]
    if not blocks:
        raise DataError(f"{path}: a header and no rows.")
    return _stack(np.concatenate(blocks), own, layout, numbers)


def _layout(text: str, path: Path) -> _Layout:
    """Tell the columns from the first line."""
    delimiter = max(",;\t", key=text.count)
    fields = _fields(text, delimiter)
    trailing = len(fields) > 1 and not fields[-1].strip()
    fields = fields[:-1] if trailing else fields
    plain = [each.strip().casefold() for each in fields]
    if not _is_header(plain):
        ends = {0, len(fields) - 1}
        text_label = [
            k for k in sorted(ends) if not _is_number(fields[k]) and label_of(fields[k]) is not None
        ]
        label = text_label[0] if text_label else None
        return _Layout(path, delimiter, len(fields), None, label, trailing=trailing)
    named = [k for k, name in enumerate(plain) if name in LABEL_NAMES]
    if len(named) > 1:
        raise DataError(f"{path}:1: the header names several label columns; leave one.")
    ids = [k for k, name in enumerate(plain) if name in ID_NAMES or name.startswith("unnamed:")]
    names = [each.strip() for each in fields]
    return _Layout(
        path, delimiter, len(fields), names, named[0] if named else None,
        ids[0] if ids else None, trailing,
    )  # fmt: skip


def _is_header(fields: list[str]) -> bool:
    """Whether these are names of columns; pandas numbers columns that have none."""
    words = [name for name in fields[1:] if name] + fields[:1]
    numbers = [float(name) for name in words if _is_number(name)]
    if len(numbers) == len(words):
        return False
    if not numbers:
        one_word = [name for name in words if label_of(name) is None]
        return bool(one_word)
    start = min(numbers)
    return start in (0, 1) and sorted(numbers) == [start + k for k in range(len(numbers))]


def _lines(path: Path) -> Iterator[Line]:
    """Yield each line that holds something, with its number."""
    number = 0
    try:
        with open_file(path) as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            source = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
            for number, raw in enumerate(_rows(source, path), 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip(_BLANK)
                if text.strip():
                    yield number, text
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}:{number}: byte {error.start + 1} of the line is not UTF-8 text. "
            "Save the table as CSV in UTF-8."
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip file is damaged ({error}). Fetch it again.") from error


def _rows(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield lines, which may end in a carriage return alone, and none without end."""
    rest, total = b"", 0
    while piece := file.read(_PIECE):
        total += len(piece)
        if total > 4 * MOST_UNPACKED:
            raise too_large(f"{path}: unpacked", total)
        # The last line may go on in the next piece, and so may the end of a line.
        *lines, rest = (rest + piece).splitlines(keepends=True)
        yield from lines
        if len(rest) > _LONGEST:
            raise DataError(
                f"{path}: holds a line of more than {_LONGEST // 1_000_000} MB, "
                "which is no picture. Give a table with one picture per line."
            )
    if rest:
        yield rest


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


def _parse(chunk: list[Line], layout: _Layout) -> tuple[NDArray[np.float32], list[list[str]]]:
    parted = [layout.parted(text) for _, text in chunk]
    own = [each for _, each in parted]
    if not any(text for text, _ in parted):
        raise _complaint(chunk, layout)  # NumPy warns of it and gives no rows
    try:
        block = np.loadtxt(
            [text for text, _ in parted],
            dtype=np.float32,
            delimiter=layout.delimiter,
            comments=None,
            quotechar='"',
            ndmin=2,
        )
    except ValueError as error:
        raise _complaint(chunk, layout) from error
    right = block.shape == (len(chunk), layout.width - len(layout.aside))
    if not right or not np.isfinite(block).all():
        raise _complaint(chunk, layout)
    return block, own


def _complaint(chunk: list[Line], layout: _Layout) -> DataError:
    path, width = layout.path, layout.width
    for number, text in chunk:
        fields = _fields(text, layout.delimiter)
        if layout.trailing and len(fields) == width + 1 and not fields[-1].strip():
            fields.pop()
        if len(fields) != width:
            return DataError(
                f"{path}:{number}: {len(fields)} columns, {width} expected. Mend or drop the row."
            )
        for column, text in enumerate(fields, 1):
            if column - 1 in layout.aside:
                continue
            if not _is_number(text):
                what = f"'{text.strip()[:20]}' is not a number" if text.strip() else "is empty"
                return DataError(f"{path}:{number}: column {column}: {what}.")
            if not abs(float(text)) <= float(np.finfo(np.float32).max):
                return DataError(
                    f"{path}:{number}: column {column}: '{text.strip()[:20]}' is no pixel value."
                )
    first, last = chunk[0][0], chunk[-1][0]
    return DataError(f"{path}:{first}: no table of numbers in lines {first} to {last}.")


def _stack(
    table: NDArray[np.float32], own: list[list[str]], layout: _Layout, numbers: list[int]
) -> Stack:
    def place(row: int) -> str:
        return f"{layout.path}:{numbers[row]}"

    def aside(column: int) -> list[str]:
        return [fields[layout.aside.index(column)] for fields in own]

    labels = ids = None
    if layout.ids is not None:
        ids = np.array([each.strip().strip('"') for each in aside(layout.ids)], np.str_)
    elif _counts(table):
        ids, table = table[:, 0].astype(np.int64).astype(np.str_), table[:, 1:]
    if layout.label is not None:
        labels = text_labels(aside(layout.label), place)
    elif (column := _label_column(table)) is not None:
        labels = to_labels(table[:, column], place)
        table = table[:, 1:] if column == 0 else table[:, :-1]
    side = square_side(table.shape[1])
    if side is None:
        raise DataError(
            f"{place(0)}: {table.shape[1]} pixels do not make a square picture"
            f"{'' if labels is None else ' beside the label'}; 28×28 takes 784."
        )
    name = "id"
    if layout.names is not None and layout.ids is not None:
        name = layout.names[layout.ids] or "id"
    ink = to_ink(table.reshape(-1, side, side), place)
    return Stack(ink, labels, "all", place(0), ids, name)


def _counts(table: NDArray[np.float32]) -> bool:
    """Whether the first column counts the lines, before a label and pixels."""
    if table.shape[1] < 3 or square_side(table.shape[1] - 2) is None or len(table) < 2:
        return False
    return bool((table[:, 0] - table[0, 0] == np.arange(len(table))).all())


def _label_column(table: NDArray[np.float32]) -> int | None:
    columns = table.shape[1]
    if square_side(columns) is not None or square_side(columns - 1) is None:
        return None
    # A corner pixel is nearly always paper, so it shows fewer different digits than labels do.
    first, last = (np.isin(np.arange(len(DIGITS)), table[:, i]).sum() for i in (0, -1))
    return 0 if first >= last else columns - 1
