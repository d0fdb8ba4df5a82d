"""All figures of a model on one test set: single digits, or a table of images to be read.

Accuracy is always there. Every other section is there if it was asked for and the test set can say
something of it: calibration, robustness, non-digits, occlusion maps, label errors, cost, and the
comparison with another model and with last time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import UsageError
from tenfold.evaluation.cost import Cost
from tenfold.evaluation.encode import FLAT, HIDDEN
from tenfold.evaluation.format import between, percent
from tenfold.evaluation.label_errors import LabelErrors
from tenfold.evaluation.metrics.calibration import Calibration
from tenfold.evaluation.metrics.classification import Classification
from tenfold.evaluation.metrics.coverage import Coverage, Risk
from tenfold.evaluation.metrics.statistics import McNemar
from tenfold.evaluation.non_digits import OutOfDistribution
from tenfold.evaluation.occlusion import OcclusionMap
from tenfold.evaluation.robustness import Corruptions, Sweep
from tenfold.evaluation.transcription import Transcription


@dataclass(frozen=True, slots=True)
class Mistake:
    """A misclassified image, or one of a table that is no exact match.

    Parameters
    ----------
    index : int
        Its row in the test set.
    label, predicted : str
        The true label, and the predicted one.
    confidence : float
        How surely, 0 to 1.
    file, error : str or None
        Of a table of images: which file it is, and why it could not be opened.
    """

    index: int
    label: str
    predicted: str
    confidence: float
    file: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TemperatureScaling:
    """What a temperature does for the confidence.

    Parameters
    ----------
    before, after : Calibration
        At temperature 1, and at the file's own; for a file that carries none, at one found by
        cross-fitting on this test set, or the same as before where its images fit none.
    fitted_here : bool
        True if ``after`` was cross-fitted.
    """

    before: Calibration
    after: Calibration
    fitted_here: bool

    @property
    def of_file(self) -> Calibration:
        """How the model file is calibrated as it is."""
        return self.before if self.fitted_here else self.after


@dataclass(frozen=True, slots=True)
class Comparison:
    """Another evaluation of the same images beside this one.

    Parameters
    ----------
    model : str
        The other model's path; of an earlier evaluation, the SHA-256 of its file.
    accuracy : float
        Of the other, 0 to 1.
    interval : pair of float
        Its 95 % confidence interval (Wilson 1927).
    test : McNemar
        This evaluation (first) against the other (second).
    date : str or None
        When an earlier evaluation was.
    same_model : bool
        Whether the earlier one was of this very model file.
    """

    model: str
    accuracy: float
    interval: tuple[float, float]
    test: McNemar
    date: str | None = None
    same_model: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation:
    """How a model did on a test set.

    Parameters
    ----------
    data, split : str
        The test set, and which part of it.
    count : int
        How many images that were.
    accuracy : float
        0 to 1: of single digits top-1, of a table of images the exact match.
    interval : pair of float
        The accuracy's 95 % confidence interval (Wilson 1927): what accuracies on all images of
        this kind this count of them cannot rule out.
    mistakes : tuple of Mistake
        Every misclassified image, most confident first.
    confidence, correct : array, shape (n,)
        Of each answer: its probability, and whether it was right.
    note : str
        How the images got to the model.
    learned_from : bool
        True if the model learned from images among these.
    coverage : tuple of Coverage
        What can be read without a person at 99.9, 99.5 and 99 % accuracy.
    risk : tuple of Risk
        The error among the most confident 25, 50, 75, 90 and 100 % of the images.
    classification : Classification or None
        Of single digits: loss, scores per class, confusion matrix.
    transcription : Transcription or None
        Of a table of images: character error rate, and figures per source.
    label_errors : LabelErrors or None
        Accuracy without labels that are probably wrong, where the test set is known to have some.
    calibration : TemperatureScaling or None
    out_of_distribution : tuple of OutOfDistribution
        Non-digits, by kind.
    occlusion_maps : tuple of OcclusionMap
    cost : Cost or None
    corruptions : Corruptions or None
    sweeps : tuple of Sweep
        These six are empty or None where they were not measured.
    comparison, previous : Comparison or None
        With another model, and with the last evaluation of the same images.
    """

    data: str
    split: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    mistakes: tuple[Mistake, ...]
    confidence: NDArray[np.floating] = field(metadata=HIDDEN, repr=False)
    correct: NDArray[np.bool_] = field(metadata=HIDDEN, repr=False)
    note: str
    coverage: tuple[Coverage, ...]
    risk: tuple[Risk, ...]
    learned_from: bool = False
    classification: Classification | None = field(default=None, metadata=FLAT)
    transcription: Transcription | None = field(default=None, metadata=FLAT)
    label_errors: LabelErrors | None = None
    calibration: TemperatureScaling | None = None
    out_of_distribution: tuple[OutOfDistribution, ...] = ()
    occlusion_maps: tuple[OcclusionMap, ...] = ()
    cost: Cost | None = None
    corruptions: Corruptions | None = None
    sweeps: tuple[Sweep, ...] = ()
    comparison: Comparison | None = None
    previous: Comparison | None = None

    def __repr__(self) -> str:
        name = "accuracy" if self.transcription is None else "exact match"
        return (
            f"<Evaluation on {self.data}, {self.split}: {name} {percent(self.accuracy)} "
            f"(95 % interval {between(self.interval)}), "
            f"{len(self.mistakes):,} of {self.count:,} images wrong>"
        )

    def _repr_html_(self) -> str:
        """Show the figures and the confusion matrix, for notebooks."""
        from tenfold.evaluation.notebook import confusion_html

        words = f"<p>{escape(repr(self))}</p>"
        return words + (confusion_html(self.classification) if self.classification else "")

    @property
    def digits(self) -> Classification:
        """The section of single digits; raises UsageError for a table of images."""
        if self.classification is None:
            raise UsageError(f"{self.data} is a table of images, which has no confusion matrix.")
        return self.classification

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats; raises UsageError for a table of images."""
        return self.digits.loss


def summary(found: Evaluation) -> dict[str, object]:
    """Return an evaluation in one row, to stand beside those of other test sets.

    Keys are ``data``, ``split``, ``count``, ``accuracy``, ``interval``, ``mean_over_sources`` (None
    for single digits), ``calibration_error`` (None where it was not measured) and ``note``.
    """
    text, calibration = found.transcription, found.calibration
    learned = "; the model learned from these" if found.learned_from else ""
    return {
        "data": found.data,
        "split": found.split,
        "count": found.count,
        "accuracy": found.accuracy,
        "interval": list(found.interval),
        "mean_over_sources": None if text is None else text.mean_over_sources,
        "calibration_error": None if calibration is None else calibration.of_file.error,
        "note": found.note + learned,
    }
