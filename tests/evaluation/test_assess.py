from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from tenfold.data.splits import Splits
from tenfold.errors import DataError, ModelError, UsageError
from tenfold.evaluation.assess import LEAST_TO_FIT, Depth, assess, steps
from tenfold.evaluation.assessment import Assessment
from tenfold.evaluation.calibration import judge
from tenfold.evaluation.evaluate import evaluate
from tenfold.evaluation.records import remember
from tenfold.evaluation.words import answer
from tenfold.model import Model, open_model
from tenfold.training.outcome import Run


@pytest.fixture(scope="module")
def found(run: Run, model: Model, few: Splits) -> Assessment:
    return assess(model, few.test, run.model.read_bytes(), other=model)


def test_everything_is_measured_and_ready_for_json(found: Assessment, run: Run) -> None:
    record = found.to_dict()
    assert json.loads(json.dumps(record)) == record
    expected = run.evaluation.to_dict() | {"data": "digits"}
    assert {key: record[key] for key in expected} == expected
    assert record["doubtful_labels"] is None
    assert len(found.refusals) == 4
    assert found.cost is not None
    assert found.cost.bytes == run.model.stat().st_size
    assert found.corruptions is not None
    assert len(found.sweeps) == 4


def test_a_model_against_itself_does_not_differ(found: Assessment) -> None:
    assert found.rival is not None
    assert found.rival.accuracy == found.evaluation.accuracy
    assert found.rival.test.p == 1


def test_each_model_gets_the_pictures_in_its_own_size(
    linear_file: Callable[..., bytes], run: Run, model: Model, few: Splits
) -> None:
    content = linear_file(np.random.default_rng(0).normal(0, 0.01, (784, 10)))
    large = open_model(content, "large")
    found = assess(large, few.test, content, depth="plain", other=model)
    assert found.data.size == 28
    assert found.rival is not None
    assert found.rival.accuracy == run.evaluation.accuracy


def test_what_the_model_learned_from_is_told(run: Run, model: Model, few: Splits) -> None:
    content = run.model.read_bytes()
    found = assess(model, few.train, content, depth="plain", learned=True)
    assert found.to_dict()["learned_from"] is True
    assert "learned from pictures among these" in answer(found)[1]


def test_ones_own_things_do_not_take_the_place_of_ours(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    Image.fromarray(few.test.images[0]).resize((40, 40)).save(tmp_path / "letters" / "one.png")
    content = run.model.read_bytes()
    found = assess(model, few.test, content, depth="quick", not_digits=tmp_path / "letters")
    kinds = [each.kind for each in found.refusals]
    assert kinds == ["noise", "blank", "letters", "symbols", "letters (own)"]


def test_typical_pictures_and_the_surest_mistakes_are_looked_at(found: Assessment) -> None:
    wrong = [mistake.index for mistake in found.evaluation.mistakes[:4]]
    assert [look.index for look in found.looks][-len(wrong) :] == wrong
    assert {look.label for look in found.looks} == set("0123456789")
    assert found.looks[0].map.shape == (8, 8)
    (first, *_) = cast("list[dict[str, object]]", found.to_dict()["looks"])
    assert first["map"] == found.looks[0].map.round(3).tolist()


@pytest.mark.parametrize("depth", ["plain", "quick", "full"])
def test_progress_is_told_as_often_as_promised(
    depth: Depth, run: Run, model: Model, few: Splits
) -> None:
    told: list[str] = []
    part = few.test.take(np.arange(20))
    short = assess(model, part, run.model.read_bytes(), depth=depth, tell=told.append)
    assert len(told) == steps(depth)
    assert (short.corruptions is not None) == (depth == "full")
    assert bool(short.refusals) == (depth != "plain")


def test_after_is_at_the_files_own_temperature(
    linear_file: Callable[..., bytes], few: Splits
) -> None:
    content = linear_file(np.random.default_rng(0).normal(0, 0.01, (64, 10)), 3.0)
    model = open_model(content, "soft")
    found = assess(model, few.train, content, depth="plain")
    logits = model.predict_logits(few.train.images)
    assert found.after == judge(logits, few.train.targets, 3.0)
    assert found.before == judge(logits, few.train.targets)
    assert not found.fitted_here
    assert found.evaluation.loss == pytest.approx(found.after.negative_log_likelihood, rel=1e-4)
    mean = few.train.images.mean(axis=0)
    classes = [few.train.images[few.train.targets == k].mean(axis=0) - mean for k in range(10)]
    cold = linear_file(1e-4 * np.stack([each.ravel() for each in classes], axis=1))
    again = assess(open_model(cold, "cold"), few.train, cold, depth="plain")
    assert again.fitted_here
    assert again.after.temperature != 1


def test_too_few_pictures_say_nothing_of_a_temperature(found: Assessment) -> None:
    assert found.after == found.before
    assert not found.fitted_here


def test_a_model_that_is_always_right_suits_no_temperature(
    run: Run, model: Model, few: Splits
) -> None:
    right = few.train.take(np.flatnonzero(model.predict(few.train.images) == few.train.targets))
    assert len(right) > LEAST_TO_FIT
    found = assess(model, right, run.model.read_bytes(), depth="plain")
    assert found.after == found.before
    assert not found.fitted_here


def test_the_last_time_is_found(run: Run, model: Model, few: Splits, tmp_path: Path) -> None:
    remember(tmp_path, few.test, evaluate(model, few.test).to_dict(), "another file")
    content = run.model.read_bytes()
    found = assess(model, few.test, content, depth="plain", folder=tmp_path)
    assert found.last is not None
    assert found.last.accuracy == found.evaluation.accuracy
    assert not found.last.same_model


def test_one_class_alone_can_be_measured(run: Run, model: Model, few: Splits) -> None:
    ones = few.test.take(np.flatnonzero(few.test.targets == 1))
    found = assess(model, ones, run.model.read_bytes(), depth="quick")
    assert found.evaluation.count == len(ones)
    assert sum(found.evaluation.support) == found.evaluation.support[1]


def test_what_cannot_be_measured_is_told_first(run: Run, model: Model, few: Splits) -> None:
    content = run.model.read_bytes()
    bad = few.test.take(np.arange(0)), replace(few.test, labels=None)
    for data, words in zip(bad, ("no pictures", "has no labels"), strict=True):
        with pytest.raises(DataError, match=words):
            assess(model, data, content)
    large = replace(few.test, images=np.zeros((60, 16, 16), np.uint8))
    with pytest.raises(ModelError, match=r"takes uint8 pictures of shape \(n, 8, 8\)"):
        assess(model, large, content)
    with pytest.raises(UsageError, match="no such folder"):
        assess(model, few.test, content, not_digits=Path("gone"))
