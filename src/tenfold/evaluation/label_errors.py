"""Label errors: MNIST's test labels that people do not agree with.

Northcutt, Athalye & Mueller (2021, "Pervasive label errors in test sets destabilize machine
learning benchmarks", arXiv 2103.14749) showed suspicious test images to five people each; their
votes are published as ``mturk/mnist_mturk.json`` in github.com/cleanlab/label-errors. Fifteen of
MNIST's 10,000 labels found no majority there: at most two of five chose the label. What a model
says of those is neither right nor wrong beyond doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.evaluation.metrics.statistics import wilson

SOURCE = "Northcutt, Athalye & Mueller 2021, arXiv 2103.14749"
# Row numbers in MNIST's own order of its test set, counted from 0.
MNIST_TEST = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
)  # fmt: skip
# SHA-256 of that test set (`Dataset.fingerprint`), by whatever name or path it was opened.
MNIST_TEST_FINGERPRINT = "26120b4578752d7d87c2cb6601f15f4b0efd4dd7947b156b4f7aa2d35f931d2f"


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """Accuracy without the images whose label is probably wrong.

    Parameters
    ----------
    count : int
        How many such labels there are.
    rows : tuple of int
        Their images, by row.
    wrong : int
        How many of these labels the model contradicts.
    accuracy_without : float
        Accuracy on all other images, 0 to 1.
    interval_without : pair of float
        Its 95 % confidence interval (Wilson 1927).
    source : str
        Who says so.
    """

    count: int
    rows: tuple[int, ...]
    wrong: int
    accuracy_without: float
    interval_without: tuple[float, float]
    source: str = SOURCE


def label_error_rows(data: Dataset) -> tuple[int, ...]:
    """Return the rows whose label is doubtful; none unless this is MNIST's test set."""
    if len(data) == 10_000 and data.fingerprint() == MNIST_TEST_FINGERPRINT:
        return MNIST_TEST
    return ()


def without_label_errors(correct: NDArray[np.bool_], rows: tuple[int, ...]) -> LabelErrors | None:
    """Leave rows out of an evaluation; None where there are none to leave out.

    Parameters
    ----------
    correct : bool array, shape (n,)
        Whether each image was read right.
    rows : tuple of int
        As `label_error_rows` gives them.
    """
    if not rows:
        return None
    wrong = int((~correct[list(rows)]).sum())
    others = np.delete(correct, rows)
    interval = wilson(int(others.sum()), len(others))
    return LabelErrors(len(rows), rows, wrong, float(others.mean()), interval)
