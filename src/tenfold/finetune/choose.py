"""How far to go from the old weights to the new ones: chosen on what was held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHAS = tuple(np.linspace(0, 1, 9).tolist())
MARGIN = 0.5  # of what may be lost: the rest is room for chance


def folds(groups: Sequence[object] | NDArray[np.integer], most: int) -> NDArray[np.int64]:
    """Deal samples out to folds, those of each group in turn.

    Examples
    --------
    >>> folds([7, 7, 7, 1, 1], 2).tolist()
    [0, 1, 0, 1, 0]
    """
    dealt = np.zeros(len(groups), np.int64)
    many: Counter[object] = Counter(groups)
    order = sorted(range(len(groups)), key=lambda k: (-many[groups[k]], str(groups[k]), k))
    dealt[order] = np.arange(len(groups)) % max(1, min(most, len(groups)))
    return dealt


def best(scores: Floats) -> int:
    """Return the step of `ALPHAS` of the highest score; the longer one where two are as good.

    Parameters
    ----------
    scores : float array, shape (alphas, n)
        Log-likelihood of each sample, by a network that did not learn from it.
    """
    means = scores.mean(axis=1)
    return int(np.flatnonzero(means >= means.max() - 1e-9)[-1])


def cross_fitted(scores: Floats, fold: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each sample, the step that the samples of the other folds choose.

    So what is told of a sample was chosen without it.
    """
    chosen = np.zeros(scores.shape[1], np.int64)
    for number in np.unique(fold):
        others = fold != number
        chosen[~others] = best(scores[:, others] if others.any() else scores)
    return chosen


def held_back(step: int, allow: float, count: int, lost: Callable[[float], float]) -> int:
    """Go back until little enough is lost of composed pictures.

    Parameters
    ----------
    step : int
        Of `ALPHAS`, as `best` chose it.
    allow : float
        Points that may be lost.
    count : int
        Composed pictures, or characters; one of them more or less says nothing.
    lost : callable
        Points that are lost at an alpha.
    """
    most = max(MARGIN * allow, 100 / max(1, count)) + 1e-9
    while step and lost(ALPHAS[step]) > most:
        step -= 1
    return step
