"""Labels as people write them: ``7``, ``"7"``, ``7.0``, ``seven``, ``digit_7``, one-hot rows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import DIGITS
from tenfold.data.pixels import TEN, Place, to_labels
from tenfold.errors import DataError

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LABEL_NAMES = frozenset({"label", "labels", "class", "target", "digit", "y"})
ID_NAMES = frozenset({"id", "ids", "imageid", "image_id", "index", "row_id", ""})
_NUMBER = re.compile(r"(?:(?:digit|class|label|number)[ _-]*)?0*(\d)(?:\.0*)?", re.ASCII)


def label_of(text: str) -> int | None:
    """Return the digit that a name stands for, or None.

    Examples
    --------
    >>> label_of(" 7 "), label_of("Seven"), label_of("digit_7"), label_of("7.0"), label_of("ten")
    (7, 7, 7, 7, None)
    """
    text = text.strip().strip("'\"").casefold()
    match = _NUMBER.fullmatch(text)
    if match:
        return int(match[1])
    return WORDS.index(text) if text in WORDS else None


def text_labels(values: Iterable[str], place: Place) -> NDArray[np.uint8]:
    """Return the digits that names stand for, uint8, shape (n,).

    Raises
    ------
    DataError
        Naming the first that stands for none.
    """
    labels: list[int] = []
    texts = list(values)
    for row, text in enumerate(texts):
        label = label_of(text)
        if label is None:
            said = "is empty" if not text.strip() else f"'{text.strip()[:20]}' is not"
            named_ten = text.strip().casefold() in ("10", "10.0", "ten")
            ten = TEN if named_ten and 0 not in map(label_of, texts) else ""
            raise DataError(
                f"{place(row)}: label {said} one of the digits 0–{len(DIGITS) - 1}.{ten}"
            )
        labels.append(label)
    return np.array(labels, np.uint8)


def as_labels(values: NDArray[Any], where: str) -> NDArray[np.uint8]:
    """Return the digits that an array holds: numbers, names, or rows that are one-hot.

    Parameters
    ----------
    values : array, shape (n,), (n, 1) or (n, 10)
    where : str
        What to call it in messages.

    Returns
    -------
    uint8 array, shape (n,)

    Raises
    ------
    DataError
        If it has another shape, or a label is no digit.

    Examples
    --------
    >>> as_labels(np.array(["3", "seven"]), "y"), as_labels(np.eye(10)[[3, 7]], "y")
    (array([3, 7], dtype=uint8), array([3, 7], dtype=uint8))
    """

    def place(row: int) -> str:
        return f"{where}[{row}]"

    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2 and values.shape[1] == len(DIGITS) and values.dtype.kind in "biuf":
        return _one_hot(values, place)
    if values.ndim != 1:
        raise DataError(
            f"{where}: shape {values.shape}; there must be one label per picture, or ten columns "
            "with a single 1 in each row."
        )
    if values.dtype.kind in "biuf":
        return to_labels(values, place)
    if values.dtype.kind in "OUSTV":
        return text_labels((_text(value) for value in values), place)
    raise DataError(f"{where}: {values.dtype} values; labels are the digits 0–9.")


def _one_hot(values: NDArray[Any], place: Place) -> NDArray[np.uint8]:
    wrong = ((values != 0) & (values != 1)).any(axis=1) | (values.sum(axis=1) != 1)
    if wrong.any():
        raise DataError(f"{place(int(np.argmax(wrong)))}: is not one-hot: a single 1, the rest 0.")
    labels: NDArray[np.uint8] = values.argmax(axis=1).astype(np.uint8)
    return labels


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
