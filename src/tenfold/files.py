"""Files: opened where they are files, written whole or not at all, and only over tenfold's own.

What tenfold draws and reports for people carries a mark. Where something without it lies, it is not
overwritten unless that is asked for.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tenfold.errors import DataError, TenfoldError, TenfoldWarning

MARK = "tenfold:output"  # in the head of pictures, reports and cards
_MARKS = (MARK.encode(), b"\x07tenfold\x12")  # the second: the metadata's key in a model file
_BINARY = getattr(os, "O_BINARY", 0)  # Windows: leave newlines alone
_HEAD, _TAIL = 4096, 1 << 20  # bytes in which a mark is looked for; metadata of a model come last
MOST_UNPACKED = 1_000_000_000  # bytes of one part of a packed file: an array, a set of pictures
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind_of(path: str | Path) -> str | None:
    """Say what a path leads to that is no regular file: "a pipe"; None for a file.

    Raises
    ------
    OSError, ValueError
        If nothing lies there, or it cannot be told.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116 (a name with a zero byte raises ValueError)
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "something else")


def only_files(paths: Iterable[Path]) -> list[Path]:
    """Leave pipes, devices and the like out, each with a warning that names it.

    Folders, and what cannot be looked at, stay: whoever opens them says what is wrong.
    """
    kept = []
    for path in paths:
        try:
            kind = kind_of(path)
        except (OSError, ValueError):
            kind = None
        if kind in (None, "a folder"):
            kept.append(path)
        else:
            warnings.warn(
                f"{path}: is {kind}, not a file, and was left out.", TenfoldWarning, stacklevel=2
            )
    return kept


def open_file(path: str | Path, name: str | None = None) -> BinaryIO:
    """Open a regular file for reading, and nothing else: a pipe or a device may never end.

    Parameters
    ----------
    path : str or Path
        Symbolic links to files are followed.
    name : str, optional
        What to call it in messages.

    Raises
    ------
    DataError
        If it is missing, cannot be read or is no regular file.
    """
    name = name or str(path)
    try:
        kind = kind_of(path)
        if kind is None:
            # Without waiting, should a pipe have taken the file's place meanwhile.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return os.fdopen(handle, "rb")
            os.close(handle)
            kind = "no file any more"
    except FileNotFoundError:
        raise DataError(f"{name}: no such file. Check the path.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{name}: cannot be read ({why}).") from error
    hint = "" if kind == "a folder" else " Only files are opened."
    raise DataError(f"{name}: is {kind}, not a file.{hint}")


def digest_of(path: str | Path, name: str | None = None) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal; raises as `open_file`."""
    digest = hashlib.sha256()
    with open_file(path, name) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def read_file(path: str | Path, most: int, name: str | None = None) -> bytes:
    """Read a regular file of at most so many bytes.

    Raises
    ------
    DataError
        If it is larger, or as of `open_file`.
    """
    name = name or str(path)
    with open_file(path, name) as file:
        try:
            return read_limited(file, most, name)
        except OSError as error:
            raise DataError(f"{name}: cannot be read ({error.strerror or error}).") from error


def read_limited(file: BinaryIO, most: int, name: str) -> bytes:
    """Read all of an open file or stream, or refuse it as soon as it is larger than this."""
    size = os.fstat(file.fileno()).st_size if isinstance(file, io.BufferedReader) else 0
    content = b"" if size > most else file.read(most + 1)
    if max(size, len(content)) > most:
        raise DataError(f"{name}: is larger than {most // 1_000_000:,} MB, the most that is read.")
    return content


def too_large(what: str, size: int) -> DataError:
    """Return what to raise of something that would unpack to more than `MOST_UNPACKED` bytes."""
    return DataError(
        f"{what} is {size / 1e9:.1f} GB; {MOST_UNPACKED / 1e9:.0f} GB is the most that is taken. "
        "Save it in 8-bit numbers, or in parts."
    )


def write_whole(path: str | Path, content: bytes | str) -> Path:
    """Write a file so that it is there in full or not at all, and return its path.

    The content goes to a neighbour first, reaches the disk, and then takes the name in one step,
    so a full disk or a killed process leaves whatever was there before untouched.

    Raises
    ------
    TenfoldError
        If the folder cannot be written, the disk is full, or the name is a device's or the like.
    """
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return Path(path)


@contextmanager
def whole_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a neighbour of a file, which takes the file's name when it has been written in full.

    For what is too large to be held in memory; `write_whole` is for the rest. Whatever goes wrong
    inside leaves what was there before untouched.

    Raises
    ------
    TenfoldError
        As of `write_whole`.
    """
    path = Path(path)
    _refuse_what_is_no_file(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tenfold-")
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TenfoldError(
            f"{path}: cannot be written ({error.strerror or error}). "
            "Free some space or choose another folder."
        ) from error


def write_output(path: str | Path, content: bytes | str, *, force: bool = False) -> Path:
    """Write what carries tenfold's mark, as `write_whole` does, but only over what carries it too.

    Raises
    ------
    TenfoldError
        If a file that tenfold did not write lies there and ``force`` is False, or as of
        `write_whole`.
    """
    if not force:
        refuse_foreign(path)
    return write_whole(path, content)


def refuse_foreign(path: str | Path) -> None:
    """Raise TenfoldError if a file lies here that tenfold did not write."""
    if os.path.isfile(path) and not is_ours(path):  # noqa: PTH113 (false for a name too long)
        raise TenfoldError(
            f"{path}: already exists and is not known to be tenfold's, so it was not overwritten. "
            "Choose another name, or overwrite it by force."
        )


def is_ours(path: str | Path) -> bool:
    """Whether a file carries the mark of what tenfold writes for people, or is a model file."""
    try:
        with open_file(path) as file:
            head = file.read(_HEAD)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            # As model files begin, and PDFs and packed files, which say at their end what they are.
            tail = file.read() if head.startswith((b"\x08", b"%PDF", b"PK")) else b""
    except (TenfoldError, OSError):
        return False
    return any(mark in head or mark in tail for mark in _MARKS)


def check_target(path: str | Path, *, force: bool = False) -> None:
    """Find out early whether a file can be written here, before long work is lost on it.

    Raises
    ------
    TenfoldError
        If its folder cannot be written, the name is a folder's or a device's, or a file that
        tenfold did not write lies there and ``force`` is False.
    """
    path = Path(path)
    _refuse_what_is_no_file(path)
    if not force:
        refuse_foreign(path)
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise TenfoldError(
            f"{path}: cannot be written ({error.strerror or error}). Choose another folder."
        ) from error


def _refuse_what_is_no_file(path: Path) -> None:
    """Raise TenfoldError where a folder, a device or a pipe has this name: none is replaced."""
    try:
        kind = kind_of(path)
    except (OSError, ValueError):  # nothing there, or what writing will say itself
        return
    if kind == "a folder":
        raise TenfoldError(f"{path}: is a folder; give the name of a file.")
    if kind is not None:
        raise TenfoldError(f"{path}: is {kind}, which is not replaced. Give the name of a file.")


def make_folder(path: str | Path) -> Path:
    """Create a folder and its parents and check that it can be written.

    Raises
    ------
    TenfoldError
        If it cannot be created or written.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        if path.is_file():
            raise TenfoldError(f"{path}: is a file; choose a folder.") from error
        raise TenfoldError(
            f"{path}: no folder to write to ({error.strerror or error}). Choose another folder."
        ) from error
    return path
