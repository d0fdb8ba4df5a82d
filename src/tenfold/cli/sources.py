"""What stands on a command line for pictures: files, folders, patterns, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from tenfold.errors import DataError, PageError, TenfoldError, faults_of
from tenfold.names import shown

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A picture, or a file of pages, to read.

    Parameters
    ----------
    path : Path or None
        Its file; None for standard input.
    name : str
        How its name is written, everywhere.
    """

    path: Path | None
    name: str

    @property
    def place(self) -> PurePath:
        """Where what is drawn of it goes, below the folder for that: in the same folders.

        >>> Source(Path("../scans/a b.png"), "").place
        PurePosixPath('_/scans/a b.png')
        """
        path = self.path or Path("standard-input")
        parts = path.parts[1:] if path.anchor else path.parts
        return PurePath(*("_" if part == ".." else part for part in parts))

    def content(self) -> Path | bytes:
        """Return what to read: the file's path, or the bytes of standard input."""
        return _standard_input(self.name) if self.path is None else self.path


@dataclass(slots=True)
class Found:
    """What arguments lead to.

    Parameters
    ----------
    sources : list of Source or PageError
        What to read, and an error for each argument or folder that leads to nothing.
    others : list of str
        What lies in folders and, by its name, is no picture; as names are written.
    """

    sources: list[Source | PageError] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def find(arguments: Sequence[str], also: tuple[str, ...] = ()) -> Found:
    """Return what lies behind arguments; of folders what ends as pictures do, or as ``also``."""
    found = Found()
    for argument in arguments:
        try:
            with faults_of(shown(argument), "opened"):
                found.sources += _expand(argument, found.others, also)
        except TenfoldError as error:
            found.sources.append(PageError(str(error), shown(argument), None))
    return found


def _expand(
    argument: str, others: list[str], also: tuple[str, ...]
) -> Iterator[Source | PageError]:
    from glob import glob, has_magic

    if not argument:
        raise DataError("'': an empty name. Give a file, a folder, a pattern, or - .")
    if argument == STDIN:
        yield Source(None, "standard input")
    elif Path(argument).is_dir():
        yield from _folder(argument, others, also)
    elif has_magic(argument) and not os.path.lexists(argument):
        names = sorted(glob(argument, recursive=True))  # noqa: PTH207 (absolute patterns too)
        if not names:
            raise DataError(f"{shown(argument)}: no file matches this pattern.")
        yield from (_source(name) for name in names if not Path(name).is_dir())
    else:
        yield _source(argument)


def _folder(folder: str, others: list[str], also: tuple[str, ...]) -> Iterator[Source | PageError]:
    """Pictures in a folder and in all folders inside; an error for each that cannot be listed."""
    from tenfold.preprocess.document import SUFFIXES

    names: list[str] = []
    rest: list[str] = []
    failed: list[OSError] = []
    for base, folders, files in os.walk(folder, onerror=failed.append):
        for name in files:
            wanted = _suffix(name) in SUFFIXES or name.lower().endswith(also)
            (names if wanted else rest).append(str(Path(base, name)))
        # Links to folders are not followed: they may lead back.
        rest += [str(Path(base, name)) for name in folders if Path(base, name).is_symlink()]
    others += map(shown, sorted(rest))
    for error in failed:
        where = shown(error.filename or folder)
        message = f"{where}: cannot be listed ({error.strerror or error})."
        yield PageError(message, where, None)
    if not names and not failed:
        raise DataError(
            f"{shown(folder)}: no pictures in this folder. Use JPEG, PNG, TIFF, PDF, HEIC, …"
        )
    yield from map(_source, sorted(names))


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _source(name: str) -> Source:
    return Source(Path(name), shown(name))


def _standard_input(name: str) -> bytes:
    from tenfold.files import read_limited
    from tenfold.preprocess.encoded import MAX_BYTES

    if sys.stdin is None:  # as '<&-' of a shell leaves it
        raise DataError(f"{name}: is closed. Give a picture: tenfold read - < picture.png")
    return read_limited(sys.stdin.buffer, MAX_BYTES, name)
