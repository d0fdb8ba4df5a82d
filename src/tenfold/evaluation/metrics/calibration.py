"""Whether a confidence means what it says, and the temperature that makes it so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from tenfold.evaluation.metrics.classification import cross_entropy

BINS = 15
# Logarithms of the temperatures looked at; likeliest at an end means likeliest beyond it.
COLDEST, HOTTEST, END = -3.0, 3.0, 1e-3


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence: how many, how sure on average, and how often right (0 to 1)."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How honest the probabilities are at one temperature.

    Parameters
    ----------
    temperature : float
        Logits were divided by this.
    error : float
        Expected calibration error over 15 bins, 0 to 1.
    negative_log_likelihood : float
        Mean over images, in nats; lower is better.
    brier : float
        Mean squared distance of the probabilities from the truth, summed over classes, 0 to 2
        (Brier 1950).
    bins : tuple of Bin
        The reliability diagram: bins of equal width that hold answers, from unsure to sure.
    """

    temperature: float
    error: float
    negative_log_likelihood: float
    brier: float
    bins: tuple[Bin, ...]


def judge(
    logits: NDArray[np.float32], labels: NDArray[np.uint8], temperature: float = 1.0
) -> Calibration:
    """Measure calibration at a temperature.

    Parameters
    ----------
    logits : float array, shape (n, classes)
    labels : uint8 array, shape (n,)
    temperature : float

    Examples
    --------
    >>> logits = np.log(np.array([[0.8, 0.2]] * 10, np.float32))
    >>> fair = judge(logits, np.array([0] * 8 + [1] * 2, np.uint8))
    >>> round(fair.error, 3), round(fair.brier, 3)
    (0.0, 0.32)
    """
    probabilities = softmax(logits.astype(np.float64) / temperature, axis=1)
    return _judged(probabilities, labels, temperature)


def _judged(
    probabilities: NDArray[np.float64], labels: NDArray[np.uint8], temperature: float
) -> Calibration:
    right = probabilities.argmax(axis=1) == labels
    confidence = probabilities.max(axis=1)
    return Calibration(
        temperature=temperature,
        error=expected_calibration_error(confidence, right),
        negative_log_likelihood=cross_entropy(probabilities, labels),
        brier=brier_score(probabilities, labels),
        bins=reliability(confidence, right),
    )


def brier_score(probabilities: NDArray[np.float64], labels: NDArray[np.uint8]) -> float:
    """Return the mean squared distance of the probabilities from the truth, 0 to 2 (Brier 1950).

    Summed over classes, which scikit-learn's does only from 1.7 on.

    Examples
    --------
    >>> round(brier_score(np.array([[0.8, 0.2], [0.5, 0.5]]), np.array([0, 1], np.uint8)), 3)
    0.29
    """
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def cross_fitted(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> Calibration | None:
    """Say what calibrating would bring: each half is judged at the temperature of the other.

    The temperature told is the mean of the two. Every second image makes the halves. None where
    a half has no likeliest temperature.
    """
    halves = np.arange(len(labels)) % 2 == 0, np.arange(len(labels)) % 2 == 1
    probabilities = np.empty(logits.shape)
    temperatures = []
    for judged, other in (halves, halves[::-1]):
        temperature = fit_temperature(logits[other], labels[other])
        if temperature is None:
            return None
        temperatures.append(temperature)
        probabilities[judged] = softmax(logits[judged].astype(np.float64) / temperature, axis=1)
    return _judged(probabilities, labels, float(np.mean(temperatures)))


def reliability(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = BINS
) -> tuple[Bin, ...]:
    """Sort answers into bins of equal width by confidence; empty bins are left out.

    Parameters
    ----------
    confidence : float array, shape (n,)
        Probability of the answer given, 0 to 1.
    right : bool array, shape (n,)
        Whether that answer was right.
    bins : int
        How many bins lie between 0 and 1.

    Examples
    --------
    >>> reliability(np.array([0.9, 0.9]), np.array([True, False]))
    (Bin(count=2, confidence=0.9, accuracy=0.5),)
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return tuple(
        Bin(int(own.sum()), float(confidence[own].mean(dtype=np.float64)), float(right[own].mean()))
        for own in (which == number for number in range(bins))
        if own.any()
    )


def expected_calibration_error(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Return how far confidence and accuracy lie apart (Naeini et al. 2015; Guo et al. 2017).

    Parameters
    ----------
    confidence, right, bins
        As for `reliability`; the result is the mean distance between a bin's accuracy and its mean
        confidence, weighted by its answers.

    Examples
    --------
    >>> confidence, right = np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False])
    >>> round(expected_calibration_error(confidence, right), 3)
    0.1
    """
    found = reliability(confidence, right, bins)
    gap = sum(each.count * abs(each.accuracy - each.confidence) for each in found)
    return float(gap / max(len(confidence), 1))


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float | None:
    """Find the temperature that makes the labels likeliest (Guo et al. 2017, arXiv 1706.04599).

    None where there is none: where all answers are right, the colder the likelier; where they are
    no better than chance, the hotter.

    Parameters
    ----------
    logits : float32 array, shape (n, classes)
        Of images that the network has not learned from.
    labels : uint8 array, shape (n,)

    Examples
    --------
    >>> fair = np.log(np.array([[0.8, 0.2]] * 10))
    >>> labels = np.array([0] * 8 + [1] * 2, np.uint8)
    >>> round(fit_temperature(3 * fair, labels), 2)
    3.0
    """
    if (logits.argmax(axis=1) == labels).all():
        return None
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        return -float(log_softmax(scaled, axis=1)[rows, labels].mean())

    best = float(minimize_scalar(loss, bounds=(COLDEST, HOTTEST), method="bounded").x)
    if min(best - COLDEST, HOTTEST - best) < END:
        return None
    return float(np.exp(best))
