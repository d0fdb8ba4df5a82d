"""Pixels of arrays: any type, range and number of channels to grey or RGB in 8 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import PictureTypeError, PictureValueError

JUST_ABOVE = 2.0  # floats up to here are shares of full ink; of 255 they would be blank
MAX_LEVEL = float(1 << 32)  # the deepest images have 32 bits

Pixels = NDArray[np.uint8]


def check_shape(array: NDArray[np.generic], name: str) -> None:
    """Raise PictureValueError unless an array has the shape of a picture."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise PictureValueError(
            f"{name}: an array of shape {array.shape} is no picture. "
            "Give (h, w), (h, w, 3) or (h, w, 4)."
        )


def from_array(array: NDArray[np.generic], name: str) -> Pixels:
    """Bring an array to uint8, ``(h, w)`` or ``(h, w, 3)``.

    Raises
    ------
    PictureTypeError
        If its elements are no grey levels.
    PictureValueError
        If their values cannot be.

    Examples
    --------
    >>> from_array(np.array([[0.0, 1.0]]), "picture")
    array([[  0, 255]], dtype=uint8)
    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8:
        if array.dtype.kind not in "iuf":
            raise PictureTypeError(f"{name}: an array of {array.dtype} is no picture. Give uint8.")
        if not np.isfinite(array).all():
            raise PictureValueError(f"{name}: the array holds NaN or infinity. Replace them.")
        low, high = float(array.min()), float(array.max())
        if max(-low, high) > MAX_LEVEL:
            raise PictureValueError(
                f"{name}: the array holds values from {low:.3g} to {high:.3g}, which are no grey "
                "levels. Bring them to 0 to 255."
            )
        array = to_8_bits(array)
    pixels: Pixels = np.ascontiguousarray(array)
    return over_paper(pixels) if pixels.ndim == 3 and pixels.shape[2] == 4 else pixels


def to_8_bits(array: NDArray[np.generic]) -> Pixels:
    """Bring deeper grey levels to 0–255; what matters to the reader is contrast alone."""
    values = array.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and np.issubdtype(array.dtype, np.floating) and high < JUST_ABOVE:
        low, high = 0.0, max(high, 1.0)  # from 0 to 1, or resampled a little beyond it
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    return np.asarray((values - low) * (255 / max(high - low, 1e-9)) + 0.5).astype(np.uint8)


def over_paper(rgba: Pixels) -> Pixels:
    """Lay a transparent drawing over white paper, or over black where white would swallow it."""
    alpha = rgba[:, :, 3:].astype(np.uint16)
    if alpha.min() == 255:
        return np.ascontiguousarray(rgba[:, :, :3])
    ink = rgba[:, :, :3] * alpha
    white = ((ink + 255 * (255 - alpha)) // 255).astype(np.uint8)
    black = (ink // 255).astype(np.uint8)
    contrast_white, contrast_black = (float(side.std(axis=(0, 1)).max()) for side in (white, black))
    return white if contrast_white >= 0.25 * contrast_black else black


def is_grey(pixels: Pixels) -> bool:
    """Say whether all channels are alike."""
    probe = pixels[:: max(1, len(pixels) // 64)]
    if not (probe == probe[:, :, :1]).all():
        return False
    return bool((pixels == pixels[:, :, :1]).all())
