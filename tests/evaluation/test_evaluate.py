from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits
from tenfold.errors import DataError, ModelError, UsageError
from tenfold.evaluation.encode import encode
from tenfold.evaluation.evaluate import evaluate, measure
from tenfold.evaluation.evaluation import Evaluation, summary
from tenfold.evaluation.metrics.calibration import expected_calibration_error
from tenfold.model import Model, open_model
from tenfold.reader.networks import bundled_content
from tenfold.training.result import Run

CLASSES = ("zero", "one", "two")


def _data(labels: list[int], classes: tuple[str, ...] = CLASSES) -> Dataset:
    images = np.zeros((len(labels), 8, 8), np.uint8)
    return Dataset(images, np.array(labels, np.uint8), "toy", "test", classes)


def _sure(predicted: list[int], confidence: float = 0.8) -> NDArray[np.float32]:
    """Probabilities that give one of three classes this much and the others the rest."""
    rows = np.full((len(predicted), 3), (1 - confidence) / 2, np.float32)
    rows[np.arange(len(predicted)), predicted] = confidence
    return rows


def _scores(evaluation: Evaluation, name: str) -> tuple[float, ...]:
    return tuple(getattr(each, name) for each in evaluation.digits.classes)


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score, Wilson 1927)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(right: int, count: int, low: float, high: float) -> None:
    labels = [0] * count
    data = _data(labels)
    predicted = _sure([0] * right + [1] * (count - right))
    evaluation = measure(predicted, data.targets, data)
    assert evaluation.accuracy == pytest.approx(right / count)
    assert evaluation.interval == pytest.approx((low, high), abs=5e-5)


def test_figures_worked_by_hand() -> None:
    labels = [0, 0, 0, 0, 1, 1, 1, 2]
    predicted = [0, 0, 0, 1, 1, 0, 1, 0]
    data = _data(labels)
    evaluation = measure(_sure(predicted), data.targets, data)
    assert (evaluation.data, evaluation.split, evaluation.count) == ("toy", "test", 8)
    assert evaluation.accuracy == 5 / 8
    assert evaluation.digits.confusion.tolist() == [[3, 1, 0], [1, 2, 0], [1, 0, 0]]
    assert _scores(evaluation, "precision") == pytest.approx(
        (3 / 5, 2 / 3, 0)
    )  # two was never read
    assert _scores(evaluation, "recall") == pytest.approx((3 / 4, 2 / 3, 0))
    assert list(_scores(evaluation, "support")) == [4, 3, 1]
    expected = -(5 * math.log(0.8) + 3 * math.log(0.1)) / 8
    assert evaluation.loss == pytest.approx(expected, rel=1e-6)


def test_a_class_without_pictures_keeps_its_place() -> None:
    data = _data([0, 2, 2])
    evaluation = measure(_sure([0, 2, 2]), data.targets, data)
    assert evaluation.digits.confusion.shape == (3, 3)
    assert list(_scores(evaluation, "support")) == [1, 0, 2]
    assert list(_scores(evaluation, "recall")) == [1, 0, 1]
    assert not evaluation.mistakes


def test_mistakes_come_the_surest_first() -> None:
    data = _data([0, 1, 2, 0])
    probabilities = np.concatenate([_sure([1], 0.5), _sure([1]), _sure([0], 0.9), _sure([2], 0.7)])
    evaluation = measure(probabilities, data.targets, data)
    assert [(m.index, m.label, m.predicted) for m in evaluation.mistakes] == [
        (2, "two", "zero"),
        (3, "zero", "two"),
        (0, "zero", "one"),
    ]
    assert [m.confidence for m in evaluation.mistakes] == pytest.approx([0.9, 0.7, 0.5])


def test_a_probability_of_nothing_costs_much_but_not_everything() -> None:
    data = _data([0])
    rows = np.array([[0.0, 1.0, 0.0]], np.float32)
    assert 30 < measure(rows, data.targets, data).loss < 40


def test_figures_are_ready_for_json() -> None:
    data = _data([0, 1, 2, 0])
    record = encode(measure(_sure([0, 1, 1, 2]), data.targets, data))
    assert json.loads(json.dumps(record)) == record
    assert record["classes"][1] == {
        "class": "one",
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
    }
    assert len(record["mistakes"]) == 2


def test_a_model_file_is_measured_as_it_reads(run: Run, few: Splits, model: Model) -> None:
    evaluation = evaluate(run.model, few.test)
    predicted = model.predict(few.test.images)
    assert evaluation.accuracy == np.mean(predicted == few.test.targets)
    wrong = {mistake.index for mistake in evaluation.mistakes}
    assert wrong == set(np.flatnonzero(predicted != few.test.targets).tolist())
    assert evaluation.digits.confusion.sum() == 60
    assert encode(evaluation) == encode(evaluate(model, few.test))


# What cannot be measured


def _empty(few: Splits) -> Dataset:
    return few.test.take(np.arange(0))


def _unlabelled(few: Splits) -> Dataset:
    return replace(few.test, labels=None)


def _letters(few: Splits) -> Dataset:
    return replace(few.test, classes=tuple("abcdefghij"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_empty, "digits: no pictures in its test set; nothing to measure."),
        (_unlabelled, "digits has no labels; training and evaluation need them."),
        (_letters, "digits has the classes a, b, c, d, e, f, g, h, i, j, but "),
    ],
)
def test_data_that_cannot_be_measured_is_told(
    make: Callable[[Splits], Dataset], message: str, model: Model, few: Splits
) -> None:
    with pytest.raises(DataError) as caught:
        evaluate(model, make(few))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_unlabelled_files_are_told(model: Model, few: Splits, tmp_path: Path) -> None:
    np.savez(tmp_path / "bare.npz", images=few.test.images)
    with pytest.raises(DataError, match=r"bare\.npz has no labels"):
        evaluate(model, tmp_path / "bare.npz")
    with pytest.raises(DataError, match="there are no labels"):
        evaluate(model, tmp_path / "bare.npz", split="test")


def test_pictures_of_another_size_and_unknown_names_are_told(model: Model) -> None:
    larger = Dataset(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8), "large", "test")
    with pytest.raises(ModelError, match=r"takes uint8 pictures of shape \(n, 8, 8\)"):
        evaluate(model, larger)
    with pytest.raises(UsageError, match="'mnits' is neither"):
        evaluate(model, "mnits")


# In one row beside other test sets


def test_a_row_says_what_an_evaluation_says(model: Model, few: Splits) -> None:
    found = evaluate(model, few.test, sections=["calibration"])
    row = summary(found)
    assert (row["count"], row["accuracy"], row["interval"]) == (
        60,
        found.accuracy,
        [*found.interval],
    )
    chances = model.predict_proba(few.test.images)
    right = chances.argmax(axis=1) == few.test.targets
    error = expected_calibration_error(chances.max(axis=1), right)
    assert row["calibration_error"] == pytest.approx(error, rel=1e-5)
    assert (row["data"], row["note"], row["mean_over_sources"]) == ("digits", "as it is", None)
    learned = summary(evaluate(model, few.train, learned_from=True))
    assert learned["note"] == "as it is; the model learned from these"
    assert learned["calibration_error"] is None


def test_a_table_of_images_is_a_row_too(tmp_path: Path) -> None:
    bar = np.full((60, 40), 255, np.uint8)
    bar[10:50, 18:23] = 0
    Image.fromarray(bar).save(tmp_path / "one.png")
    table = tmp_path / "labels.csv"
    table.write_text("file,label\none.png,1\n")
    bundled = open_model(bundled_content(), "bundled")
    row = summary(evaluate(bundled, table))
    assert (row["count"], row["accuracy"], row["mean_over_sources"]) == (1, 1.0, 1.0)
    assert row["calibration_error"] is None
    assert row["note"] == "images, found and framed by the reader; 1 source"
    table.write_text("file,label\none.png,1\ngone.png,2\n")
    found = evaluate(bundled, table)
    assert (found.count, found.accuracy) == (2, 0.5)
    assert found.note.endswith("; 1 that could not be opened counted as wrong")
    with pytest.raises(UsageError, match="has no confusion matrix"):
        _ = found.loss
    assert "loss" not in encode(found)
    with pytest.raises(UsageError, match=r"labels\.csv is a table of images: cost is measured on"):
        evaluate(bundled, table, sections=["cost"])
    with pytest.raises(UsageError, match="No section is called 'costs': there are calibration, "):
        evaluate(bundled, table, sections=cast("Any", ["costs"]))


def test_a_set_of_another_size_is_framed(linear_file: Callable[..., bytes], few: Splits) -> None:
    large = open_model(linear_file(np.random.default_rng(0).normal(0, 0.01, (784, 10))), "large")
    assert evaluate(large, few.test).note == "8×8, framed as MNIST's"
