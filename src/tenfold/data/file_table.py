"""Tables of picture files and their labels: CSV, TSV, Parquet, data frames.

A column names the files, or holds them; others hold labels and say which part a picture is of.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from tenfold.data.labels import LABEL_NAMES, text_labels
from tenfold.data.listing import PICTURES, Listing, part_named
from tenfold.data.parquet import Columns, read_columns
from tenfold.errors import DataError
from tenfold.files import MOST_UNPACKED, open_file, read_limited

FILE_NAMES = frozenset(
    {"file", "files", "filename", "file_name", "path", "filepath", "image", "image_path", "img"}
)
NUMBERS = frozenset({"truth", "text"})  # columns of numbers of several digits
FRAME = "your frame"
_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_HEAD = 100_000  # bytes in which a table's first two lines end
_HOW = "Call the columns 'file' (or filename, path, image) and 'label' (or class, target, digit)."


def is_text_table(path: Path) -> bool:
    """Whether a name is that of a CSV or a TSV, packed or not."""
    return path.name.lower().endswith(_TABLES)


def list_table(path: Path) -> list[Listing] | None:
    """List the pictures of a table with columns of files and labels; None for other tables.

    A column ``split`` may tell ``train`` from ``test``. Files lie beside the table. In Parquet,
    a column ``image`` may hold the files themselves, as data sets of hubs have them.

    Raises
    ------
    DataError
        Naming the row where a file is missing or a label is no digit; of a table of numbers, and
        of one with files whose columns have other names.
    """
    if is_text_table(path):
        rows = _text_rows(path)
        if rows is None:
            return None
        return _listed(rows, path.parent, f"{path}", lambda row: f"{path}:{row + 2}")
    return _listed(read_columns(path), path.parent, f"{path}", lambda row: f"{path}: row {row}")


def list_frame(frame: Any) -> list[Listing] | None:
    """List the pictures of a data frame of pandas or polars; None for a frame of pixels.

    Columns are as for `list_table`; files are named from the working directory.

    Raises
    ------
    DataError
        As `list_table`.
    """
    names = {str(name): name for name in frame.columns}
    if len(names) < len(frame.columns) or not len(frame):
        return None
    first = [next(iter(frame[name])) for name in names.values()]
    if not any(isinstance(value, str | bytes | dict | PurePath) for value in first):
        return None  # pixels, which are many
    columns = {name: list(frame[own]) for name, own in names.items()}
    return _listed(columns, Path(), FRAME, lambda row: f"{FRAME}: row {row}")


def _listed(
    columns: Columns, base: Path, where: str, place: Callable[[int], str]
) -> list[Listing] | None:
    plain = {name.strip().casefold(): name for name in columns}
    file = next((plain[name] for name in plain if name in FILE_NAMES), None)
    if file is None or isinstance(columns[file], np.ndarray) or _is_pixels(columns[file][0]):
        if any(_names_picture(column[0]) for column in columns.values()):
            raise _unknown(where, list(columns))
        return None
    label = next((plain[name] for name in plain if name in LABEL_NAMES), None)
    if label is None and (numbers := NUMBERS & plain.keys()):
        column = min(numbers)
        raise DataError(
            f"{where}: a table of numbers (columns '{file}' and '{column}'), which 'tenfold "
            "evaluate' and 'tenfold fine-tune' take. If each picture shows a single digit, call "
            f"the column 'label' in place of '{column}'."
        )
    labels = None if label is None else text_labels(map(str, columns[label]), place)
    found = [_entry(base, each, place(row)) for row, each in enumerate(columns[file])]
    splits = columns.get(plain.get("split", ""), ["all"] * len(found))
    parts = [part_named(str(each)) or "all" for each in splits]
    listed = []
    for split in ("train", "test", "all"):
        rows_of = [row for row, part in enumerate(parts) if part == split]
        if rows_of:
            own = [found[row] for row in rows_of]
            sources, ids = zip(*own, strict=True)
            names = tuple(f"{base / name}" for name in ids)
            part_labels = None if labels is None else labels[rows_of]
            listed.append(Listing(sources, names, part_labels, split, ids))
    if len(listed) > 1 and any(part.split == "all" for part in listed):
        raise DataError(
            f"{where}: column 'split': say train or test in every row, or leave it out."
        )
    return listed


def _is_pixels(value: object) -> bool:
    return isinstance(value, list | tuple | int | float | np.ndarray | np.generic)


def _names_picture(value: object) -> bool:
    text = isinstance(value, str | PurePath)
    return text and PurePath(str(value).strip().strip("\"'")).suffix.lower() in PICTURES


def _unknown(where: str, names: list[str]) -> DataError:
    """Return what is told of a table with files in it, and no column that says so."""
    return DataError(
        f"{where}: names picture files, but its first line, {', '.join(names)[:80]}, does not say "
        f"in which column. {_HOW}"
    )


def _entry(base: Path, value: object, place: str) -> tuple[Path | bytes, str]:
    """Return a picture's file or content, and its name, from a table's field."""
    if isinstance(value, dict):  # as hubs keep them: {"bytes": …, "path": …}
        content, name = value.get("bytes"), str(value.get("path") or place)
        if isinstance(content, bytes):
            return content, name
        value = name
    if isinstance(value, bytes):
        return value, place
    name = str(value).strip() if isinstance(value, str | PurePath) else ""
    if not name:  # nothing, or what pandas puts in its place
        raise DataError(f"{place}: names no file.")
    return base / name, name


def _text_rows(path: Path) -> dict[str, list[str]] | None:
    """Return a table's columns, or None if none of them names files."""
    with open_file(path) as file:
        head = file.read(_HEAD)
    if head[:2] == b"\x1f\x8b":
        head = _unpacked(path, _HEAD)
    first = head.decode("utf-8-sig", "replace").splitlines()[:2]
    delimiter = max(",;\t", key=first[0].count) if first else ","
    lines = [line.split(delimiter) for line in first]
    if not lines or not FILE_NAMES & {name.strip().strip('"').casefold() for name in lines[0]}:
        if any(_names_picture(field) for line in lines for field in line):
            raise _unknown(str(path), lines[0])
        return None
    try:
        text = _unpacked(path, MOST_UNPACKED).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}).") from error
    if not rows:
        raise DataError(f"{path}: a header and no rows.")
    return {name: [str(row.get(name) or "") for row in rows] for name in rows[0] if name}


def _unpacked(path: Path, most: int) -> bytes:
    with open_file(path) as file:
        if file.read(2) != b"\x1f\x8b":
            file.seek(0)
            return read_limited(file, most, str(path))
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) as packed:
                return packed.read(most)
        except (OSError, EOFError) as error:
            raise DataError(f"{path}: the gzip file is damaged ({error}).") from error
