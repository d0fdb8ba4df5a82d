"""Measure a model file on labelled pictures.

Everything here runs on the file that people get, through ONNX Runtime, never on the network that
training holds in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from tenfold.data.dataset import Dataset, Split
from tenfold.data.registry import load_dataset, load_parts, load_splits
from tenfold.errors import DataError, ModelError
from tenfold.evaluation.statistics import wilson
from tenfold.model import Model, load_model


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture read wrongly: its row, what it is, what was read, and how surely (0 to 1)."""

    index: int
    label: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model did on a data set.

    Parameters
    ----------
    data, split : str
        What it was measured on.
    count : int
        How many pictures that were.
    accuracy : float
        Share read right (top-1), 0 to 1.
    interval : pair of float
        The accuracy's 95 % confidence interval (Wilson 1927): what accuracies on all pictures of
        this kind this count of them cannot rule out.
    loss : float
        Mean negative log-likelihood of the true class (cross-entropy), in nats.
    classes : tuple of str
        Names of the classes, in the order of the figures below.
    precision, recall, f1, support : tuple
        Per class: share of its readings that are right, share of its pictures read right, the
        harmonic mean of the two, and number of its pictures.
    confusion : int array, shape (classes, classes)
        Pictures counted by true class (row) and class read (column).
    mistakes : tuple of Mistake
        Every picture read wrongly, the surest first.
    """

    data: str
    split: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    loss: float
    classes: tuple[str, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    support: tuple[int, ...]
    confusion: NDArray[np.int64]
    mistakes: tuple[Mistake, ...]

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON."""
        low, high = self.interval
        figures = (self.precision, self.recall, self.f1, self.support)
        per_class = zip(self.classes, *figures, strict=True)
        return {
            "data": self.data,
            "split": self.split,
            "count": self.count,
            "accuracy": self.accuracy,
            "interval": [low, high],
            "loss": self.loss,
            "classes": [
                {"class": name, "precision": precision, "recall": recall, "f1": f1, "support": n}
                for name, precision, recall, f1, n in per_class
            ],
            "confusion": self.confusion.tolist(),
            "mistakes": [
                {
                    "index": mistake.index,
                    "label": mistake.label,
                    "predicted": mistake.predicted,
                    "confidence": mistake.confidence,
                }
                for mistake in self.mistakes
            ],
        }


def evaluate(
    model: Model | str | Path,
    data: Dataset | str | Path,
    *,
    split: Split | None = None,
    data_dir: Path | None = None,
) -> Evaluation:
    """Measure a model file on labelled pictures.

    Parameters
    ----------
    model : Model, str or Path
        An opened model or its file.
    data : Dataset, str or Path
        A data set, or a name or path as for `tenfold.load_dataset`.
    split : {"train", "test", "all"}, optional
        Which part of a named source; by default as `choose_split` says.
    data_dir : Path, optional
        Where MNIST is looked for first.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelError
        If the file is no model, or takes pictures of another size.
    DataError
        If the data is damaged, empty, unlabelled, or of other classes.

    Examples
    --------
    >>> evaluate("runs/digits/model.onnx", "digits").accuracy  # doctest: +SKIP
    0.99
    """
    if not isinstance(model, Model):
        model = load_model(model)
    if not isinstance(data, Dataset):
        data = choose_split(model, data, split, data_dir)
    check(model, data)
    return measure(model.predict_proba(data.images), data.targets, data)


def check(model: Model, data: Dataset) -> None:
    """Raise DataError if this data says nothing of a model: empty, unlabelled, other classes."""
    labels = data.targets
    if not len(labels):
        raise DataError(f"{data.name}: no pictures in its {data.split} part; nothing to measure.")
    if data.classes != model.info.classes:
        raise DataError(
            f"{data.name} has the classes {', '.join(data.classes)}, but {model.path} knows "
            f"{', '.join(model.info.classes)}."
        )


def choose_split(
    model: Model, source: str | Path, split: Split | None, data_dir: Path | None
) -> Dataset:
    """Load the part of a source that says most about a model without having taught it.

    That is the source's own test part; without one, the part held out if the model learned from
    this very source or was calibrated on it, else all of it.
    """
    if split is not None:
        return load_dataset(source, split, data_dir=data_dir)
    whole, test = load_parts(source, data_dir)
    if test is not None:
        return test
    if whole.labels is not None and len(whole) > len(whole.classes):
        try:
            splits = load_splits(source, data_dir)
        except DataError:  # too small to split, so no model was trained on a part of it
            return whole
        if _knows(model, splits.train):
            return splits.test
    return whole


def has_learned(
    model: Model, source: str | Path, split: Split | None, data_dir: Path | None
) -> bool:
    """Whether a part that was asked for holds pictures that the model learned from."""
    if split not in ("train", "all"):
        return False
    try:
        train = load_splits(source, data_dir).train
    except DataError:  # too small to split, so no model was trained on a part of it
        return False
    return _knows(model, train)


def _knows(model: Model, train: Dataset) -> bool:
    """Whether weights or temperature come from this training part."""
    info = model.info
    return train.fingerprint() in (info.data_fingerprint, info.calibration_fingerprint)


def measure(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], data: Dataset
) -> Evaluation:
    """Compare predicted probabilities, shape ``(n, classes)``, with the labels, shape ``(n,)``."""
    if not np.isfinite(probabilities).all():
        raise ModelError("the model answers with values that are no numbers. Train it anew.")
    numbers = np.arange(len(data.classes))
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    # A probability that underflowed to nothing would make the loss infinite.
    safe = probabilities.astype(np.float64).clip(1e-15)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=numbers, zero_division=0.0
    )
    return Evaluation(
        data=data.name,
        split=data.split,
        count=len(labels),
        accuracy=float(right.mean()),
        interval=wilson(int(right.sum()), len(labels)),
        loss=float(log_loss(labels, safe / safe.sum(axis=1, keepdims=True), labels=numbers)),
        classes=data.classes,
        precision=tuple(precision.tolist()),
        recall=tuple(recall.tolist()),
        f1=tuple(f1.tolist()),
        support=tuple(map(int, support)),  # scikit-learn counts in floats at times
        confusion=confusion_matrix(labels, predicted, labels=numbers),
        mistakes=_mistakes(probabilities, labels, data.classes),
    )


def _mistakes(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], classes: tuple[str, ...]
) -> tuple[Mistake, ...]:
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return tuple(
        Mistake(int(i), classes[labels[i]], classes[predicted[i]], float(confidence[i]))
        for i in surest
    )
