"""How much can be read without a person: accuracy against the share of pictures answered.

Refusing the unsure answers makes the rest more accurate (Chow 1970; El-Yaniv & Wiener 2010 call it
the risk–coverage curve). Whoever needs 99.9 % reads what the curve allows by machine and the rest
by hand.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.evaluation.statistics import wilson

TARGETS = (0.999, 0.995, 0.99)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What can be read at an accuracy.

    Parameters
    ----------
    target : float
        The accuracy asked for, 0 to 1.
    share : float
        Greatest share of the pictures that can be answered at that accuracy; 0 if none can.
    threshold : float or None
        Answers at least this probable are given; None if no threshold reaches the target.
    count, wrong : int
        Answers given, and how many of them are wrong.
    interval : pair of float or None
        95 % interval of the accuracy among them (Wilson 1927). It does not know that the
        threshold was chosen on these very pictures.
    """

    target: float
    share: float
    threshold: float | None
    count: int
    wrong: int
    interval: tuple[float, float] | None

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON."""
        interval = None if self.interval is None else list(self.interval)
        return asdict(self) | {"interval": interval}


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy by share answered, the surest first; ties are answered together.

    Parameters
    ----------
    share, accuracy, threshold : float array, shape (k,)
        For each distinct confidence: share of pictures at least so sure, their accuracy, and
        that confidence, falling.
    """

    share: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    threshold: NDArray[np.float64]


def coverage_curve(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> Curve:
    """Return accuracy by share answered.

    Parameters
    ----------
    confidence : float array, shape (n,)
        Probability of the answer given, 0 to 1.
    right : bool array, shape (n,)
        Whether that answer was right.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order].astype(np.float64)
    last = np.flatnonzero(np.append(np.diff(sorted_confidence) != 0, True))
    answered = last + 1
    good = np.cumsum(right[order])[last]
    return Curve(answered / len(confidence), good / answered, sorted_confidence[last])


def coverage_at(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], target: float
) -> Coverage:
    """Find the greatest share that can be answered at an accuracy, and its threshold.

    Examples
    --------
    >>> confidence = np.array([0.99, 0.9, 0.8, 0.7])
    >>> right = np.array([True, True, False, True])
    >>> found = coverage_at(confidence, right, 1.0)
    >>> found.share, found.threshold
    (0.5, 0.9)
    """
    curve = coverage_curve(confidence, right)
    reached = np.flatnonzero(curve.accuracy >= target)
    if not len(reached):
        return Coverage(target, 0.0, None, 0, 0, None)
    best = reached[-1]
    count = round(float(curve.share[best]) * len(confidence))
    good = round(float(curve.accuracy[best]) * count)
    return Coverage(
        target=target,
        share=float(curve.share[best]),
        threshold=float(curve.threshold[best]),
        count=count,
        wrong=count - good,
        interval=wilson(good, count),
    )
