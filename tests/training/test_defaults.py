from __future__ import annotations

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.training.defaults import choose_recipe, fitting_recipe
from tenfold.training.recipe import load_recipe


def _data(count: int, size: int = 28, name: str = "mine") -> Dataset:
    labels = (np.arange(count) % 10).astype(np.uint8)
    return Dataset(np.zeros((count, size, size), np.uint8), labels, name, "train")


@pytest.mark.parametrize("count", [12, 100, 400, 999, 1000, 3000, 10_000])
@pytest.mark.parametrize("size", [8, 28])
def test_steps_follow_from_the_number_of_pictures(count: int, size: int) -> None:
    recipe, said = fitting_recipe(None, _data(count, size))
    learned = count * (1 - recipe.validation)
    steps = recipe.epochs * np.ceil(learned / recipe.batch)
    assert 600 <= steps <= 4000
    assert recipe.name == ("digits" if size == 8 else "mnist")
    assert (recipe.folds > 0) == (count < 1000)
    assert (recipe.validation == 0) == (count < 1000)
    assert recipe.ema <= 1 - 1 / (0.12 * steps)
    plain = load_recipe(recipe.name)
    assert recipe.batch <= plain.batch
    assert (recipe.augment.elastic > plain.augment.elastic) == (count < 2000)
    assert said.startswith(f"Chosen for {count:,} images: recipe {recipe.name}, batch")
    assert ("cross-fitting in 5 parts" in said) == (count < 1000)


def test_more_pictures_get_more_steps_and_larger_batches() -> None:
    found = [fitting_recipe(None, _data(count))[0] for count in (400, 4000, 16_000)]
    assert [recipe.batch for recipe in found] == [32, 64, 128]
    seen = [recipe.epochs * count for recipe, count in zip(found, (400, 4000, 16_000), strict=True)]
    assert seen == sorted(seen)
    assert found[0].epochs > found[1].epochs > found[2].epochs


@pytest.mark.parametrize(
    ("recipe", "name", "count"),
    [
        ("digits", "mine", 400),
        ("mnist", "mine", 400),
        ("tutorial", "digits", 400),
        (None, "digits", 400),
        (None, "mnist", 400),
        (None, "mine", 20_000),
    ],
)
def test_named_recipes_named_sets_and_many_pictures_train_as_before(
    recipe: str | None, name: str, count: int
) -> None:
    found, said = fitting_recipe(recipe, _data(count, name=name), {"epochs": 3}, 7)
    assert found == choose_recipe(recipe, 28, {"epochs": 3}, 7)
    assert (said, found.epochs, found.seed, found.folds) == ("", 3, 7, 0)


def test_one_epoch_is_no_epochs() -> None:
    assert ", 1 epoch, more" in fitting_recipe(None, _data(400), {"epochs": 1})[1]
    assert ", 2 epochs, more" in fitting_recipe(None, _data(400), {"epochs": 2})[1]


def test_what_is_set_by_hand_stays() -> None:
    by_hand = {"epochs": 5, "batch": 10, "validation": 0.2, "augment.elastic": 0.0}
    recipe, said = fitting_recipe(None, _data(400), by_hand)
    assert (recipe.epochs, recipe.batch, recipe.validation, recipe.folds) == (5, 10, 0.2, 0)
    assert recipe.augment.elastic == 0
    assert "batch 10, 5 epochs" in said
    assert "20% of them for validation" in said
