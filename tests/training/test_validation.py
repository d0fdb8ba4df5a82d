from __future__ import annotations

import numpy as np
import pytest

from tenfold.data.splits import Splits
from tenfold.errors import TenfoldWarning
from tenfold.training.recipe import Recipe
from tenfold.training.validation import hold_out_validation, warn_of_one_class


def test_the_same_pictures_are_held_out_for_every_seed(few: Splits) -> None:
    recipe = Recipe().replace({"validation": 0.1})
    learned, held = hold_out_validation(few.train, recipe)
    again = hold_out_validation(few.train, recipe.replace({"seed": 5}))[1]
    assert held is not None
    assert again is not None
    assert held.fingerprint() == again.fingerprint()
    assert (len(learned), len(held)) == (270, 30)


def test_small_sets_hold_out_one_a_class_and_none_is_none(few: Splits) -> None:
    held = hold_out_validation(few.train, Recipe().replace({"validation": 0.01}))[1]
    assert held is not None
    assert len(held) == 10
    learned, none = hold_out_validation(few.train, Recipe().replace({"validation": 0.0}))
    assert learned is few.train
    assert none is None


def test_a_lone_class_is_warned_of(few: Splits) -> None:
    ones = few.train.take(np.flatnonzero(few.train.targets == 1))
    with pytest.warns(TenfoldWarning, match=r"learn from show 1, .* accuracy only says"):
        warn_of_one_class(ones)
    warn_of_one_class(few.train)  # pytest takes a warning for an error
