"""What holds an encoded file: a path, bytes, or an object open for reading."""

from __future__ import annotations

import io
from os import PathLike
from pathlib import Path
from typing import IO, BinaryIO, TypeAlias

from tenfold.errors import DataError, PictureTypeError, PictureValueError
from tenfold.files import open_file

MAX_BYTES = 400_000_000  # of a picture, and of whatever lies in memory

Encoded: TypeAlias = bytes | bytearray | memoryview | IO[bytes]


def open_encoded(source: object, name: str) -> BinaryIO:
    """Open an encoded file, whatever holds it, at its beginning.

    Raises
    ------
    DataError
        If it is no regular file, missing, holds no bytes, or more than 400 MB of them in memory.
    """
    if isinstance(source, str | PathLike):
        try:
            return open_file(Path(source), name)
        except (ValueError, TypeError) as error:  # a path with a null in it, or of bytes
            raise DataError(f"{name}: cannot be read ({error}).") from error
    if isinstance(source, bytes | bytearray):
        return io.BytesIO(source)
    if isinstance(source, memoryview) and source.ndim == source.itemsize == 1:
        return io.BytesIO(source)
    read = getattr(source, "read", None)
    if not callable(read):
        raise PictureTypeError(
            f"{name}: a {type(source).__name__} is no picture. Give a path, bytes, an open file, "
            "an array or a PIL image."
        )
    try:
        content = read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # closed, or open for writing alone
        raise PictureValueError(f"{name}: cannot be read ({error}).") from error
    if not isinstance(content, bytes):
        raise PictureTypeError(f"{name}: gives no bytes. Open it with mode 'rb'.")
    if len(content) > MAX_BYTES:
        most = MAX_BYTES // 1_000_000
        raise DataError(f"{name}: is larger than {most} MB, the most that is read.")
    if not content:
        raise PictureValueError(
            f"{name}: the file is empty or read to its end already. Go back with seek(0)."
        )
    return io.BytesIO(content)
