"""How well digits are told from things that are none, by a score that digits should have more of.

AUROC is the chance that a digit gets more of it than a non-digit, and the false-positive rate is
how many non-digits pass where 95 % of the digits do (Hendrycks & Gimpel 2017, arXiv 1610.02136).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TRUE_POSITIVES = 0.95


def auroc(digits: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """Return the area under the ROC curve, 0.5 (chance) to 1.

    Examples
    --------
    >>> auroc(np.array([0.9, 0.6]), np.array([0.7, 0.1]))
    0.75
    """
    from sklearn.metrics import roc_auc_score  # here, for its import takes seconds

    return float(roc_auc_score(*_pooled(digits, others)))


def false_positive_rate(digits: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """Return the share of others that pass where at least 95 % of the digits do.

    Examples
    --------
    >>> false_positive_rate(np.arange(1, 21) / 20, np.array([0.05, 0.1, 0.5, 0.02]))
    0.5
    """
    from sklearn.metrics import roc_curve

    passed, kept, _ = roc_curve(*_pooled(digits, others), drop_intermediate=False)
    return float(passed[kept >= TRUE_POSITIVES - 1e-9].min())


def _pooled(
    digits: NDArray[np.floating], others: NDArray[np.floating]
) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    scores = np.concatenate([digits, others])
    return np.arange(len(scores)) < len(digits), scores
