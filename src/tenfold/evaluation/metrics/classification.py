"""How single digits are told apart: cross-entropy, confusion matrix, precision, recall and F1."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# A probability that underflowed to nothing would make the loss infinite.
LEAST = 1e-15


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class is read.

    Parameters
    ----------
    name : str
    precision, recall, f1 : float
        Share of its predictions that are right, share of its images found, and the harmonic mean
        of the two, 0 to 1.
    support : int
        Number of its images.
    """

    name: str = field(metadata={"key": "class"})
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Classification:
    """How single digits are told apart.

    Parameters
    ----------
    loss : float
        Mean negative log-likelihood of the true class (cross-entropy), in nats.
    classes : tuple of ClassScore
        In the order of the confusion matrix.
    confusion : int array, shape (classes, classes)
        Images counted by true class (row) and class read (column).
    """

    loss: float
    classes: tuple[ClassScore, ...]
    confusion: NDArray[np.int64]


def classification(
    probabilities: NDArray[np.floating], labels: NDArray[np.uint8], classes: tuple[str, ...]
) -> Classification:
    """Compare probabilities with labels.

    Parameters
    ----------
    probabilities : float array, shape (n, classes)
        Each row sums to 1.
    labels : uint8 array, shape (n,)
    classes : tuple of str
        Their names.

    Examples
    --------
    >>> chances = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> found = classification(chances, np.array([0, 1, 1], np.uint8), ("no", "yes"))
    >>> found.confusion.tolist(), found.classes[1].recall
    ([[1, 0], [1, 1]], 0.5)
    """
    # Imported where it is used: it takes seconds, and training imports this module.
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    numbers, predicted = np.arange(len(classes)), probabilities.argmax(axis=1)
    scores = precision_recall_fscore_support(labels, predicted, labels=numbers, zero_division=0.0)
    return Classification(
        loss=cross_entropy(probabilities, labels),
        classes=tuple(
            # scikit-learn counts in floats at times
            ClassScore(name, float(precision), float(recall), float(f1), int(support))
            for name, precision, recall, f1, support in zip(classes, *scores, strict=True)
        ),
        confusion=confusion_matrix(labels, predicted, labels=numbers),
    )


def cross_entropy(probabilities: NDArray[np.floating], labels: NDArray[np.uint8]) -> float:
    """Return the mean negative log-likelihood of the labels, in nats.

    Parameters
    ----------
    probabilities : float array, shape (n, classes)
    labels : uint8 array, shape (n,)

    Examples
    --------
    >>> round(cross_entropy(np.array([[0.5, 0.5], [0.8, 0.2]]), np.array([0, 0], np.uint8)), 4)
    0.4581
    """
    from sklearn.metrics import log_loss

    safe = probabilities.astype(np.float64).clip(LEAST)
    numbers = np.arange(probabilities.shape[1])
    return float(log_loss(labels, safe / safe.sum(axis=1, keepdims=True), labels=numbers))
