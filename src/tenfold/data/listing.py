"""Labelled picture files, found and not opened yet: in folders of labels.

`tenfold.data.file_table` finds those of tables. Whoever opens them decides what becomes of their
sizes: `tenfold.data.folder` takes them as they are, `tenfold.samples` frames them as the reader
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenfold.data.labels import label_of
from tenfold.errors import DataError
from tenfold.files import only_files

TRAIN = frozenset({"train", "training", "trainingset", "train_set", "val", "valid", "validation"})
TEST = frozenset({"test", "testing", "testset", "test_set"})
PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp"}
    | {".ppm", ".pgm", ".pbm", ".heic", ".heif"}
)
WRAPPED = 3  # folders that hold one folder and nothing else, as archives unpack to
_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


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
        if not alone or label_of(inside[0].name) is not None or part_named(inside[0].name):
            break
        folder = inside[0]
    return folder


def part_named(name: str) -> str | None:
    """Return "train" or "test" where a name stands for one of them."""
    name = name.casefold()
    return "train" if name in TRAIN else "test" if name in TEST else None


def _bases(folder: Path) -> list[tuple[str, Path]]:
    # With a single part there is no test set of its own: that one is the whole set.
    parts = [
        (part, entry)
        for entry in sorted(folder.iterdir())
        if (part := part_named(entry.name)) is not None and entry.is_dir()
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
            ten = "If 10 stands for 0, call it 0. " if entry.name == "10" else ""
            raise DataError(
                f"{entry}: class folders are named 0 to 9, and this one is not. "
                f"{ten}Rename it or move it out."
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
