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

from tenfold.data.dataset import Dataset
from tenfold.data.registry import load_splits
from tenfold.data.splits import Splits
from tenfold.errors import DataError, ModelError, UsageError
from tenfold.evaluation.evaluate import choose_split, evaluate, has_learned, measure
from tenfold.model import Model, open_model
from tenfold.training.export import with_info
from tenfold.training.outcome import Run

CLASSES = ("zero", "one", "two")


def _data(labels: list[int], classes: tuple[str, ...] = CLASSES) -> Dataset:
    images = np.zeros((len(labels), 8, 8), np.uint8)
    return Dataset(images, np.array(labels, np.uint8), "toy", "test", classes)


def _sure(predicted: list[int], confidence: float = 0.8) -> NDArray[np.float32]:
    """Probabilities that give one of three classes this much and the others the rest."""
    rows = np.full((len(predicted), 3), (1 - confidence) / 2, np.float32)
    rows[np.arange(len(predicted)), predicted] = confidence
    return rows


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
    assert evaluation.confusion.tolist() == [[3, 1, 0], [1, 2, 0], [1, 0, 0]]
    assert evaluation.precision == pytest.approx((3 / 5, 2 / 3, 0))  # two was never read
    assert evaluation.recall == pytest.approx((3 / 4, 2 / 3, 0))
    assert list(evaluation.support) == [4, 3, 1]
    expected = -(5 * math.log(0.8) + 3 * math.log(0.1)) / 8
    assert evaluation.loss == pytest.approx(expected, rel=1e-6)


def test_a_class_without_pictures_keeps_its_place() -> None:
    data = _data([0, 2, 2])
    evaluation = measure(_sure([0, 2, 2]), data.targets, data)
    assert evaluation.confusion.shape == (3, 3)
    assert list(evaluation.support) == [1, 0, 2]
    assert list(evaluation.recall) == [1, 0, 1]
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
    record = measure(_sure([0, 1, 1, 2]), data.targets, data).to_dict()
    assert json.loads(json.dumps(record)) == record
    assert record["classes"][1] == {  # type: ignore[index]
        "class": "one",
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
    }
    assert len(record["mistakes"]) == 2  # type: ignore[arg-type]


def test_a_model_file_is_measured_as_it_reads(run: Run, few: Splits, model: Model) -> None:
    evaluation = evaluate(run.model, few.test)
    predicted = model.predict(few.test.images)
    assert evaluation.accuracy == np.mean(predicted == few.test.targets)
    wrong = {mistake.index for mistake in evaluation.mistakes}
    assert wrong == set(np.flatnonzero(predicted != few.test.targets).tolist())
    assert evaluation.confusion.sum() == 60
    assert evaluation.to_dict() == evaluate(model, few.test).to_dict()


# Which part of a source is measured


def test_a_source_with_a_test_part_is_measured_on_it(model: Model) -> None:
    chosen = choose_split(model, "digits", None, None)
    assert chosen.fingerprint() == load_splits("digits").test.fingerprint()
    assert evaluate(model, "digits").count == 200


@pytest.mark.parametrize(("split", "count"), [("train", 1597), ("test", 200), ("all", 1797)])
def test_a_part_asked_for_is_taken(model: Model, split: Any, count: int) -> None:
    evaluation = evaluate(model, "digits", split=split)
    assert (evaluation.split, evaluation.count) == (split, count)


@pytest.fixture
def untested(few: Splits, tmp_path: Path) -> Path:
    """A source without a test part of its own."""
    path = tmp_path / "mine.npz"
    np.savez(path, images=few.train.images, labels=few.train.targets)
    return path


def test_data_that_is_new_to_the_model_is_measured_whole(model: Model, untested: Path) -> None:
    assert choose_split(model, untested, None, None).split == "all"
    assert evaluate(model, untested).count == 300


def test_of_data_it_learned_from_only_what_was_held_out(
    run: Run, model: Model, untested: Path
) -> None:
    splits = load_splits(untested)
    info = replace(model.info, data_fingerprint=splits.train.fingerprint())
    pupil = open_model(with_info(run.model.read_bytes(), info), "pupil", threads=1)
    chosen = choose_split(pupil, untested, None, None)
    assert chosen.fingerprint() == splits.test.fingerprint()
    assert evaluate(pupil, untested).count == 60
    assert evaluate(pupil, untested, split="all").count == 300


def test_a_set_too_small_to_split_is_measured_whole(
    model: Model, few: Splits, tmp_path: Path
) -> None:
    path = tmp_path / "one.npz"
    np.savez(path, images=few.test.images[:3], labels=few.test.targets[:3])
    assert evaluate(model, path).count == 3


def test_a_part_that_the_model_learned_from_is_known(
    run: Run, few: Splits, model: Model, untested: Path, write_npz: Callable[[Path], Path]
) -> None:
    source = write_npz(untested.parent / "few.npz")
    for split, learned in (("train", True), ("all", True), ("test", False), (None, False)):
        assert has_learned(model, source, cast("Any", split), None) == learned
        assert not has_learned(model, untested, cast("Any", split), None)
    tiny = untested.parent / "tiny.npz"
    np.savez(tiny, images=few.test.images[:3], labels=few.test.targets[:3])
    assert not has_learned(model, tiny, "all", None)


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
        (_empty, "digits: no pictures in its test part; nothing to measure."),
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
