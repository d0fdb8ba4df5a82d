"""NumPy archives: ``np.savez("mine.npz", images=…, labels=…)``, or Keras's ``mnist.npz``.

Nothing in an archive is ever unpickled, so opening one from a stranger runs no code.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.data.pixels import check_size, square_side, to_ink, to_labels
from tenfold.errors import DataError
from tenfold.files import MOST_UNPACKED, open_file, too_large


class _Names(NamedTuple):
    images: str
    labels: str


_WHOLE = (_Names("images", "labels"), _Names("x", "y"), _Names("data", "target"))
_TRAIN, _TEST = _Names("x_train", "y_train"), _Names("x_test", "y_test")
_LAYOUTS = "images and labels, x and y, or x_train, y_train, x_test and y_test"


def load_npz(path: Path, name: str) -> tuple[Dataset, Dataset | None]:
    """Load an NPZ archive.

    Arrays are called ``images`` and ``labels``, ``x`` and ``y`` (or ``X``), ``data`` and
    ``target``, or, with a test set, ``x_train``, ``y_train``, ``x_test`` and ``y_test``. Pictures
    are white ink on black: integers 0–255 or floats 0–1, shape (n, size, size), (n, size·size),
    (n, size, size, 1) or (n, 1, size, size). Labels may be left out where there is one part.

    Returns
    -------
    tuple of Dataset and (Dataset or None)
        The training set and the test set; None where the archive has only one part.

    Raises
    ------
    DataError
        If it is no such archive, is damaged, holds pickled objects, NaN, values out of range or
        labels that are no digits, or the lengths differ.
    """
    arrays = _read(path)
    if _TRAIN.images in arrays and _TEST.images in arrays:
        train = _part(arrays, _TRAIN, path, name, "train")
        return train, _part(arrays, _TEST, path, name, "test")
    for names in (*_WHOLE, _TRAIN, _TEST):
        if names.images in arrays:
            return _part(arrays, names, path, name, "all"), None
    found = ", ".join(arrays) or "nothing"
    raise DataError(f"{path}: holds {found}; expected {_LAYOUTS}.")


def _read(path: Path) -> dict[str, NDArray[Any]]:
    known = {key for names in (*_WHOLE, _TRAIN, _TEST) for key in names}
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
                    array = archive[key]
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


def _refuse_large(archive: zipfile.ZipFile, known: set[str], path: Path) -> None:
    """Refuse arrays that would unpack to too much, by what the archive says: none unpacks to more.

    A file of 2 MB may unpack to gigabytes.
    """
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy")
        if name.lower() in known and entry.file_size > MOST_UNPACKED:
            raise too_large(f"{path}: array '{name}' unpacked", entry.file_size)


def _part(
    arrays: dict[str, NDArray[Any]], names: _Names, path: Path, name: str, split: str
) -> Dataset:
    where = f"{path}: {names.images}"
    raw = arrays[names.images]
    if raw.dtype.kind not in "biuf":
        raise DataError(f"{where}: {raw.dtype} values; pictures are arrays of numbers.")
    if raw.size == 0:
        raise DataError(f"{where}: holds no pictures.")
    images = to_ink(_as_pictures(raw, where), lambda row: f"{where}[{row}]")
    labels = None
    if names.labels in arrays:
        labels = _labels(arrays[names.labels], f"{path}: {names.labels}")
        if len(labels) != len(images):
            raise DataError(
                f"{path}: {len(images)} pictures in '{names.images}', but {len(labels)} labels in "
                f"'{names.labels}'; there must be one label a picture."
            )
    return Dataset(images, labels, name, split)


def _as_pictures(array: NDArray[Any], where: str) -> NDArray[Any]:
    shape = array.shape
    if len(shape) == 4 and shape[3] == 1:
        array = array[..., 0]
    elif len(shape) == 4 and shape[1] == 1:
        array = array[:, 0]
    elif len(shape) == 2 and (side := square_side(shape[1])) is not None:
        array = array.reshape(-1, side, side)
    if array.ndim != 3:
        raise DataError(
            f"{where}: shape {shape}; grey pictures have the shape (n, size, size) or "
            "(n, size·size)."
        )
    check_size(array.shape[2], array.shape[1], where)
    return array


def _labels(values: NDArray[Any], where: str) -> NDArray[np.uint8]:
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(f"{where}: shape {values.shape}; there must be one label a picture.")
    try:
        numbers = values.astype(np.float64)
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: {values.dtype} values; labels are the numbers 0–9.") from error
    return to_labels(numbers, lambda row: f"{where}[{row}]")
