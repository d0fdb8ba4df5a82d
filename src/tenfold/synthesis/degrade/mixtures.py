"""What training pictures go through: a little of everything that spoils pictures.

Both mixtures take float32 pictures in [0, 1], shape ``(n, size, size)``, and leave what they are
given as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenfold.synthesis.degrade.lens import blur, coarsen, defocus
from tenfold.synthesis.degrade.light import add_grain, each, fade, harden, lift_paper
from tenfold.synthesis.degrade.marks import draw_lines, ruled, speck

Floats = NDArray[np.floating]
Way = Callable[[Floats, np.random.Generator], Floats]

WAYS: tuple[Way, ...] = (lift_paper, add_grain, blur, draw_lines)
DIM = 0.4  # the strongest ink of a picture never gets paler than this
# What scanners, cameras and the clean-up after them do, in this order, and to what share.
PHOTOGRAPHED: tuple[tuple[Way, float], ...] = ((coarsen, 0.25), (defocus, 0.25), (harden, 0.4),
                                               (fade, 0.15))  # fmt: skip
DIRTIED: tuple[tuple[Way, float], ...] = ((speck, 0.04), (speck, 0.04), (ruled, 0.03))


def degrade(images: Floats, share: float, generator: np.random.Generator) -> Floats:
    """Return the pictures with this share of them degraded, each in one of four ways.

    The first of a batch are, so the batch has to be in random order.

    Parameters
    ----------
    images : float32 array, shape (n, size, size)
        In [0, 1].
    share : float
        From 0 to 1.
    generator : numpy.random.Generator

    Returns
    -------
    float32 array, shape (n, size, size)
        In [0, 1]. Paper may be grey, so what is done later must not count on black.

    Examples
    --------
    >>> digits = np.zeros((100, 28, 28), np.float32)
    >>> worse = degrade(digits, 0.2, np.random.default_rng(0))
    >>> int((worse != digits).any(axis=(1, 2)).sum()) <= 20
    True
    """
    count = round(len(images) * share / len(WAYS))
    worse = images.copy()
    for number, way in enumerate(WAYS):
        rows = slice(number * count, (number + 1) * count)
        if len(worse[rows]):
            worse[rows] = way(worse[rows], generator)
    return worse


def photograph(images: Floats, generator: np.random.Generator) -> Floats:
    """Spoil each picture as scanners, cameras and clean-up do; many stay as they are.

    Parameters
    ----------
    images : float32 array, shape (n, size, size)
        In [0, 1], white ink on black, framed as MNIST frames digits.
    generator : numpy.random.Generator

    Returns
    -------
    float32 array, shape (n, size, size)
        In [0, 1]; a picture whose ink was strong keeps some above 0.35.
    """
    worse: Floats = images.copy()
    for way, share in PHOTOGRAPHED:
        _some(worse, way, share, generator)
    pale = np.where(each(len(worse), generator) < 0.15, each(len(worse), generator, DIM, 1), 1.0)
    pale = np.maximum(pale, DIM / worse.max(axis=(1, 2), keepdims=True).clip(min=0.1))
    worse = np.asarray((worse * pale).clip(0, 1), np.float32)
    for way, share in DIRTIED:
        _some(worse, way, share, generator)
    return worse


def _some(images: Floats, way: Way, share: float, generator: np.random.Generator) -> None:
    """Change about this share of the pictures in place."""
    rows = np.flatnonzero(generator.random(len(images)) < share)
    if len(rows):
        images[rows] = way(images[rows], generator)
