"""Labelled picture files, found and not opened yet: in folders of labels, in tables.

Whoever opens them decides what becomes of their sizes: `tenfold.data.folder` takes them as they
are, `tenfold.samples` frames them as the reader does.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenfold.data.labels import LABEL_NAMES, label_of, text_labels
from tenfold.data.parquet import Columns, read_columns
from tenfold.errors import DataError
from tenfold.files import MOST_UNPACKED, only_files, open_file, read_limited

TRAIN = frozenset({"train", "training", "trainingset", "train_set", "val", "valid", "validation"})
TEST = frozenset({"test", "testing", "testset", "test_set"})
PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp"}
    | {".ppm", ".pgm", ".pbm", ".heic", ".heif"}
)
FILE_NAMES = frozenset(
    {"file", "files", "filename", "file_name", "path", "filepath", "image", "image_path", "img"}
)
WRAPPED = 3  # folders that hold one folder and nothing else, as archives unpack to
_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


@dataclass(frozen=True, slots=True)
class Listing:
    """Pictures of one part, unopened.

    Parameters
    ----------
    sources : tuple of Path or bytes
        A file each, or its content.
    names : tuple of str
        What to call each in messages.
    labels : uint8 array, shape (n,), or None
    split : str
    ids : tuple of str
        What a table of answers calls each.
    """

    sources: tuple[Path | bytes, ...]
    names: tuple[str, ...]
    labels: NDArray[np.uint8] | None
    split: str
    ids: tuple[str, ...]


def list_folder(folder: Path) -> list[Listing]:
    """List the pictures of folders named after digits, in one part or in two.

    Raises
    ------
    DataError
        If a class folder is empty or stands for no digit, or there is none.
    """
    folder = unwrapped(folder)
    found: dict[str, list[tuple[int, list[Path]]]] = {}
    for split, base in _bases(folder):
        found.setdefault(split, []).extend(class_files(base))
    if len(found) == 1:
        found = {"all": next(iter(found.values()))}
    return [_of_classes(classes, split, folder) for split, classes in found.items()]


def _of_classes(classes: list[tuple[int, list[Path]]], split: str, folder: Path) -> Listing:
    files = [(label, path) for label, paths in sorted(classes, key=_first) for path in paths]
    paths = tuple(path for _, path in files)
    return Listing(
        paths,
        tuple(map(str, paths)),
        np.array([label for label, _ in files], np.uint8),
        split,
        tuple(path.relative_to(folder).as_posix() for path in paths),
    )


def _first(entry: tuple[int, list[Path]]) -> int:
    return entry[0]


def list_loose(folder: Path) -> Listing | None:
    """List pictures that lie in a folder without labels; None if there are none."""
    paths = only_files(
        sorted(p for p in folder.iterdir() if p.suffix.lower() in PICTURES and is_meant(p))
    )
    if not paths:
        return None
    names = tuple(path.name for path in paths)
    return Listing(tuple(paths), tuple(map(str, paths)), None, "all", names)


def is_picture_folder(folder: Path) -> bool:
    """Tell whether a folder holds folders named after digits, or parts that do."""
    folder = unwrapped(folder)
    return any(
        entry.is_dir() and label_of(entry.name) is not None
        for _, base in _bases(folder)
        for entry in base.iterdir()
    )


def unwrapped(folder: Path) -> Path:
    """Return the folder inside folders that hold nothing else; a class folder is no such."""
    for _ in range(WRAPPED):
        inside = [entry for entry in folder.iterdir() if is_meant(entry)]
        alone = len(inside) == 1 and inside[0].is_dir()
        if not alone or label_of(inside[0].name) is not None or _part(inside[0].name):
            break
        folder = inside[0]
    return folder


def _part(name: str) -> str | None:
    name = name.casefold()
    return "train" if name in TRAIN else "test" if name in TEST else None


def _bases(folder: Path) -> list[tuple[str, Path]]:
    # With a single part there is no test set of its own: that one is the whole set.
    parts = [
        (part, entry)
        for entry in sorted(folder.iterdir())
        if (part := _part(entry.name)) is not None and entry.is_dir()
    ]
    return sorted(parts, key=lambda each: each[0] == "test") or [("all", folder)]


def class_files(base: Path) -> list[tuple[int, list[Path]]]:
    """Return each class folder's label and files; raises as `list_folder`."""
    classes = []
    for entry in sorted(base.iterdir()):
        if not entry.is_dir() or not is_meant(entry):
            continue
        label = label_of(entry.name)
        if label is None:
            raise DataError(
                f"{entry}: class folders are named 0 to 9, and this one is not. "
                "Rename it or move it out."
            )
        files = only_files(sorted(path for path in entry.iterdir() if is_meant(path)))
        if not files:
            raise DataError(f"{entry}: this class folder is empty. Fill it or remove it.")
        classes.append((label, files))
    if not classes:
        raise DataError(f"{base}: no folders named 0 to 9 in it.")
    return classes


def is_meant(path: Path) -> bool:
    """Whether a name is one that people give, and not one that systems leave."""
    return not path.name.startswith(".") and path.name.lower() not in _LEFT_BY_SYSTEMS


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
        Naming the row where a file is missing or a label is no digit.
    """
    if is_text_table(path):
        rows = _text_rows(path)
        if rows is None:
            return None
        columns: Columns = rows
    else:
        columns = read_columns(path)
    plain = {name.strip().casefold(): name for name in columns}
    file = next((plain[name] for name in plain if name in FILE_NAMES), None)
    if file is None or isinstance(columns[file], np.ndarray) or _is_pixels(columns[file][0]):
        return None
    label = next((plain[name] for name in plain if name in LABEL_NAMES), None)

    def place(row: int) -> str:
        return f"{path}:{row + 2}" if is_text_table(path) else f"{path}: row {row}"

    labels = None if label is None else text_labels(map(str, columns[label]), place)
    found = [_entry(path, each, place(row)) for row, each in enumerate(columns[file])]
    splits = columns.get(plain.get("split", ""), ["all"] * len(found))
    parts = [_part(str(each)) or "all" for each in splits]
    listed = []
    for split in ("train", "test", "all"):
        rows_of = [row for row, part in enumerate(parts) if part == split]
        if rows_of:
            own = [found[row] for row in rows_of]
            sources, ids = zip(*own, strict=True)
            names = tuple(f"{path.parent / name}" for name in ids)
            part_labels = None if labels is None else labels[rows_of]
            listed.append(Listing(sources, names, part_labels, split, ids))
    if len(listed) > 1 and any(part.split == "all" for part in listed):
        raise DataError(f"{path}: column 'split': say train or test in every row, or leave it out.")
    return listed


def _is_pixels(value: object) -> bool:
    return isinstance(value, list | tuple | int | float)


def _entry(table: Path, value: object, place: str) -> tuple[Path | bytes, str]:
    """Return a picture's file or content, and its name, from a table's field."""
    if isinstance(value, dict):  # as hubs keep them: {"bytes": …, "path": …}
        content, name = value.get("bytes"), str(value.get("path") or place)
        if isinstance(content, bytes):
            return content, name
        value = name
    if isinstance(value, bytes):
        return value, place
    name = str(value or "").strip()
    if not name:
        raise DataError(f"{place}: names no file.")
    return table.parent / name, name


def _text_rows(path: Path) -> dict[str, list[str]] | None:
    """Return a table's columns, or None if none of them names files."""
    with open_file(path) as file:
        head = file.read(100_000)
    if head[:2] == b"\x1f\x8b":
        head = _unpacked(path, 100_000)
    first = head.decode("utf-8-sig", "replace").splitlines()[:1]
    delimiter = max(",;\t", key=first[0].count) if first else ","
    names = first[0].split(delimiter) if first else []
    if not FILE_NAMES & {name.strip().strip('"').casefold() for name in names}:
        return None
    try:
        text = _unpacked(path, MOST_UNPACKED).decode("utf-8-sig")
        rows = list(_records(text, delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}).") from error
    if not rows:
        raise DataError(f"{path}: a header and no rows.")
    return {name: [str(row.get(name) or "") for row in rows] for name in rows[0] if name}


def _records(text: str, delimiter: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)


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
