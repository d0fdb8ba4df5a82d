from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

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


def test_a_network_that_knows_what_its_few_images_say_is_told_of_fine_tuning(large: Splits) -> None:
    learned, held = _parts(large)
    lone = learned.take(np.unique(learned.targets, return_index=True)[1])
    told = _told(lone, held, np.zeros(200, np.uint8))
    assert "while the nearest" in told
    shifted = replace(lone, labels=((lone.targets + 5) % 10).astype(np.uint8))  # of no use
    told = _told(shifted, held, np.zeros(200, np.uint8))
    assert (
        "Likely reason: too few images (10 to learn from), or too few steps; 'tenfold fine" in told
    )


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


def _mirrored(data: Dataset) -> Dataset:
    return replace(data, images=np.ascontiguousarray(data.images[:, :, ::-1]))


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


def _told(learned: Dataset, held: Dataset, answered: NDArray[np.uint8]) -> str:
    """What is warned of, at the line that asked."""
    with pytest.warns(TenfoldWarning) as told:
        compared([(learned, held, answered)], 0)
    (warning,) = told
    assert warning.filename == __file__
    return str(warning.message)


def test_duplicates_across_the_parts_are_a_reason(large: Splits) -> None:
    learned, _ = _parts(large)
    again = learned.take(np.arange(200))
    answered = again.targets.copy()
    answered[:100] = 9 - answered[:100]
    assert "100 % of the validation images are among those" in _told(learned, again, answered)


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        (1, "the images are turned by 90° anticlockwise."),
        (2, "the images are upside down (turned by 180°)."),
        (3, "the images are turned by 90° clockwise."),
    ],
)
def test_turned_images_are_told(large: Splits, turns: int, words: str) -> None:
    learned, held = (
        replace(part, images=np.ascontiguousarray(np.rot90(part.images, turns, (1, 2))))
        for part in _parts(large)
    )
    told = _told(learned, held, held.targets)
    assert told == f"mine: validation accuracy 100.00 %, but {words}"
    poor = np.where(np.arange(200) % 2 == 0, held.targets, (held.targets + 3) % 10).astype(np.uint8)
    assert f"Likely reason: {words}" in _told(learned, held, poor)


@pytest.mark.parametrize("share", [0.5, 0.2])
@pytest.mark.parametrize("change", [_inverted, _mirrored])
def test_a_part_of_the_images_may_be_spoiled(large: Splits, share: float, change: Any) -> None:
    learned, held = _parts(large)
    images = held.images.copy()
    spoiled = np.arange(200) < 200 * share
    images[spoiled] = change(held).images[spoiled]
    answered = np.where(spoiled, (held.targets + 3) % 10, held.targets).astype(np.uint8)
    told = _told(learned, replace(held, images=images), answered)
    found = re.search(r"about (\d+) % of the images are (inverted|mirrored)", told)
    assert found is not None
    assert abs(int(found[1]) - 100 * share) <= 100 * share / 4
    assert found[2] == ("inverted" if change is _inverted else "mirrored")


def test_labels_shuffled_at_random_are_told_with_examples(large: Splits) -> None:
    rng = np.random.default_rng(0)
    learned, held = (
        replace(part, labels=rng.permutation(part.targets), ids=_files(part))
        for part in _parts(large)
    )
    told = _told(learned, held, rng.permutation(held.targets))
    assert re.search(
        r"^mine: validation accuracy 1?\d\.\d\d %\. Likely reason: many labels are wro", told
    )
    examples = re.findall(r"(\d+)\.png is labelled (\d) and looks like (\d)", told)
    assert len(examples) == 3
    truth = _parts(large)[1].targets
    for row, label, seen in examples:
        assert (held.targets[int(row)], truth[int(row)]) == (int(label), int(seen))
    told = _told(learned, replace(held, ids=None), rng.permutation(held.targets))
    assert re.search(r"likely \d+ of 200: (\d+ labelled \d looks? like \d(, |\.$)){3}", told)


def _files(data: Dataset) -> NDArray[np.str_]:
    return np.array([f"{row}.png" for row in range(len(data))])


def test_some_labels_that_are_wrong_are_told_and_few_are_not(large: Splits) -> None:
    learned, held = _parts(large)
    labels = held.targets.copy()
    labels[:40] = (labels[:40] + 1 + np.arange(40) % 9) % 10
    assert "many labels are wrong, likely 3" in _told(
        learned, replace(held, labels=labels), held.targets
    )
    labels[6:] = held.targets[6:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compared([(learned, replace(held, labels=labels), held.targets)], 0)


def test_classes_under_each_others_names_are_told(large: Splits) -> None:
    swap = np.arange(10, dtype=np.uint8)
    swap[[3, 5]] = 5, 3
    learned, held = (replace(part, labels=swap[part.targets]) for part in _parts(large))
    told = _told(learned, held, held.targets)
    assert told.endswith(
        "labels are swapped: what is labelled 3 shows 5, what is labelled 5 shows 3."
    )


def test_a_network_that_learned_nothing_of_other_signs_is_told(large: Splits) -> None:
    learned, held = _parts(large)
    rng = np.random.default_rng(0)
    learned, held = (
        replace(part, images=rng.integers(0, 256, part.images.shape, np.uint8))
        for part in (learned, held)
    )
    told = _told(learned, held, rng.permutation(held.targets))
    assert "Likely reason: the labels do not fit the images" in told
    letters = tuple("abcdefghij")
    assert "the labels do not fit" in _told(
        replace(learned, classes=letters),
        replace(held, classes=letters),
        rng.permutation(held.targets),
    )


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
