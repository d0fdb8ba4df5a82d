"""NumPy archives: ``np.savez("mine.npz", images=…, labels=…)``, or Keras's ``mnist.npz``.

Nothing in an archive is ever unpickled, so opening one from a stranger runs no code.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenfold.data.arrays import Stack, stack_of
from tenfold.errors import DataError, TenfoldWarning
from tenfold.files import MOST_UNPACKED, open_file, too_large


class _Names(NamedTuple):
    images: str
    labels: str


_WHOLE = (_Names("images", "labels"), _Names("x", "y"), _Names("data", "target"))
_TRAIN, _TEST = _Names("x_train", "y_train"), _Names("x_test", "y_test")
_IDS = ("ids", "id", "names")  # what may name the pictures where there is one part
_LAYOUTS = "images and labels, x and y, or x_train, y_train, x_test and y_test"


def read_npz(path: Path) -> list[Stack]:
    """Read an NPZ archive.

    Arrays are called ``images`` and ``labels``, ``x`` and ``y`` (or ``X``), ``data`` and
    ``target``, or, with a test set, ``x_train``, ``y_train``, ``x_test`` and ``y_test``. Pictures
    are white ink on black: integers 0–255 or floats 0–1, shape (n, h, w), (n, side·side),
    (n, h, w, 1) or (n, 1, h, w). Labels may be left out where there is one part; an array ``ids``,
    ``id`` or ``names`` may name its pictures.

    Returns
    -------
    list of Stack
        The training set and the test set, or the only part.

    Raises
    ------
    DataError
        If it is no such archive, is damaged, holds pickled objects, NaN, values out of range or
        labels that are no digits, or the lengths differ.
    """
    arrays = _read(path)
    if _TRAIN.images in arrays and _TEST.images in arrays:
        return [_part(arrays, _TRAIN, path, "train"), _part(arrays, _TEST, path, "test")]
    for names in (*_WHOLE, _TRAIN, _TEST):
        if names.images in arrays:
            return [_part(arrays, names, path, "all")]
    found = ", ".join(arrays) or "nothing"
    raise DataError(f"{path}: holds {found}; expected {_LAYOUTS}.")


def _read(path: Path) -> dict[str, NDArray[Any]]:
    known = {key for names in (*_WHOLE, _TRAIN, _TEST) for key in names} | {*_IDS}
    key = ""
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            if not any(entry.endswith(".npy") for entry in archive.namelist()):
                raise DataError(
                    f"{path}: a zip file without NumPy arrays in it; expected {_LAYOUTS}."
                )
            _refuse_large(archive, known, path)
        with open_file(path) as file, np.load(file, allow_pickle=False) as archive:
            arrays = {}
            for key in archive.files:
                if key.lower() in known:
                    array = _array(archive, key, path)
                    if array is None:
                        continue
                    if not isinstance(array, np.ndarray):  # numpy hands out foreign files as bytes
                        raise ValueError("it does not begin as a NumPy array does")
                    arrays[key.lower()] = array
            return arrays or dict.fromkeys(archive.files, np.empty(0))
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: not an NPZ archive, or a damaged one ({error}).") from error
    except (ValueError, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path}: array '{key}' cannot be read ({error}).") from error
    except MemoryError as error:
        raise DataError(f"{path}: array '{key}' does not fit into memory.") from error


def _array(archive: Any, key: str, path: Path) -> NDArray[Any] | None:
    """Return one array; None, with a warning, for names that would have to be unpickled."""
    try:
        array: NDArray[Any] = archive[key]
    except ValueError as error:
        if key.lower() not in _IDS or "Object arrays" not in str(error):
            raise
        warnings.warn(
            f"{path}: array '{key}' holds Python objects, which are never unpickled, and was left "
            f"out. Save {key}.astype(str) to keep it.",
            TenfoldWarning,
            stacklevel=2,
        )
        return None
    return array


def _refuse_large(archive: zipfile.ZipFile, known: set[str], path: Path) -> None:
    """Refuse arrays that would unpack to too much, by what the archive says: none unpacks to more.

    A file of 2 MB may unpack to gigabytes.
    """
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy")
        if name.lower() in known and entry.file_size > MOST_UNPACKED:
            raise too_large(f"{path}: array '{name}' unpacked", entry.file_size)


def _part(arrays: dict[str, NDArray[Any]], names: _Names, path: Path, split: str) -> Stack:
    labels = arrays.get(names.labels)
    stack = stack_of(
        arrays[names.images], labels, split, f"{path}: {names.images}", f"{path}: {names.labels}"
    )
    own = next((name for name in _IDS if name in arrays), None)
    if own is None or split != "all":
        return stack
    ids, count = arrays[own].reshape(-1), len(stack.images)
    if len(ids) != count:
        raise DataError(
            f"{path}: {own}: {count} pictures, but {len(ids)} of these; there must be one a "
            "picture. Mend the array or leave it out."
        )
    return replace(stack, ids=_as_text(ids), id_name=own.rstrip("s"))


def _as_text(ids: NDArray[Any]) -> NDArray[np.str_]:
    if ids.dtype.kind == "S":
        return np.array([each.decode("utf-8", "replace") for each in ids.tolist()], np.str_)
    return ids.astype(np.str_)
