"""Whether a confidence means what it says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def expected_calibration_error(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Return how far confidence and accuracy lie apart (Naeini et al. 2015; Guo et al. 2017).

    Parameters
    ----------
    confidence : float array, shape (n,)
        Probability of the answer given, 0 to 1.
    right : bool array, shape (n,)
        Whether that answer was right.
    bins : int
        Answers are sorted into so many bins of equal width by their confidence; the result is the
        mean distance between a bin's accuracy and its mean confidence, weighted by its answers.

    Examples
    --------
    >>> confidence, right = np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False])
    >>> round(expected_calibration_error(confidence, right), 3)
    0.1
    """
    if not len(confidence):
        return 0.0
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    gap = np.bincount(which, weights=right - confidence.astype(np.float64), minlength=bins)
    return float(np.abs(gap).sum() / count.sum())
