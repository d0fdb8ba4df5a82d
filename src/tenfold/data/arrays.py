"""Pictures and labels that are in memory already: arrays, tensors, data frames.

Frames of pandas and polars are told by what they can do, so neither is needed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.data.labels import ID_NAMES, LABEL_NAMES, as_labels
from tenfold.data.pixels import check_size, square_side, to_ink
from tenfold.errors import DataError

NAME = "your arrays"
COLOURS = (3, 4)  # planes of a picture in colour
HOW = (
    "Give (X, y), (X_train, y_train, X_test, y_test), ((X_train, y_train), (X_test, y_test)), "
    "or a data frame with a column 'label'."
)


@dataclass(frozen=True, slots=True)
class Stack:
    """Pictures of one size, whatever it is, before they are a data set.

    Parameters
    ----------
    images : uint8 array, shape (n, h, w)
    labels : uint8 array, shape (n,), or None
    split : str
    where : str
        What to call them in messages.
    ids : str array, shape (n,), or None
    id_name : str
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    split: str
    where: str
    ids: NDArray[np.str_] | None = None
    id_name: str = "id"

    def dataset(self, name: str, images: NDArray[np.uint8] | None = None) -> Dataset:
        """Return it as a data set, or with other pictures in place of its own.

        Raises
        ------
        DataError
            If the pictures are of no size that data sets hold.
        """
        images = self.images if images is None else images
        check_size(images.shape[2], images.shape[1], self.where)
        return Dataset(images, self.labels, name, self.split, ids=self.ids, id_name=self.id_name)


def stack_of(images: object, labels: object, split: str, where: str, what: str) -> Stack:
    """Return arrays as a stack.

    Parameters
    ----------
    images : array_like
        Shape (n, h, w), (n, h, w, 1), (n, 1, h, w) or (n, side · side).
    labels : array_like or None
        As `tenfold.data.labels.as_labels` takes them.
    split : str
    where, what : str
        What to call pictures and labels in messages.

    Raises
    ------
    DataError
        If these are no pictures or labels, or not as many of both.
    """
    ids, id_name = None, "id"
    if labels is None and is_frame(images):
        images, labels, ids, id_name = _from_frame(images, where)
    raw = _array(images, where)
    if raw.dtype.kind not in "biuf":
        if raw.dtype.kind == "O" and len(sizes := _sizes(images)) > 1:
            raise _of_many_sizes(where, sizes)
        raise DataError(
            f"{where}: {raw.dtype} values; pictures are arrays of numbers. For files, give a "
            "folder of folders 0 to 9, or a table with the columns 'file' and 'label'."
        )
    if raw.size == 0:
        raise DataError(f"{where}: holds no pictures.")
    ink = to_ink(as_pictures(raw, where), lambda row: f"{where}[{row}]")
    if labels is None:
        return Stack(ink, None, split, where, ids, id_name)
    numbers = as_labels(_array(labels, what), what)
    if len(numbers) != len(ink):
        raise DataError(
            f"{what}: {len(ink)} pictures, but {len(numbers)} labels; there must be one label a "
            "picture."
        )
    return Stack(ink, numbers, split, where, ids, id_name)


def as_pictures(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Return an array of grey pictures in the shape (n, h, w).

    Raises
    ------
    DataError
        If its shape is none of pictures.
    """
    shape = array.shape
    if len(shape) == 4 and shape[3] == 1:
        return array[..., 0]
    if len(shape) == 4 and shape[1] == 1:
        return array[:, 0]
    if len(shape) == 2 and (side := square_side(shape[1])) is not None:
        return array.reshape(-1, side, side)
    if len(shape) == 4 and (shape[1] in COLOURS or shape[3] in COLOURS):
        how = "X[..., :3].mean(axis=3)" if shape[3] in COLOURS else "X[:, :3].mean(axis=1)"
        raise DataError(
            f"{where}: shape {shape}: pictures in colour. Make them grey first, such as by {how}."
        )
    if array.ndim != 3:
        raise DataError(
            f"{where}: shape {shape}; grey pictures have the shape (n, h, w), (n, h, w, 1), "
            "(n, 1, h, w) or (n, side·side)."
        )
    return array


def stacks_of(data: object) -> list[Stack]:
    """Return what was handed over in Python as one stack, or as a training and a test set.

    Parameters
    ----------
    data : tuple or frame
        ``(X, y)``, ``(X_train, y_train, X_test, y_test)``, ``((X_train, y_train), (X_test,
        y_test))``, or a frame of pixels with a column ``label``.

    Raises
    ------
    DataError
        If it is nothing of that.

    Examples
    --------
    >>> (stack,) = stacks_of((np.zeros((2, 64)), ["3", "7"]))
    >>> stack.images.shape, stack.labels
    ((2, 8, 8), array([3, 7], dtype=uint8))
    """
    if is_frame(data):
        return [stack_of(data, None, "all", NAME, "label")]
    if not isinstance(data, tuple | list):
        raise DataError(f"data is a {type(data).__name__}. {HOW}")
    if len(data) == 2 and all(_is_pair(part) for part in data):
        data = (*data[0], *data[1])
    if len(data) == 2:
        return [stack_of(data[0], data[1], "all", "X", "y")]
    if len(data) == 4:
        return [
            stack_of(data[0], data[1], "train", "X_train", "y_train"),
            stack_of(data[2], data[3], "test", "X_test", "y_test"),
        ]
    raise DataError(f"data is a {type(data).__name__} of {len(data)}. {HOW}")


def is_frame(data: object) -> bool:
    """Whether this is a table with named columns, as pandas and polars have them."""
    return hasattr(data, "columns") and hasattr(data, "to_numpy")


def _is_pair(part: object) -> bool:
    """Whether this is (X, y), and not the first two of many labels."""
    return isinstance(part, tuple | list) and len(part) == 2 and hasattr(part[0], "shape")


def _array(values: object, where: str) -> NDArray[Any]:
    if is_frame(values) or hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())  # type: ignore[attr-defined]
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        if len(sizes := _sizes(values)) > 1:
            raise _of_many_sizes(where, sizes) from error
        raise DataError(f"{where}: is no array of numbers ({error}).") from error


def _sizes(values: object) -> list[tuple[int, int]]:
    """Return the widths and heights of a list of pictures, each once; empty for anything else."""
    if not isinstance(values, list | tuple | np.ndarray):
        return []
    shapes = {np.shape(each)[:2] for each in values if hasattr(each, "__array_interface__")}
    return sorted((shape[1], shape[0]) for shape in shapes if len(shape) == 2)


def _of_many_sizes(where: str, sizes: list[tuple[int, int]]) -> DataError:
    (width, height), (other_width, other_height) = sizes[0], sizes[-1]
    return DataError(
        f"{where}: pictures of {len(sizes)} sizes, such as {width}×{height} and "
        f"{other_width}×{other_height}. Give them as files in folders 0 to 9, which are framed "
        "each, or as arrays of one size."
    )


def _from_frame(
    frame: Any, where: str
) -> tuple[NDArray[Any], NDArray[Any] | None, NDArray[np.str_] | None, str]:
    """Return a frame's pixels, its labels and its ids, told by the names of the columns."""
    names = [str(name) for name in frame.columns]
    plain = [name.strip().casefold() for name in names]
    label = [k for k, name in enumerate(plain) if name in LABEL_NAMES]
    own = [k for k, name in enumerate(plain) if name in ID_NAMES or name.startswith("unnamed:")]
    if len(label) > 1:
        raise DataError(f"{where}: the columns {', '.join(names[k] for k in label)}: leave one.")
    columns = list(frame.columns)
    rest = [columns[k] for k in range(len(columns)) if k not in {*label, *own}]
    labels = _array(frame[columns[label[0]]], where) if label else None
    ids = _array(frame[columns[own[0]]], where).astype(np.str_) if own else None
    return _array(frame[rest], where), labels, ids, names[own[0]] if own else "id"
