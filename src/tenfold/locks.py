"""One run at a time in a folder, held by a lock that the system frees when the process ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tenfold.errors import TenfoldError, UsageError
from tenfold.files import kind_of

NAME = "run.lock"


@contextmanager
def locked(folder: Path, name: str = NAME) -> Iterator[None]:
    """Hold a run folder; nobody else can as long as this process lives, however it ends.

    Parameters
    ----------
    folder : Path
    name : str
        Of the lock's file.

    Raises
    ------
    UsageError
        If a run is going on in this folder.
    TenfoldError
        If the folder cannot be written.
    """
    path = folder / name
    with suppress(FileNotFoundError):
        if kind_of(path) or path.stat().st_size:
            raise UsageError(
                f"{path}: is not one of tenfold's locks. Choose another folder with --out."
            )
    try:
        file = path.open("ab")
    except OSError as error:
        raise TenfoldError(f"{path}: cannot be written ({error.strerror or error}).") from error
    with file:
        if not _taken(file, path):
            raise UsageError(
                f"{folder}: a run is going on here. Wait until it ends, or stop it first."
            )
        try:
            yield
        finally:
            with suppress(OSError):  # Windows removes no file that is open
                path.unlink()


def _taken(file: BinaryIO, path: Path) -> bool:
    """Lock the file; False if another process has it, or removed it as it ended just now."""
    try:
        _lock(file)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _lock(file: BinaryIO) -> None:
    # A lock of the process: one of the open file would live on in workers that a kill leaves.
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
