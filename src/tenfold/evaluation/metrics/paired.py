"""Runs of several seeds on the same pictures: how sure a mean is, and whether two of them differ.

A figure over seeds and pictures depends on luck twice: on which seeds were drawn and on which
pictures happen to be in the set. Both are resampled here (a bootstrap over two crossed factors:
Owen 2007, The pigeonhole bootstrap, Annals of Applied Statistics 1:386–411), each by itself, and
what they move the mean by is added up. With the few seeds that anybody trains, a plain bootstrap
promises too much; the seeds' part is widened to Student's t (Hesterberg 2015, What teachers should
know about the bootstrap, The American Statistician 69:371–386).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from tenfold.evaluation.metrics.statistics import LEVEL, wilson

DRAWS = 10_000
METHOD = "paired bootstrap over pictures and seeds"


@dataclass(frozen=True, slots=True)
class Paired:
    """How much worse one thing is than another, both over the same seeds and pictures.

    Parameters
    ----------
    behind : float
        Accuracy of the better minus accuracy of this one, mean over seeds; −1 to 1.
    interval : pair of float
        Its 95 % interval over seeds and pictures.
    p : float
        Of no difference, over seeds and pictures.
    p_here : float
        Of no difference between the very networks of these seeds, over pictures alone.
    """

    behind: float
    interval: tuple[float, float]
    p: float
    p_here: float


def accuracy_interval(right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy over seeds and pictures.

    Parameters
    ----------
    right : bool array, shape (seeds, pictures)
        Whether each seed's network read each picture right. With a single seed the interval is that
        of its network (Wilson 1927).

    Examples
    --------
    >>> right = np.ones((3, 200), bool)
    >>> right[:, :10] = right[0, 10:14] = False
    >>> [round(x, 2) for x in accuracy_interval(right)]
    [0.9, 0.98]
    """
    count = right.shape[1]
    if len(right) == 1 or right.all():  # where nothing varies, a bootstrap knows no doubt
        return wilson(round(float(right.mean()) * count), count)
    low, high = _interval(_draws(right.astype(np.int8))[0])
    return max(low, 0.0), high


def paired(better: NDArray[np.bool_], other: NDArray[np.bool_]) -> Paired:
    """Compare two things picture by picture and seed by seed.

    Parameters
    ----------
    better, other : bool array, shape (seeds, pictures)
        Whether each seed's network read each picture right; the same seeds and pictures in both.

    Examples
    --------
    >>> better, other = np.ones((5, 100), bool), np.ones((5, 100), bool)
    >>> other[:, :40] = False
    >>> found = paired(better, other)
    >>> round(found.behind, 2), found.interval[0] > 0.25, found.p < 0.001
    (0.4, True, True)
    """
    difference = better.astype(np.int8) - other.astype(np.int8)
    both, pictures = _draws(difference)
    return Paired(float(difference.mean()), _interval(both), _p(both), _p(pictures))


def _draws(values: NDArray[np.int8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means of resampled seeds and pictures, and of resampled pictures alone."""
    seeds, count = values.shape
    rng = np.random.default_rng(0)  # the same data give the same interval
    # Pictures that all seeds answer alike are interchangeable: draw how many of each kind.
    kinds, sizes = np.unique(values, axis=1, return_counts=True)
    drawn = rng.multinomial(count, sizes / count, size=DRAWS)  # (draws, kinds)
    pictures: NDArray[np.float64] = drawn @ kinds.mean(axis=0) / count
    if seeds == 1:
        return pictures, pictures
    # One seed fewer than there are makes the variance right (Rao & Wu 1988).
    weights = rng.multinomial(seeds - 1, np.full(seeds, 1 / seeds), size=DRAWS) / (seeds - 1)
    wider = float(stdtrit(seeds - 1, 1 - LEVEL / 2) / ndtri(1 - LEVEL / 2))
    return pictures + wider * (weights - 1 / seeds) @ values.mean(axis=1), pictures


def _interval(draws: NDArray[np.float64]) -> tuple[float, float]:
    # Widened to Student's t, few seeds may reach beyond what a share or a difference can be.
    low, high = np.clip(np.quantile(draws, (LEVEL / 2, 1 - LEVEL / 2)), -1, 1)
    return float(low), float(high)


def _p(draws: NDArray[np.float64]) -> float:
    """Twice the share of draws on the other side of zero, never quite nothing."""
    rest: Any = min((draws <= 0).sum(), (draws >= 0).sum())
    return min(1.0, float(2 * (1 + rest) / (len(draws) + 1)))
