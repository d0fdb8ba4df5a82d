"""A classifier of other sizes than MNIST's: what is shown to it is framed to its size.

A network below 20 pixels learned from digits that fill its field, as those of 8×8 (UCI) and of
16×16 (USPS) do; a larger one from digits framed as MNIST's are, with the same share of paper.
"""

from __future__ import annotations

import warnings
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import TenfoldWarning
from tenfold.model import Model
from tenfold.modelinfo import ModelInfo
from tenfold.preprocess.normalize import BOX, FIELD

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Classifier(Protocol):
    """What reads single glyphs, uint8 ``(n, 28, 28)`` in MNIST's frame."""

    @property
    def info(self) -> ModelInfo:
        """What its file says of itself."""

    @property
    def path(self) -> str:
        """Where it came from."""

    @property
    def digest(self) -> str:
        """SHA-256 of its file."""

    def predict_with_digitness(self, images: Pixels) -> tuple[Floats, Floats]:
        """Return probabilities ``(n, 10)`` and how much each looks like a digit ``(n,)``."""


class Scaled:
    """A classifier that sees glyphs in its own size.

    Parameters
    ----------
    model : Model
        Of the ten digits, of another size than 28×28.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.info, self.path, self.digest = model.info, model.path, model.digest

    def predict_with_digitness(self, images: Pixels) -> tuple[Floats, Floats]:
        """Frame glyphs of 28×28 to the network's size, and ask it."""
        own = np.stack([refit(image, self.info.size) for image in images])
        return self._model.predict_with_digitness(own)


def warn_of_size(model: Model) -> None:
    """Say what a classifier of another size than MNIST's reads, and what to train instead."""
    size = model.info.size
    lost = "so much detail is lost" if size < FIELD else "though no more detail is there"
    warnings.warn(
        f"{model.path}: reads single digits, and at {size}×{size} pixels, {lost}; numbers are "
        f"read by tenfold's own networks. For more, train at {FIELD}×{FIELD}: tenfold train --data "
        "mnist, or --data YOUR-IMAGES --framed.",
        TenfoldWarning,
        stacklevel=4,
    )


def refit(glyph: Pixels, size: int) -> Pixels:
    """Frame a glyph of MNIST's frame in a field of another size.

    Parameters
    ----------
    glyph : uint8 array, shape (28, 28)
    size : int
        Width and height of the field.

    Returns
    -------
    uint8 array, shape (size, size)

    Examples
    --------
    >>> bar = np.zeros((28, 28), np.uint8)
    >>> bar[4:24, 12:16] = 255
    >>> small = refit(bar, 8)
    >>> small.shape, int((small > 0).any(axis=1).sum()), int((small > 0).any(axis=0).sum())
    ((8, 8), 8, 2)
    """
    rows, columns = np.flatnonzero(glyph.any(axis=1)), np.flatnonzero(glyph.any(axis=0))
    field = np.zeros((size, size), np.uint8)
    if not len(rows):
        return field
    ink = glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = size if size < BOX else round(size * BOX / FIELD)
    scale = box / max(ink.shape)
    height, width = (max(1, min(size, round(side * scale))) for side in ink.shape)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(ink, (width, height), interpolation=how), np.uint8)
    top, left = ((size - side) // 2 for side in small.shape)
    if size >= BOX:  # by the centre of mass, as in MNIST
        mass = small.astype(np.float64)
        total = max(float(mass.sum()), 1e-9)
        top = round(size / 2 - float(mass.sum(axis=1) @ np.arange(height)) / total)
        left = round(size / 2 - float(mass.sum(axis=0) @ np.arange(width)) / total)
        top, left = min(max(top, 0), size - height), min(max(left, 0), size - width)
    field[top : top + height, left : left + width] = small
    return field
