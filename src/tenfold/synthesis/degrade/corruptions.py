"""MNIST-C's fifteen kinds of corruption in five severities, from a seed.

The kinds are those of Mu & Gilmer (2019, "MNIST-C: a robustness benchmark for computer vision",
arXiv 1906.02337); the implementation and the strengths are our own, so figures compare between
models measured here, not with published ones.

No library reproduces the published pictures. MNIST-C's own code (google-research/mnist-c) is no
package, draws from numpy's global random numbers without a seed, needs ImageMagick, and calls
functions that numpy and scikit-image have since removed; ``imagecorruptions`` on PyPI follows
ImageNet-C, refuses pictures below 32×32 and has seven of the fifteen kinds. What papers measure on
are the files the authors published; docs/evaluation.md says how to measure a model on those.

Lengths are given for 28×28 pictures and grow and shrink with the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import UsageError
from tenfold.synthesis.degrade import lens, light, marks, shape

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating]
_Corruption = Callable[[Floats, int, np.random.Generator], Floats]

SEVERITIES = (1, 2, 3, 4, 5)
_KINDS: dict[str, _Corruption] = {
    "shot noise": light.shot_noise,
    "impulse noise": light.impulse_noise,
    "glass blur": lens.glass_blur,
    "motion blur": lens.motion_blur,
    "shear": shape.shear,
    "scale": shape.scale,
    "rotate": shape.rotate,
    "brightness": light.brightness,
    "translate": shape.translate,
    "stripe": light.stripe,
    "fog": light.fog,
    "spatter": marks.spatter,
    "dotted line": marks.dotted_line,
    "zigzag": marks.zigzag,
    "canny edges": marks.canny_edges,
}
KINDS = tuple(_KINDS)


def corrupt(images: Pixels, kind: str, severity: int, seed: int = 0) -> Pixels:
    """Return the pictures corrupted.

    Parameters
    ----------
    images : uint8 array, shape (n, size, size)
        White ink on black.
    kind : str
        One of `KINDS`.
    severity : int
        From 1, hardly visible, to 5, hard to read.
    seed : int
        The same seed, kind, severity and pictures give the same result.

    Returns
    -------
    uint8 array, shape (n, size, size)

    Raises
    ------
    UsageError
        If kind or severity does not exist.

    Examples
    --------
    >>> picture = np.full((1, 28, 28), 200, np.uint8)
    >>> worse = corrupt(picture, "impulse noise", 3)
    >>> worse.shape, bool((worse == corrupt(picture, "impulse noise", 3)).all())
    ((1, 28, 28), True)
    """
    if kind not in _KINDS or severity not in SEVERITIES:
        raise UsageError(
            f"corruption {kind!r} at severity {severity} is not known. Kinds: {', '.join(KINDS)}; "
            "severities: 1 to 5."
        )
    generator = np.random.default_rng((seed, KINDS.index(kind), severity))
    floats = images / np.float32(255)
    worse = _KINDS[kind](floats, severity - 1, generator)
    return np.asarray(np.rint(worse.clip(0, 1) * 255), np.uint8)
