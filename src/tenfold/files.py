"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tenfold.errors import TenfoldError


def write_whole(path: str | Path, content: bytes | str) -> Path:
    """Write a file so that it is there in full or not at all, and return its path.

    The content goes to a neighbour first, reaches the disk, and then takes the name in one step,
    so a full disk or a killed process leaves whatever was there before untouched.

    Raises
    ------
    TenfoldError
        If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
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
    return path


def check_target(path: str | Path) -> None:
    """Find out early whether a file can be written here, before long work is lost on it.

    Raises
    ------
    TenfoldError
        If its folder cannot be written or the name is a folder's.
    """
    path = Path(path)
    if path.is_dir():
        raise TenfoldError(f"{path}: is a folder; give the name of a file.")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise TenfoldError(
            f"{path}: cannot be written ({error.strerror or error}). Choose another folder."
        ) from error


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
            raise TenfoldError(f"{path}: is a file; choose a folder with --out.") from error
        raise TenfoldError(
            f"{path}: no folder to write to ({error.strerror or error}). Choose another with --out."
        ) from error
    return path
