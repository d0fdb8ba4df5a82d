"""The IDX format, in which MNIST came (LeCun, Cortes and Burges 1998).

A header of big-endian 32-bit numbers (a magic number that tells type and dimensions, then the
length of each dimension), then the bytes. Files may be gzipped; their content tells, not their
name, because browsers unpack some downloads on the way.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from tenfold.data.arrays import check_size, to_labels
from tenfold.errors import DataError
from tenfold.files import MOST_UNPACKED, open_file, too_large

IMAGES_MAGIC = 0x00000803  # unsigned bytes, three dimensions
LABELS_MAGIC = 0x00000801  # unsigned bytes, one dimension
_WHAT = {IMAGES_MAGIC: "pictures", LABELS_MAGIC: "labels"}
_CHUNK = 1 << 20


def read_images(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of pictures, plain or gzipped: uint8, shape (n, size, size).

    Raises
    ------
    DataError
        If the file is missing, truncated, broken, of another kind, or its pictures have a size
        that data sets do not take.
    """
    with _opened(path) as file:
        count, height, width = _header(file, path, IMAGES_MAGIC, 3)
        check_size(width, height, str(path))
        data = _body(file, path, count * height * width, header=16)
    return np.frombuffer(data, np.uint8).reshape(count, height, width)


def read_labels(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of labels 0–9, plain or gzipped: uint8, shape (n,).

    Raises
    ------
    DataError
        As `read_images`, and for a label beyond 9, with its byte.
    """
    with _opened(path) as file:
        (count,) = _header(file, path, LABELS_MAGIC, 1)
        data = _body(file, path, count, header=8)
    return to_labels(np.frombuffer(data, np.uint8), lambda row: f"{path}: byte {row + 8}")


def read_pair(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read pictures and their labels and check that there are as many of both.

    Raises
    ------
    DataError
        As `read_images` and `read_labels`, and when the lengths differ.
    """
    pictures, numbers = read_images(images), read_labels(labels)
    if len(pictures) != len(numbers):
        raise DataError(
            f"{images}: {len(pictures)} pictures, but {len(numbers)} labels in {labels.name}. "
            "The two files do not belong together; fetch both again."
        )
    return pictures, numbers


def count_images(path: Path) -> int:
    """Return the number of pictures that a file's header announces, without reading them."""
    with _opened(path) as file:
        return _header(file, path, IMAGES_MAGIC, 3)[0]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, plain or gzipped, and turn what goes wrong while reading it into DataError."""
    try:
        with open_file(path) as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    yield cast("BinaryIO", unpacked)
            else:
                yield file
    except EOFError as error:
        raise DataError(f"{path}: the gzip file ends early. Fetch it again.") from error
    except zlib.error as error:
        raise DataError(f"{path}: the gzip file is damaged ({error}). Fetch it again.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}).") from error


def _header(file: BinaryIO, path: Path, magic: int, dimensions: int) -> tuple[int, ...]:
    size = 4 * (1 + dimensions)
    header = file.read(size)
    if not header:
        raise DataError(f"{path}: the file is empty. Fetch it again.")
    if len(header) >= 4 and (found := struct.unpack(">I", header[:4])[0]) != magic:
        raise DataError(
            f"{path}: no IDX file of {_WHAT[magic]}: it begins with 0x{found:08x}, not "
            f"0x{magic:08x}" + (f" (it holds {_WHAT[found]})." if found in _WHAT else ".")
        )
    if len(header) < size:
        raise DataError(
            f"{path}: truncated: the header ends at byte {len(header)} of {size}. Fetch it again."
        )
    shape: tuple[int, ...] = struct.unpack(f">{dimensions}I", header[4:])
    if shape[0] == 0:
        raise DataError(f"{path}: holds no {_WHAT[magic]}.")
    return shape


def _body(file: BinaryIO, path: Path, size: int, header: int) -> bytearray:
    if size > MOST_UNPACKED and isinstance(cast("object", file), gzip.GzipFile):
        raise too_large(f"{path}: unpacked", size)
    # Read in pieces: a damaged header may announce terabytes, and nothing is set aside for them.
    data = bytearray()
    while len(data) <= size and (piece := file.read(min(_CHUNK, size + 1 - len(data)))):
        data += piece
    if len(data) < size:
        raise DataError(
            f"{path}: truncated: ends at byte {header + len(data)}, "
            f"its header announces {header + size}. Fetch it again."
        )
    if len(data) > size:
        raise DataError(
            f"{path}: goes on after byte {header + size}, where its header says it ends. "
            "Fetch it again."
        )
    return data
