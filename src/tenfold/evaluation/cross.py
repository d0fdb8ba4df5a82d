"""One model on several data sets: trained here, measured there."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.evaluation.calibration import expected_calibration_error
from tenfold.evaluation.evaluate import check, measure
from tenfold.evaluation.framing import framed
from tenfold.evaluation.readings import TableEvaluation
from tenfold.model import Model


@dataclass(frozen=True, slots=True)
class Row:
    """How a model does on one data set.

    Parameters
    ----------
    data, part : str
        The data set and which part of it.
    count : int
        Pictures.
    accuracy : float
        Share read right, 0 to 1.
    interval : pair of float
        Its 95 % confidence interval (Wilson 1927).
    calibration_error : float or None
        Expected calibration error; None for a table of pictures, which the reader reads.
    mean_over_sources : float or None
        For a table of pictures: mean of its sources' accuracies.
    note : str
        How the pictures got to the model.
    """

    data: str
    part: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    calibration_error: float | None
    mean_over_sources: float | None
    note: str

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON."""
        return asdict(self) | {"interval": list(self.interval)}


def check_row(model: Model, data: Dataset) -> None:
    """Find out early whether `row_of_data` can measure this; raises what it would."""
    check(model, data)
    model.predict(framed(data.take(np.arange(1)), model).images)


def row_of_data(model: Model, data: Dataset, learned: bool = False) -> Row:
    """Measure a model on a data set; pictures of another size than 28×28 are framed first.

    Where the model learned from pictures among these, the note says so.

    Raises
    ------
    DataError, ModelError
        As `tenfold.evaluate`.
    """
    own = framed(data, model)
    check(model, own)
    probabilities = model.predict_proba(own.images)
    found = measure(probabilities, own.targets, own)
    right = probabilities.argmax(axis=1) == own.targets
    note = "as it is" if own is data else f"{data.size}×{data.size}, framed as MNIST's"
    return Row(
        data=data.name,
        part=data.split,
        count=found.count,
        accuracy=found.accuracy,
        interval=found.interval,
        calibration_error=expected_calibration_error(probabilities.max(axis=1), right),
        mean_over_sources=None,
        note=f"{note}; the model learned from these" if learned else note,
    )


def row_of_table(found: TableEvaluation) -> Row:
    """Take over how the reader did on a table of pictures."""
    count = len(found.sources)
    sources = "1 source" if count == 1 else f"{count} sources"
    note = f"pictures, found and framed by the reader; {sources}"
    closed = sum(answer.error is not None for answer in found.answers)
    return Row(
        data=found.data,
        part="all",
        count=found.count,
        accuracy=found.accuracy,
        interval=found.interval,
        calibration_error=None,
        mean_over_sources=found.mean_over_sources,
        note=f"{note}; {closed} that could not be opened counted as wrong" if closed else note,
    )
