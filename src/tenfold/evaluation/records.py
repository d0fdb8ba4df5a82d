"""What an evaluation came to, kept beside the model file for the next one and for the model card.

``evaluations.json`` in the run folder holds one record for each model file and data set, the latest
last: the figures as ``--json`` prints them, with the date, the file's SHA-256 and the data's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.evaluation.evaluate import Evaluation
from tenfold.evaluation.statistics import McNemar, mcnemar
from tenfold.files import write_whole

FILE = "evaluations.json"
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Last:
    """The last evaluation of the same pictures, beside this one.

    Parameters
    ----------
    date : str
        When it was.
    accuracy : float
        What it came to, 0 to 1.
    same_model : bool
        Whether the model file is still the same.
    test : McNemar
        The last model (first) against this one (second).
    """

    date: str
    accuracy: float
    same_model: bool
    test: McNemar

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON."""
        return {
            "date": self.date,
            "accuracy": self.accuracy,
            "same_model": self.same_model,
            "test": self.test.to_dict(),
        }


def digest(content: bytes) -> str:
    """Return a model file's SHA-256."""
    return hashlib.sha256(content).hexdigest()


def load_records(folder: Path) -> list[Record]:
    """Return the records in a folder, the latest last; none where the file is damaged."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(found, list):
        return []
    return [record for record in found if isinstance(record, dict)]


def recall(folder: Path, data: Dataset, evaluation: Evaluation, model: str) -> Last | None:
    """Compare with the last evaluation of the same pictures; None where there was none.

    Parameters
    ----------
    folder : Path
        Where the model file lies.
    data : Dataset
        What was measured on now; its fingerprint must be that of the record.
    evaluation : Evaluation
        Of now.
    model : str
        SHA-256 of the model file of now.
    """
    fingerprint = data.fingerprint()
    records = load_records(folder)
    same = [record for record in records if record.get("data_fingerprint") == fingerprint]
    if not same:
        return None
    record = same[-1]
    try:
        before = _right([mistake["index"] for mistake in record["mistakes"]], len(data))
        now = _right([mistake.index for mistake in evaluation.mistakes], len(data))
        date, accuracy = str(record["date"]), float(record["accuracy"])
    except (KeyError, TypeError, ValueError, IndexError):  # written by something else
        return None
    return Last(date, accuracy, record.get("model_sha256") == model, mcnemar(before, now))


def _right(wrong: list[int], count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    right = np.ones(count, bool)
    right[wrong] = False
    return right


def remember(folder: Path, data: Dataset, figures: dict[str, object], model: str) -> Path:
    """Write this evaluation down for the next.

    Figures that this evaluation left out and an earlier one of the same file and pictures has are
    kept. What the model looks at is for the eye and left out.
    """
    records = load_records(folder)
    identity = {"model_sha256": model, "data_fingerprint": data.fingerprint()}
    known = [each for each in records if all(each.get(k) == v for k, v in identity.items())]
    others = [each for each in records if each not in known]
    now = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
    left_out = {name for name, value in figures.items() if value in (None, [])} - {"mistakes"}
    left_out.add("looks")
    measured = {name: value for name, value in figures.items() if name not in left_out}
    before: Record = known[-1] if known else {}
    latest = before | measured | identity | now
    content = json.dumps([*others, latest], ensure_ascii=False, indent=1)
    return write_whole(folder / FILE, content + "\n")
