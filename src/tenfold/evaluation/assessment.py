"""All figures of a model on one data set, as a report shows them.

Clean pictures, confidence, corruptions, movements, things that are no digits, what the model looks
at, what it costs, and how it compares with another model and with last time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.evaluation.calibration import Calibration
from tenfold.evaluation.cost import Cost
from tenfold.evaluation.coverage import Coverage
from tenfold.evaluation.doubtful import Doubtful
from tenfold.evaluation.evaluate import Evaluation
from tenfold.evaluation.nondigits import Refusal
from tenfold.evaluation.records import Last
from tenfold.evaluation.robustness import Corruptions, Sweep
from tenfold.evaluation.statistics import McNemar


@dataclass(frozen=True, slots=True)
class Rival:
    """Another model on the same pictures: its name, its accuracy, and the test between the two."""

    name: str
    accuracy: float
    interval: tuple[float, float]
    test: McNemar

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON."""
        return {
            "model": self.name,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "test": self.test.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Look:
    """What a model looked at in one picture: its row, its answer, and `occlusion_map`."""

    index: int
    label: str
    predicted: str
    map: NDArray[np.float64]

    def to_dict(self) -> dict[str, object]:
        """Return all by name, ready for JSON; the map to a thousandth of a nat."""
        return {
            "index": self.index,
            "label": self.label,
            "predicted": self.predicted,
            "map": self.map.round(3).tolist(),
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """All figures of a model on one data set.

    Parameters
    ----------
    data : Dataset
        What it was measured on, in the model's size.
    evaluation : Evaluation
        Accuracy, confusion, mistakes.
    confidence, right : array, shape (n,)
        Of each answer: its probability, and whether it was right.
    coverage : tuple of Coverage
        What can be read at 99.9, 99.5 and 99 %.
    before, after : Calibration
        At temperature 1, and at the file's own; for a file that carries none, at one found by
        cross-fitting on this data, or the same as before where these pictures fit none.
    learned : bool
        True if the model learned from pictures among these.
    fitted_here : bool
        True if ``after`` was cross-fitted.
    doubtful : Doubtful or None
        Accuracy without doubtful labels, where the data is known to have some.
    doubtful_rows : frozenset of int
    refusals : tuple of Refusal
        Things that are no digits, by kind.
    looks : tuple of Look
    cost : Cost or None
    corruptions : Corruptions or None
    sweeps : tuple of Sweep
        These five are empty or None where they were not to be measured.
    rival : Rival or None
    last : Last or None
    """

    data: Dataset
    evaluation: Evaluation
    confidence: NDArray[np.float32]
    right: NDArray[np.bool_]
    coverage: tuple[Coverage, ...]
    before: Calibration
    after: Calibration
    learned: bool
    fitted_here: bool
    doubtful: Doubtful | None
    doubtful_rows: frozenset[int]
    refusals: tuple[Refusal, ...] = ()
    looks: tuple[Look, ...] = ()
    cost: Cost | None = None
    corruptions: Corruptions | None = None
    sweeps: tuple[Sweep, ...] = ()
    rival: Rival | None = None
    last: Last | None = None

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON."""
        optional = {
            "doubtful_labels": self.doubtful,
            "cost": self.cost,
            "corruptions": self.corruptions,
            "against": self.rival,
            "last_evaluation": self.last,
        }
        return self.evaluation.to_dict() | {
            "learned_from": self.learned,
            "coverage": [each.to_dict() for each in self.coverage],
            "calibration": {
                "before": self.before.to_dict(),
                "after": self.after.to_dict(),
                "fitted_here": self.fitted_here,
            },
            "not_digits": [each.to_dict() for each in self.refusals],
            **{name: None if v is None else v.to_dict() for name, v in optional.items()},
            "sweeps": [sweep.to_dict() for sweep in self.sweeps],
            "looks": [look.to_dict() for look in self.looks],
        }
