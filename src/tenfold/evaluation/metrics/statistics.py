"""How sure a figure is, and whether two of them differ.

An accuracy is a share of a sample, so it comes with an interval; a difference is only one if chance
does not explain it. Everything rests on scipy's distributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

LEVEL = 0.05  # below this p-value a difference is called one


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927).

    Examples
    --------
    >>> low, high = wilson(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    from scipy.stats import binomtest  # here, for its import takes seconds

    interval = binomtest(right, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True, slots=True)
class Spread:
    """What several runs of one thing came to.

    Parameters
    ----------
    values : tuple of float
        One a run.
    mean, deviation : float
        Their mean and sample standard deviation; 0 for a single one.
    interval : pair of float or None
        The mean's 95 % confidence interval by Student's t; None for a single value, which says
        nothing about spread. Values far from normal (few seeds near 100 %) make it a rough guide.
    """

    values: tuple[float, ...]
    mean: float
    deviation: float
    interval: tuple[float, float] | None


def spread(values: Sequence[float]) -> Spread:
    """Summarise runs: mean, sample standard deviation, and the mean's interval.

    Examples
    --------
    >>> s = spread([0.990, 0.992, 0.994])
    >>> round(s.mean, 3), round(s.deviation, 3), [round(x, 4) for x in s.interval]
    (0.992, 0.002, [0.987, 0.997])
    """
    array = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    if len(array) < 2:
        return Spread(tuple(map(float, values)), mean, 0.0, None)
    deviation = float(array.std(ddof=1))
    half = float(stdtrit(len(array) - 1, 1 - LEVEL / 2)) * deviation / len(array) ** 0.5
    return Spread(tuple(map(float, values)), mean, deviation, (mean - half, mean + half))


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two models on the same images, by McNemar's mid-p test.

    Parameters
    ----------
    only_first_right, only_second_right : int
        Images that only the one and only the other classifies correctly.
    p : float
        How often chance alone would make the two counts differ at least so much, 0 to 1.

    Attributes
    ----------
    differs : bool
        Whether the difference is one (p below 0.05).
    """

    only_first_right: int
    only_second_right: int
    p: float
    differs: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "differs", self.p < LEVEL)


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """Test whether two models differ on the same images (McNemar 1947).

    The mid-p version, which keeps its level where the exact one is too cautious and chi-squared
    too bold (Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91).

    Parameters
    ----------
    first, second : bool array, shape (n,)
        Whether each model read each image right.

    Examples
    --------
    >>> first, second = np.arange(21) < 8, (np.arange(21) < 1) | (np.arange(21) == 20)
    >>> result = mcnemar(first, second)
    >>> result.only_first_right, result.only_second_right, round(result.p, 4)
    (7, 1, 0.0391)
    """
    from scipy.stats import binom

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    fewer, count = min(only_first, only_second), only_first + only_second
    if not count:
        return McNemar(0, 0, 1.0)
    p = 2 * float(binom.cdf(fewer, count, 0.5)) - float(binom.pmf(fewer, count, 0.5))
    return McNemar(only_first, only_second, min(p, 1.0))


def holm(p: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for how many were looked at (Holm 1979); None stays None.

    Examples
    --------
    >>> [round(value, 3) for value in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    tested = sorted((value, place) for place, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    greatest = 0.0
    for rank, (value, place) in enumerate(tested):
        greatest = max(greatest, min(1.0, value * (len(tested) - rank)))
        adjusted[place] = greatest
    return adjusted
