from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tenfold.data.splits import Splits
from tenfold.errors import DataError
from tenfold.evaluation.calibration import expected_calibration_error
from tenfold.evaluation.cross import row_of_data, row_of_table
from tenfold.evaluation.evaluate import evaluate
from tenfold.evaluation.readings import evaluate_table
from tenfold.model import Model


def test_a_row_says_what_an_evaluation_says(model: Model, few: Splits) -> None:
    row, whole = row_of_data(model, few.test), evaluate(model, few.test)
    assert (row.count, row.accuracy, row.interval) == (60, whole.accuracy, whole.interval)
    chances = model.predict_proba(few.test.images)
    right = chances.argmax(axis=1) == few.test.targets
    assert row.calibration_error == expected_calibration_error(chances.max(axis=1), right)
    assert (row.note, row.mean_over_sources) == ("as it is", None)
    assert row.to_dict()["data"] == "digits"
    learned = row_of_data(model, few.train, learned=True)
    assert learned.note == "as it is; the model learned from these"


def test_a_table_of_pictures_is_a_row_too(tmp_path: Path) -> None:
    bar = np.full((60, 40), 255, np.uint8)
    bar[10:50, 18:23] = 0
    Image.fromarray(bar).save(tmp_path / "one.png")
    (tmp_path / "labels.csv").write_text("file,label\none.png,1\n")
    row = row_of_table(evaluate_table(tmp_path / "labels.csv"))
    assert (row.count, row.accuracy, row.mean_over_sources) == (1, 1.0, 1.0)
    assert row.calibration_error is None
    assert row.note == "pictures, found and framed by the reader; 1 source"
    (tmp_path / "labels.csv").write_text("file,label\none.png,1\ngone.png,2\n")
    row = row_of_table(evaluate_table(tmp_path / "labels.csv"))
    assert (row.count, row.accuracy) == (2, 0.5)
    assert row.note.endswith("; 1 that could not be opened counted as wrong")


def test_what_cannot_be_measured_is_told(model: Model, few: Splits) -> None:
    with pytest.raises(DataError, match="has no labels"):
        row_of_data(model, replace(few.test, labels=None))
    with pytest.raises(DataError, match="has the classes"):
        row_of_data(model, replace(few.test, classes=tuple("abcdefghij")))
