"""How much can be read without a person: accuracy against the share of images answered.

Refusing the unsure answers makes the rest more accurate (Chow 1970; El-Yaniv & Wiener 2010 call it
the risk–coverage curve). Whoever needs 99.9 % reads what the curve allows by machine and the rest
by hand. A threshold chosen on the images it is judged on flatters itself, so each half of them
also tries the threshold that the other half chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.evaluation.metrics.statistics import wilson

TARGETS = (0.999, 0.995, 0.99)
SHARES = (0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """What thresholds do on images that did not choose them.

    Parameters
    ----------
    share : float
        Of all images, 0 to 1, how many they answer.
    count, wrong : int
        Answers given, and how many of them are wrong.
    """

    share: float
    count: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What can be read at an accuracy.

    Parameters
    ----------
    target : float
        The accuracy asked for, 0 to 1.
    share : float
        Greatest share of the images that can be answered at that accuracy; 0 if none can.
    threshold : float or None
        Answers at least this probable are given; None if no threshold reaches the target.
    count, wrong : int
        Answers given, and how many of them are wrong.
    interval : pair of float or None
        95 % interval of the accuracy among them (Wilson 1927). It does not know that the
        threshold was chosen on these very images.
    trial : Trial or None
        Each half of the images at the threshold of the other (every second picture makes the
        halves); None where a half reaches the target at no threshold.
    """

    target: float
    share: float
    threshold: float | None
    count: int
    wrong: int
    interval: tuple[float, float] | None
    trial: Trial | None = None

    @property
    def best_case(self) -> float:
        """Where the 95 % interval would begin if all these answers were right, 0 to 1."""
        return wilson(self.count, self.count)[0] if self.count else 0.0

    @property
    def shown(self) -> bool:
        """Whether so many answers can show such an accuracy at all.

        Of 200 answers, all right, the interval begins at 98.1 %: they say nothing of 99.9 %.
        """
        return self.best_case >= self.target


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy by share answered, most confident first; ties are answered together.

    Parameters
    ----------
    share, accuracy, threshold : float array, shape (k,)
        For each distinct confidence: share of images at least so sure, their accuracy, and
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
    threshold = _threshold(confidence, right, target)
    if threshold is None:
        return Coverage(target, 0.0, None, 0, 0, None)
    given = confidence >= threshold
    count, good = int(given.sum()), int(right[given].sum())
    return Coverage(
        target=target,
        share=count / len(confidence),
        threshold=threshold,
        count=count,
        wrong=count - good,
        interval=wilson(good, count),
        trial=_trial(confidence, right, target),
    )


def _threshold(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], target: float
) -> float | None:
    """Choose the lowest threshold that reaches the target."""
    curve = coverage_curve(confidence, right)
    reached = np.flatnonzero(curve.accuracy >= target)
    return float(curve.threshold[reached[-1]]) if len(reached) else None


def _trial(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], target: float
) -> Trial | None:
    """Answer each half of the images at the threshold of the other."""
    even = np.arange(len(confidence)) % 2 == 0
    given = np.zeros(len(confidence), bool)
    for judged, chooser in ((even, ~even), (~even, even)):
        if not chooser.any():
            return None
        threshold = _threshold(confidence[chooser], right[chooser], target)
        if threshold is None:
            return None
        given |= judged & (confidence >= threshold)
    count = int(given.sum())
    return Trial(count / len(confidence), count, int((given & ~right).sum()))


@dataclass(frozen=True, slots=True)
class Risk:
    """How much is wrong among the most confident.

    Parameters
    ----------
    coverage : float
        The share of the images asked for, 0 to 1.
    threshold : float
        The least confidence among them.
    count, wrong : int
        How many they are, and how many of them are wrong. They may be more than asked for: equally
        sure ones are answered together.
    error : float
        Share of wrong ones among them.
    """

    coverage: float
    threshold: float
    count: int
    wrong: int
    error: float


def risk_at(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], shares: Sequence[float] = SHARES
) -> tuple[Risk, ...]:
    """Return the error among the most confident shares of the images.

    Examples
    --------
    >>> confidence = np.array([0.99, 0.9, 0.8, 0.7])
    >>> right = np.array([True, True, False, True])
    >>> [(risk.count, risk.error) for risk in risk_at(confidence, right, (0.5, 1.0))]
    [(2, 0.0), (4, 0.25)]
    """
    curve = coverage_curve(confidence, right)
    counts = np.rint(curve.share * len(confidence)).astype(int)
    risks = []
    for share in shares:
        at = int(np.searchsorted(counts, share * len(confidence) - 1e-9))
        count = int(counts[at])
        wrong = round((1 - curve.accuracy[at]) * count)
        risks.append(Risk(share, float(curve.threshold[at]), count, wrong, wrong / count))
    return tuple(risks)
