from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tenfold.data.splits import Splits
from tenfold.evaluation.robustness import (
    CONDITIONS,
    sample,
    sweeps,
    trained_ranges,
    under_corruption,
)
from tenfold.model import Model, open_model
from tenfold.synthesis.degrade.corruptions import KINDS, corrupt


def test_corruptions_are_measured_as_they_are_made(model: Model, few: Splits) -> None:
    told: list[str] = []
    found = under_corruption(model, few.test, seed=2, tell=told.append)
    assert list(found.accuracies) == list(KINDS)
    assert len(told) == 75
    fog = corrupt(few.test.images, "fog", 3, seed=2)
    assert found.accuracies["fog"][2] == (model.predict(fog) == few.test.targets).mean()
    assert found.clean_accuracy == (model.predict(few.test.images) == few.test.targets).mean()
    every = [value for values in found.accuracies.values() for value in values]
    assert found.mean_corruption_accuracy == pytest.approx(sum(every) / 75)
    assert (found.count, found.seed) == (60, 2)


def test_sweeps_pass_through_where_nothing_is_moved(model: Model, few: Splits) -> None:
    told: list[str] = []
    found = sweeps(model, few.test, told.append)
    assert len(told) == CONDITIONS - 75
    clean = (model.predict(few.test.images) == few.test.targets).mean()
    for sweep, still in zip(found, (0.0, 0.0, 0.0, 1.0), strict=True):
        assert sweep.accuracies[sweep.values.index(still)] == pytest.approx(float(clean))
        assert min(sweep.accuracies[0], sweep.accuracies[-1]) < float(clean)
    # the shared run's recipe: shift 0.1, rotation 15, scale 0.1
    ranges = [sweep.trained for sweep in found]
    assert ranges[:3] == [(-0.1, 0.1), (-0.1, 0.1), (-15, 15)]
    assert ranges[3] == pytest.approx((0.9, 1.1))


def test_a_shift_goes_where_it_says(linear_file: Callable[..., bytes], few: Splits) -> None:
    weights = np.zeros((64, 2))
    weights[np.arange(64) % 8 >= 4, 1] = 1  # ink on the right half speaks for "1"
    weights[np.arange(64) % 8 < 4, 0] = 1
    model = open_model(linear_file(weights), "halves")
    images = np.zeros((20, 8, 8), np.uint8)
    images[:, 3:5, 3] = 255
    data = replace(few.test, images=images, labels=np.ones(20, np.uint8), classes=("0", "1"))
    right, _, _, _ = sweeps(model, data)
    by_value = dict(zip(right.values, right.accuracies, strict=True))
    assert (by_value[0.3], by_value[-0.3]) == (1, 0)


def test_a_sample_is_spread_evenly(few: Splits) -> None:
    assert sample(few.train, 1000).fingerprint() == few.train.fingerprint()
    part = sample(few.train, 4)
    assert np.array_equal(part.images, few.train.images[[0, 100, 199, 299]])


def test_ranges_come_from_the_recipe_if_it_can_be_read(model: Model) -> None:
    def ranges(recipe: str) -> dict[str, tuple[float, float]]:
        return trained_ranges(replace(model.info, recipe=recipe))

    assert ranges("[augment]\nrotation = 10") == {"rotation": (-10, 10)}
    assert ranges("[augment]\nshift = 0.0\nscale = 'much'") == {}
    assert ranges("no toml") == ranges("") == {}
