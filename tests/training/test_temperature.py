from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tenfold.data.splits import Splits
from tenfold.errors import DataError
from tenfold.evaluation.test_sets import choose_split, has_learned
from tenfold.model import open_model
from tenfold.training.export import with_info
from tenfold.training.result import Run
from tenfold.training.temperature import (
    FEWEST,
    calibrate,
    calibrated,
    fit_threshold,
    fitting_part,
)
from tenfold.training.validation import hold_out_validation


def test_a_threshold_refuses_no_more_than_its_share() -> None:
    digitness = np.random.default_rng(0).random(1000, dtype=np.float32)
    threshold = fit_threshold(digitness, 0.02)
    assert 0.015 < (digitness < threshold).mean() <= 0.02
    assert (digitness < fit_threshold(digitness, 0.0)).sum() == 0


@pytest.fixture
def source(few: Splits, tmp_path: Path) -> Path:
    """The data of the shared run, as a file with a test set."""
    path = tmp_path / "few.npz"
    (x_train, y_train), (x_test, y_test) = (
        (part.images, part.targets) for part in (few.train, few.test)
    )
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return path


def test_a_pupil_is_calibrated_on_what_its_recipe_held_out(
    run: Run, few: Splits, source: Path
) -> None:
    model = open_model(run.model.read_bytes(), "pupil")
    part, fingerprint = fitting_part(model, source)
    assert fingerprint == few.train.fingerprint()
    held_out = hold_out_validation(few.train, run.recipe)[1]
    assert held_out is not None
    assert part.fingerprint() == held_out.fingerprint()
    assert len(part) < len(few.train) / 5


def test_others_are_calibrated_on_the_training_part_and_never_on_the_test_part(
    run: Run, few: Splits, source: Path
) -> None:
    info = replace(open_model(run.model.read_bytes(), "pupil").info, data_fingerprint="0" * 64)
    stranger = open_model(with_info(run.model.read_bytes(), info), "stranger")
    part, fingerprint = fitting_part(stranger, source)
    assert part.fingerprint() == fingerprint == few.train.fingerprint()


def test_who_learned_everything_cannot_be_calibrated_on_it(run: Run, source: Path) -> None:
    info = open_model(run.model.read_bytes(), "pupil").info
    for recipe, words in (("validation = 0.0", "from every picture"), ("= broken", "does not say")):
        content = with_info(run.model.read_bytes(), replace(info, recipe=recipe))
        with pytest.raises(DataError, match=words):
            fitting_part(open_model(content, "crammer"), source)


def test_pictures_that_are_all_read_right_say_nothing_of_a_temperature(
    run: Run, few: Splits
) -> None:
    content = run.model.read_bytes()
    model = open_model(content, "pupil")
    right = few.train.take(np.flatnonzero(model.predict(few.train.images) == few.train.targets))
    with pytest.raises(
        DataError, match=f"{len(right)} of {len(right)} images are classified correctly"
    ):
        calibrated(model, content, right, "some")
    enough = right.take(np.resize(np.arange(len(right)), FEWEST))
    assert calibrate(model, enough, run.recipe.synthesis) == model.info
    every = few.train.take(np.resize(np.arange(len(few.train)), FEWEST))
    assert calibrate(model, every, run.recipe.synthesis).temperature != model.info.temperature


def test_a_calibrated_file_is_likelier_and_answers_the_same(run: Run, few: Splits) -> None:
    content = run.model.read_bytes()
    model = open_model(content, "pupil")
    written, before, after = calibrated(model, content, few.train, "a" * 64)
    again = open_model(written, "calibrated")
    assert after.negative_log_likelihood < before.negative_log_likelihood
    assert again.info.temperature == after.temperature != 1
    assert again.info.calibration_fingerprint == "a" * 64
    assert "test_accuracy" in again.info.results
    assert "test_cross_entropy" not in again.info.results
    assert np.array_equal(again.predict(few.test.images), model.predict(few.test.images))


def test_what_it_was_calibrated_on_is_no_longer_new_to_it(
    run: Run, few: Splits, tmp_path: Path
) -> None:
    source = tmp_path / "mine.npz"  # without a test set of its own
    np.savez(source, images=few.train.images, labels=few.train.targets)
    content = run.model.read_bytes()
    model = open_model(content, "pupil")
    assert choose_split(model, source, None, None).split == "all"
    again = open_model(calibrated(model, content, *fitting_part(model, source))[0], "calibrated")
    assert choose_split(again, source, None, None).split == "test"
    assert has_learned(again, source, "all", None)


def test_as_many_are_refused_as_before(run: Run, few: Splits) -> None:
    plain = open_model(run.model.read_bytes(), "plain")
    threshold = fit_threshold(plain.predict_proba(few.train.images).max(axis=1), 0.1)
    content = with_info(run.model.read_bytes(), replace(plain.info, rejection_threshold=threshold))
    model = open_model(content, "strict")
    again = open_model(calibrated(model, content, few.train, "a" * 64)[0], "calibrated")
    assert again.info.rejection_threshold != threshold
    before, after = (
        each.predict_proba(few.train.images).max(axis=1) < (each.info.rejection_threshold or 0)
        for each in (model, again)
    )
    assert abs(int(before.sum()) - int(after.sum())) <= 1
    assert 0.05 < before.mean() < 0.15
