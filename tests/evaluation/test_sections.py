from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tenfold.data.splits import Splits
from tenfold.errors import DataError, ModelError, UsageError
from tenfold.evaluation.encode import encode
from tenfold.evaluation.evaluate import LEAST_TO_FIT, SECTIONS, Section, evaluate, steps
from tenfold.evaluation.evaluation import Evaluation, TemperatureScaling
from tenfold.evaluation.history import remember
from tenfold.evaluation.metrics.calibration import judge
from tenfold.evaluation.report.sentences import answer
from tenfold.model import Model, open_model
from tenfold.training.result import Run


@pytest.fixture(scope="module")
def found(run: Run, model: Model, few: Splits) -> Evaluation:
    content = run.model.read_bytes()
    return evaluate(model, few.test, sections=SECTIONS, content=content, other=model)


def _calibration(found: Evaluation) -> TemperatureScaling:
    assert found.calibration is not None
    return found.calibration


def test_everything_is_measured_and_ready_for_json(found: Evaluation, run: Run) -> None:
    record = encode(found)
    assert json.loads(json.dumps(record)) == record
    plain = {key: value for key, value in encode(run.evaluation).items() if value}
    assert {key: record[key] for key in plain} == plain | {"data": "digits"}
    assert record["label_errors"] is None
    assert len(found.out_of_distribution) == 4
    assert found.cost is not None
    assert found.cost.bytes == run.model.stat().st_size
    assert found.corruptions is not None
    assert len(found.sweeps) == 4


def test_a_model_against_itself_does_not_differ(found: Evaluation) -> None:
    assert found.comparison is not None
    assert found.comparison.accuracy == found.accuracy
    assert found.comparison.test.p == 1


def test_each_model_gets_the_pictures_in_its_own_size(
    linear_file: Callable[..., bytes], run: Run, model: Model, few: Splits
) -> None:
    content = linear_file(np.random.default_rng(0).normal(0, 0.01, (784, 10)))
    large = open_model(content, "large")
    found = evaluate(large, few.test, other=model)
    assert found.note == "8×8, framed as MNIST's"
    assert found.comparison is not None
    assert found.comparison.accuracy == run.evaluation.accuracy


def test_what_the_model_learned_from_is_told(run: Run, model: Model, few: Splits) -> None:
    found = evaluate(model, few.train, learned_from=True)
    assert encode(found)["learned_from"] is True
    assert "learned from images among these" in answer(found)[1]


def test_ones_own_things_do_not_take_the_place_of_ours(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    Image.fromarray(few.test.images[0]).resize((40, 40)).save(tmp_path / "letters" / "one.png")
    ours: list[Section] = ["out-of-distribution"]
    found = evaluate(model, few.test, sections=ours, non_digits=tmp_path / "letters")
    kinds = [each.kind for each in found.out_of_distribution]
    assert kinds == ["noise", "blank", "letters", "symbols", "letters (own)"]


def test_typical_pictures_and_the_surest_mistakes_are_looked_at(found: Evaluation) -> None:
    wrong = [mistake.index for mistake in found.mistakes[:4]]
    assert [each.index for each in found.occlusion_maps][-len(wrong) :] == wrong
    assert {each.label for each in found.occlusion_maps} == set("0123456789")
    assert found.occlusion_maps[0].map.shape == (8, 8)
    heat = found.occlusion_maps[0].map
    assert encode(found)["occlusion_maps"][0]["map"] == heat.round(3).tolist()


@pytest.mark.parametrize("sections", [(), SECTIONS[:1], SECTIONS[:4], SECTIONS])
def test_progress_is_told_as_often_as_promised(
    sections: tuple[Section, ...], run: Run, model: Model, few: Splits
) -> None:
    told: list[str] = []
    part, content = few.test.take(np.arange(20)), run.model.read_bytes()
    short = evaluate(model, part, sections=sections, content=content, tell=told.append)
    assert len(told) == steps(part, sections)
    assert (short.calibration is not None) == ("calibration" in sections)
    assert (short.corruptions is not None) == ("robustness" in sections)
    assert bool(short.out_of_distribution) == ("out-of-distribution" in sections)


def test_after_is_at_the_files_own_temperature(
    linear_file: Callable[..., bytes], few: Splits
) -> None:
    content = linear_file(np.random.default_rng(0).normal(0, 0.01, (64, 10)), 3.0)
    model = open_model(content, "soft")
    found = evaluate(model, few.train, sections=["calibration"])
    logits = model.predict_logits(few.train.images)
    assert _calibration(found).after == judge(logits, few.train.targets, 3.0)
    assert _calibration(found).before == judge(logits, few.train.targets)
    assert not _calibration(found).fitted_here
    assert found.loss == pytest.approx(_calibration(found).after.negative_log_likelihood, rel=1e-4)
    mean = few.train.images.mean(axis=0)
    classes = [few.train.images[few.train.targets == k].mean(axis=0) - mean for k in range(10)]
    cold = linear_file(1e-4 * np.stack([each.ravel() for each in classes], axis=1))
    again = evaluate(open_model(cold, "cold"), few.train, sections=["calibration"])
    assert _calibration(again).fitted_here
    assert _calibration(again).after.temperature != 1


def test_too_few_pictures_say_nothing_of_a_temperature(found: Evaluation) -> None:
    assert _calibration(found).after == _calibration(found).before
    assert not _calibration(found).fitted_here


def test_a_model_that_is_always_right_suits_no_temperature(
    run: Run, model: Model, few: Splits
) -> None:
    right = few.train.take(np.flatnonzero(model.predict(few.train.images) == few.train.targets))
    assert len(right) > LEAST_TO_FIT
    found = evaluate(model, right, sections=["calibration"])
    assert _calibration(found).after == _calibration(found).before
    assert not _calibration(found).fitted_here


def test_the_last_time_is_found(run: Run, model: Model, few: Splits, tmp_path: Path) -> None:
    remember(tmp_path, few.test, evaluate(model, few.test), "another file")
    found = evaluate(run.model, few.test, history=tmp_path)
    assert found.previous is not None
    assert found.previous.accuracy == found.accuracy
    assert not found.previous.same_model


def test_one_class_alone_can_be_measured(run: Run, model: Model, few: Splits) -> None:
    ones = few.test.take(np.flatnonzero(few.test.targets == 1))
    found = evaluate(run.model, ones, sections=SECTIONS[:4])
    assert found.count == len(ones)
    support = [each.support for each in found.digits.classes]
    assert sum(support) == support[1]


def test_what_cannot_be_measured_is_told_first(run: Run, model: Model, few: Splits) -> None:
    bad = few.test.take(np.arange(0)), replace(few.test, labels=None)
    for data, words in zip(bad, ("no pictures", "has no labels"), strict=True):
        with pytest.raises(DataError, match=words):
            evaluate(run.model, data, sections=SECTIONS)
    large = replace(few.test, images=np.zeros((60, 16, 16), np.uint8))
    with pytest.raises(ModelError, match=r"takes uint8 pictures of shape \(n, 8, 8\)"):
        evaluate(run.model, large, sections=SECTIONS)
    with pytest.raises(UsageError, match="no such folder"):
        evaluate(run.model, few.test, non_digits=Path("gone"))
    with pytest.raises(UsageError, match="cost and history need it"):
        evaluate(model, few.test, sections=["cost"])
