"""MNIST's test labels that people do not agree with.

Northcutt, Athalye & Mueller (2021, "Pervasive label errors in test sets destabilize machine
learning benchmarks", arXiv 2103.14749) showed suspicious test pictures to five people each; their
votes are published as ``mturk/mnist_mturk.json`` in github.com/cleanlab/label-errors. Fifteen of
MNIST's 10,000 labels found no majority there: at most two of five chose the label. What a model
says of those is neither right nor wrong beyond doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.evaluation.evaluate import Evaluation
from tenfold.evaluation.statistics import wilson

SOURCE = "Northcutt, Athalye & Mueller 2021, arXiv 2103.14749"
# Row numbers in MNIST's own order of its test part, counted from 0.
MNIST_TEST = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
)  # fmt: skip
# SHA-256 of that test part (`Dataset.fingerprint`), by whatever name or path it was opened.
MNIST_TEST_FINGERPRINT = "26120b4578752d7d87c2cb6601f15f4b0efd4dd7947b156b4f7aa2d35f931d2f"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Accuracy without the pictures whose label is doubtful.

    Parameters
    ----------
    rows : tuple of int
        The pictures in question, by row.
    wrong : int
        How many of their labels the model contradicts.
    accuracy : float
        Share read right of all other pictures, 0 to 1.
    interval : pair of float
        Its 95 % confidence interval (Wilson 1927).
    """

    rows: tuple[int, ...]
    wrong: int
    accuracy: float
    interval: tuple[float, float]

    @property
    def count(self) -> int:
        """How many labels are doubtful."""
        return len(self.rows)

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON."""
        return {
            "count": self.count,
            "rows": list(self.rows),
            "wrong": self.wrong,
            "accuracy_without": self.accuracy,
            "interval_without": list(self.interval),
            "source": SOURCE,
        }


def doubtful_rows(data: Dataset) -> frozenset[int]:
    """Return the rows whose label is doubtful; none unless this is MNIST's test part."""
    if len(data) == 10_000 and data.fingerprint() == MNIST_TEST_FINGERPRINT:
        return frozenset(MNIST_TEST)
    return frozenset()


def without_doubtful(evaluation: Evaluation, rows: frozenset[int]) -> Doubtful | None:
    """Leave the doubtful rows out of an evaluation; None where there are none."""
    if not rows:
        return None
    wrong = np.array([mistake.index in rows for mistake in evaluation.mistakes], dtype=bool)
    count = evaluation.count - len(rows)
    right = count - int((~wrong).sum())
    return Doubtful(tuple(sorted(rows)), int(wrong.sum()), right / count, wilson(right, count))
