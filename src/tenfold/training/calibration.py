"""Honest confidence: a temperature for the probabilities, a threshold for what is no digit.

Both are fitted on validation pictures, which the network has not learned from.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from tenfold.data.dataset import Dataset
from tenfold.model import Model, ModelInfo
from tenfold.training.recipe import Synthesis


def calibrate(model: Model, validation: Dataset, how: Synthesis) -> ModelInfo:
    """Return what the model says of itself, with temperature and rejection threshold fitted."""
    temperature = fit_temperature(model.predict_logits(validation.images), validation.targets)
    _, digitness = model.predict_with_digitness(validation.images)
    threshold = fit_threshold(digitness, how.refused)
    return replace(model.info, temperature=temperature, rejection_threshold=threshold)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """Find the temperature that makes the labels likeliest (Guo et al. 2017, arXiv 1706.04599).

    Parameters
    ----------
    logits : float32 array, shape (n, classes)
        Of pictures that the network has not learned from.
    labels : uint8 array, shape (n,)

    Examples
    --------
    >>> fair = np.log(np.array([[0.8, 0.2]] * 10))
    >>> labels = np.array([0] * 8 + [1] * 2, np.uint8)
    >>> round(fit_temperature(3 * fair, labels), 2)
    3.0
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logits.astype(np.float64) / np.exp(log_temperature)
        return -float(log_softmax(scaled, axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def fit_threshold(digitness: NDArray[np.float32], refused: float) -> float:
    """Find the digitness that all but this share of genuine digits, ``(n,)``, reach."""
    return float(np.quantile(digitness, refused, method="lower"))
