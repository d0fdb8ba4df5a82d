"""From the numbers of a table or an archive to ink and labels, with everything odd refused.

Files from different makers hold the same picture as bytes 0–255, as floats 0–1, as bits, or (8×8,
the UCI digits that scikit-learn ships) as counts 0–16. Which one is told by the largest value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import DIGITS, MAX_SIZE, MIN_SIZE
from tenfold.errors import DataError

Place = Callable[[int], str]  # a row number → where a person finds it, such as "train.csv:7"
UCI_SIZE, UCI_MAX = 8, 16
FULL_INK = 255
SIXTEEN_BITS = 65_535
TEN = " Does 10 stand for 0? Then write 0 in its place."
_LAST_LABEL = len(DIGITS) - 1


def square_side(pixels: int) -> int | None:
    """Width of a square picture with so many pixels, or None if there is none.

    Examples
    --------
    >>> square_side(784), square_side(785)
    (28, None)
    """
    side = math.isqrt(pixels)
    return side if side * side == pixels and side > 0 else None


def check_size(width: int, height: int, where: str) -> None:
    """Refuse pictures that are not square or not 8 to 64 pixels wide.

    Raises
    ------
    DataError
        With a pointer to ``tenfold read``, which takes pictures of any size.
    """
    if width != height or not MIN_SIZE <= width <= MAX_SIZE:
        raise DataError(
            f"{where}: a picture of {width}×{height}; data sets hold square pictures from "
            f"{MIN_SIZE} to {MAX_SIZE} pixels wide. For pictures of any size, use 'tenfold read'."
        )


def to_ink(values: NDArray[Any], place: Place) -> NDArray[np.uint8]:
    """Scale pictures to 0 (paper) … 255 (full ink).

    Parameters
    ----------
    values : array of numbers or booleans, shape (n, size, size)
        In [0, 1], in [0, 255], or, 8×8 only, in [0, 16].
    place : function
        Says where a row is found, for messages.

    Returns
    -------
    uint8 array, shape (n, size, size)

    Raises
    ------
    DataError
        If a value is no number, negative or above 255.

    Examples
    --------
    >>> import numpy as np
    >>> int(to_ink(np.full((1, 9, 9), 0.5), str).max())
    128
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(FULL_INK)
    if values.dtype.kind == "f":
        _refuse(~np.isfinite(values), place, "a pixel is NaN or infinite. Mend or drop it.")
    low, top = values.min(initial=0), values.max(initial=0)
    if low < 0 or top > FULL_INK:
        _refuse(
            (values < 0) | (values > FULL_INK),
            place,
            f"a pixel lies outside 0–255 (0 is paper, 255 full ink). {_how_to_scale(low, top)}",
        )
    unit = 1 if top <= 1 else FULL_INK
    if 1 < top <= UCI_MAX and values.shape[-1] == UCI_SIZE:
        unit = UCI_MAX
    if unit == FULL_INK and values.dtype == np.uint8:
        ink: NDArray[np.uint8] = np.ascontiguousarray(values)
        return ink
    scaled = values if unit == FULL_INK else values * np.float32(FULL_INK / unit)
    rounded: NDArray[np.uint8] = np.floor(scaled + np.float32(0.5)).astype(np.uint8)
    return rounded


def _how_to_scale(low: float, top: float) -> str:
    """Say what makes ink of values from the least to the greatest one of all."""
    said = f"These go from {low:.6g} to {top:.6g}: scale them to 0–1 or 0–255, such as by "
    if low < 0:
        half = -1 <= low <= -0.5 and 0 < top <= 1
        return said + ("(X + 1) / 2." if half else "(X - X.min()) / (X.max() - X.min()).")
    return said + ("X / 257." if top > SIXTEEN_BITS // 2 else "X / X.max().")


def to_labels(values: NDArray[Any], place: Place) -> NDArray[np.uint8]:
    """Check that these are whole numbers 0–9 and return them as uint8, shape (n,).

    Raises
    ------
    DataError
        Naming the first value that is not.
    """
    numbers = values.astype(np.float64)
    wrong = ~((numbers >= 0) & (numbers <= _LAST_LABEL) & (numbers == np.floor(numbers)))
    if wrong.any():
        row = int(np.argmax(wrong))
        # As SVHN has them, and others that count from 1.
        ten = TEN if numbers[row] == len(DIGITS) and not (numbers == 0).any() else ""
        raise DataError(
            f"{place(row)}: label {numbers[row]:g} is not one of the digits 0–{_LAST_LABEL}.{ten}"
        )
    return numbers.astype(np.uint8)


def _refuse(wrong: NDArray[np.bool_], place: Place, message: str) -> None:
    rows = wrong.reshape(len(wrong), -1).any(axis=1)
    if rows.any():
        raise DataError(f"{place(int(np.argmax(rows)))}: {message}")
