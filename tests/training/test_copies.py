from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits, concatenate, hold_out
from tenfold.errors import TenfoldWarning
from tenfold.training.copies import copies, warn_of_copies
from tenfold.training.recipe import load_recipe
from tenfold.training.run import train
from tenfold.training.seeds import train_seeds

PLAIN = load_recipe("digits").replace({"validation": 0.0})


def _thrice(few: Splits) -> Splits:
    once = replace(few.train, name="mine")
    return hold_out(concatenate(concatenate(once, once), once))


def _told(train_set: Dataset, test: Dataset | None, **settings: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        warn_of_copies(train_set, test, PLAIN.replace(settings))
    return [str(each.message) for each in told]


def test_copies_in_test_and_validation_images_are_told_with_numbers(few: Splits) -> None:
    parts = _thrice(few)
    found = copies(parts.train, parts.test)
    assert 150 < found < 180
    (told,) = _told(parts.train, parts.test)
    share = round(100 * found / 180)
    assert told.startswith(f"mine: {found} of 180 test images ({share} %) are among the images")
    (told,) = _told(parts.train, None, validation=0.1)
    assert " of 72 validation images (" in told
    (told,) = _told(parts.train, parts.test, folds=5)
    assert told.startswith(f"mine: {found} of 180 test images ({share} %) and ")
    assert " of 720 validation images (" in told


def test_a_set_without_copies_or_known_by_name_gets_no_warning(few: Splits) -> None:
    once = hold_out(replace(few.train, name="mine"))
    assert _told(once.train, once.test, folds=5) == []
    named = _thrice(few)
    assert _told(replace(named.train, name="digits"), named.test, folds=5) == []
    large = replace(named.train, images=np.arange(720 * 64, dtype=np.uint32).view(np.uint8)
                    .reshape(-1, 8, 8)[:720])  # fmt: skip
    test = replace(large.take(np.arange(7)), split="test")
    assert len(_told(large, test)) == 1
    most = replace(large, images=np.concatenate([large.images[:7], 255 - large.images[7:]]))
    assert _told(large, replace(most, split="test")) == []  # 7 of 720


@pytest.mark.parametrize("seeds", [1, 2])
def test_a_run_tells_of_copies_at_the_line_that_asked_for_it(
    few: Splits, quick: dict[str, Any], tmp_path: Path, seeds: int
) -> None:
    parts, settings = _thrice(few), quick | {"epochs": 1, "validation": 0.0}

    def go() -> None:
        if seeds == 1:
            train(parts, "digits", settings=settings, out=tmp_path / "run")
        else:
            train_seeds(seeds, parts, "digits", settings=settings, out=tmp_path / "runs")

    with pytest.warns(TenfoldWarning, match=r"mine: 1\d\d of 180 test images") as told:
        go()
    assert {each.filename for each in told} == {__file__}
