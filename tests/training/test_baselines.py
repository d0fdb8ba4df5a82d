from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits, stratified_split
from tenfold.errors import TenfoldWarning
from tenfold.training.baselines import Validation, compared, judged_before
from tenfold.training.loop import Training
from tenfold.training.recipe import load_recipe
from tenfold.training.runfolder import RunStoppedError
from tenfold.training.validation import folds


def _parts(large: Splits) -> tuple[Dataset, Dataset]:
    return stratified_split(replace(large.train, name="mine"), 200, 0)


def test_a_good_run_gets_no_warning(large: Splits) -> None:
    learned, held = _parts(large)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compared([(learned, held, held.targets)], 0)
    assert (found.count, found.accuracy, found.folds) == (200, 1.0, 0)
    assert found.nearest_neighbour > 0.85
    assert found.bundled > 0.85


def test_a_run_below_the_baselines_is_warned_of(large: Splits) -> None:
    learned, held = _parts(large)
    answered = held.targets.copy()
    answered[:120] = 9 - answered[:120]
    with pytest.warns(TenfoldWarning) as told:
        found = compared([(learned, held, answered)], 0)
    assert found.accuracy == 0.4
    (message,) = [str(each.message) for each in told]
    assert message.startswith("mine: validation accuracy 40.00 %, while the nearest neighbour ")
    assert "tenfold's own classifier reaches" in message
    assert "Likely reason: too few steps" in message


def test_a_little_below_may_be_luck(large: Splits) -> None:
    learned, held = _parts(large)
    near = compared([(learned, held, held.targets)], 0).nearest_neighbour
    answered = held.targets.copy()
    wrong = round((1 - near) * len(held)) + 1  # one more than the nearest neighbour has
    answered[:wrong] = 9 - answered[:wrong]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compared([(learned, held, answered)], 0)


def _shifted(data: Dataset) -> Dataset:
    return replace(data, labels=((data.targets + 1) % 10).astype(np.uint8))


def _inverted(data: Dataset) -> Dataset:
    return replace(data, images=255 - data.images)


def _turned(data: Dataset) -> Dataset:
    return replace(data, images=np.ascontiguousarray(data.images.transpose(0, 2, 1)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_shifted, "the labels are shifted: what is labelled 1 shows 0"),
        (_inverted, "the images are inverted"),
        (_turned, "rows and columns are swapped"),
    ],
)
def test_what_is_odd_about_data_is_told_even_of_a_run_that_learned_it(
    large: Splits, change: Any, reason: str
) -> None:
    learned, held = (change(part) for part in _parts(large))
    with pytest.warns(TenfoldWarning, match=reason):
        compared([(learned, held, held.targets)], 0)


def test_duplicates_across_the_parts_are_a_reason(large: Splits) -> None:
    learned, _ = _parts(large)
    again = learned.take(np.arange(200))
    answered = again.targets.copy()
    answered[:100] = 9 - answered[:100]
    with pytest.warns(TenfoldWarning, match="100 % of the validation images are among those"):
        compared([(learned, again, answered)], 0)


def test_each_picture_is_judged_once_by_what_did_not_learn_from_it(large: Splits) -> None:
    data = large.train.take(np.arange(53))
    parts = list(folds(data, 5))
    assert 2 <= len(parts) <= 5
    held = np.concatenate([part.images for _, part in parts])
    assert sorted(image.tobytes() for image in held) == sorted(
        image.tobytes() for image in data.images
    )
    for learned, judged in parts:
        assert len(learned) + len(judged) == 53
    lone = data.take(np.unique(data.targets, return_index=True)[1])  # one of each digit
    assert len(list(folds(lone, 5))) == 5


@pytest.mark.filterwarnings("ignore::tenfold.errors.TenfoldWarning")  # so few steps
def test_cross_fitting_goes_before_the_run_and_is_kept(
    large: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    recipe = load_recipe("mnist").replace({**quick, "folds": 2, "validation": 0.0, "epochs": 8})
    train = replace(large.train.take(np.arange(200)), name="mine")
    training = Training(recipe, train, None, torch.device("cpu"))
    with pytest.raises(RunStoppedError):
        judged_before(training, train, tmp_path, (), lambda: True)
    assert not (tmp_path / "validation.json").exists()
    found = judged_before(training, train, tmp_path, (), lambda: False)
    assert found is not None
    assert (found.count, found.folds) == (200, 2)
    assert found.accuracy > 0.5
    assert training.step == 0
    again = judged_before(training, train, tmp_path, (), lambda: True)  # nothing is trained again
    assert again == found == Validation(**found.to_dict())
