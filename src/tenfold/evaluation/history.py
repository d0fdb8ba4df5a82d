"""Earlier evaluations, kept beside the model file for the next one and for the model card.

``evaluations.json`` in the run folder holds one record for each model file and test set, the latest
last: the figures as ``--json`` prints them, with the date, the file's SHA-256 and the data's.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import TenfoldError
from tenfold.evaluation.encode import encode
from tenfold.evaluation.evaluation import Comparison, Evaluation
from tenfold.evaluation.metrics.statistics import mcnemar, wilson
from tenfold.evaluation.test_sets import TestSet
from tenfold.files import read_file, write_whole

FILE = "evaluations.json"
MOST = 1 << 30  # bytes of it
Record = dict[str, Any]


def digest(content: bytes) -> str:
    """Return a model file's SHA-256."""
    return hashlib.sha256(content).hexdigest()


def load_records(folder: Path) -> list[Record]:
    """Return the records in a folder, the latest last; none where the file is no such file."""
    return _records(folder / FILE) or []


def _records(path: Path) -> list[Record] | None:
    """Return the records in a file; None if they are not tenfold's, or none lie there."""
    try:
        found = json.loads(read_file(path, MOST))
    except (TenfoldError, ValueError, RecursionError):
        return None
    ours = isinstance(found, list) and all(
        isinstance(record, dict) and "model_sha256" in record for record in found
    )
    return found if ours else None


def recall(
    folder: Path, data: TestSet, correct: NDArray[np.bool_], model: str
) -> Comparison | None:
    """Compare with the last evaluation of the same images; None where there was none.

    Parameters
    ----------
    folder : Path
        Where the model file lies.
    data : Dataset or ImageTable
        What was measured on now; its fingerprint must be that of the record.
    correct : bool array, shape (n,)
        Whether each image was read right now.
    model : str
        SHA-256 of the model file of now.
    """
    fingerprint = data.fingerprint()
    records = load_records(folder)
    same = [record for record in records if record.get("data_fingerprint") == fingerprint]
    if not same:
        return None
    record = same[-1]
    before = np.ones(len(data), bool)
    try:
        before[[mistake["index"] for mistake in record["mistakes"]]] = False
        date, accuracy = str(record["date"]), float(record["accuracy"])
    except (KeyError, TypeError, ValueError, IndexError):  # written by something else
        return None
    known = str(record.get("model_sha256"))
    interval, test = wilson(int(before.sum()), len(before)), mcnemar(correct, before)
    return Comparison(known, accuracy, interval, test, date, known == model)


def remember(folder: Path, data: TestSet, found: Evaluation, model: str) -> Path:
    """Write an evaluation down for the next.

    Figures that this evaluation left out and an earlier one of the same file and images has are
    kept. Occlusion maps are for the eye and left out.

    Raises
    ------
    TenfoldError
        If a file of that name lies there that tenfold did not write, or it cannot be written.
    """
    path = folder / FILE
    if os.path.lexists(path) and _records(path) is None:
        raise TenfoldError(
            f"{path}: already exists and is not known to be tenfold's, so it was not overwritten. "
            "Move it."
        )
    records, figures = load_records(folder), encode(found)
    identity = {"model_sha256": model, "data_fingerprint": data.fingerprint()}
    known = [each for each in records if all(each.get(k) == v for k, v in identity.items())]
    others = [each for each in records if each not in known]
    now = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
    left_out = {name for name, value in figures.items() if value in (None, [])} - {"mistakes"}
    left_out.add("occlusion_maps")
    measured = {name: value for name, value in figures.items() if name not in left_out}
    before: Record = known[-1] if known else {}
    latest = before | measured | identity | now
    content = json.dumps([*others, latest], ensure_ascii=False, indent=1)
    return write_whole(path, content + "\n")
