"""Which recipe, where none was named: that for the pictures' size, fitted to how many there are.

A recipe for 60,000 pictures sees 400 of them eight times, and learns next to nothing. So what is
kept for people's own data is the number of steps; with few pictures batches are smaller, each is
varied more, and as a validation set would be too small to say anything, all are judged by
cross-fitting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenfold.data.dataset import Dataset
from tenfold.data.registry import NAMES
from tenfold.training.machine import AnyChoices
from tenfold.training.recipe import AnyRecipe, Recipe, load_any, on_pictures

SMALL = 16  # pixels: below this side the recipe is that for 8×8 pictures
ENOUGH = 20_000  # pictures from which on the recipe is taken as it is
STEPS, AT = 750, 400  # steps for so many pictures, growing with the square root of their number
MOST_STEPS = 3750  # of the recipe for MNIST
BATCHES = ((2000, 32), (8000, 64))  # below so many pictures, at most this batch
FEW, FOLDS = 1000, 5  # below so many pictures, validation is by cross-fitting
VALIDATION = 0.1
MOST_EPOCHS = 600
AVERAGED = 0.1  # of the steps: how far back the mean of the weights reaches
# Where pictures are few: more of what hands and pens do.
MORE = {"shift": 0.1, "rotation": 15.0, "scale": 0.15, "shear": 12.0, "elastic": 0.5, "stroke": 0.3}


def choose_recipe(
    recipe: str | Path | AnyRecipe | None,
    size: int,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> Recipe:
    """Return the recipe for pictures of this size, with changes and seed applied."""
    if recipe is None:
        recipe = "digits" if size < SMALL else "mnist"
    given = load_any(recipe) if isinstance(recipe, str | Path) else recipe
    return changed(on_pictures(given), settings, seed)


def fitting_recipe(
    recipe: str | Path | AnyRecipe | None,
    train: Dataset,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> tuple[Recipe, str]:
    """Return the recipe for these pictures, and what was chosen, in one line.

    A recipe that was named is taken as it is, and so are the data sets known by name.

    Returns
    -------
    Recipe
    str
        Empty where nothing was chosen.
    """
    plain = choose_recipe(recipe, train.size)
    settings = dict(settings or {})
    if recipe is not None or train.name in NAMES or len(train) >= ENOUGH:
        return changed(plain, settings, seed), ""
    fitted = changed(_fitted(plain, len(train), settings), settings, seed)
    return fitted, _said(fitted, len(train))


def changed(recipe: AnyChoices, settings: Mapping[str, Any] | None, seed: int | None) -> AnyChoices:
    """Return a recipe with changes and seed applied."""
    changes = dict(settings or {}) | ({} if seed is None else {"seed": seed})
    return recipe.replace(changes) if changes else recipe


def _fitted(recipe: Recipe, count: int, settings: Mapping[str, Any]) -> Recipe:
    batch = min([most for limit, most in BATCHES if count < limit] + [recipe.batch])
    batch = settings.get("batch", batch)
    by_folds = count < FEW and not {"validation", "folds"} & settings.keys()
    validation = 0.0 if by_folds else VALIDATION
    steps = min(MOST_STEPS, round(STEPS * max(1.0, math.sqrt(count / AT))))
    an_epoch = math.ceil(count * (1 - validation) / batch) if isinstance(batch, int) else 1
    epochs = min(MOST_EPOCHS, max(1, round(steps / max(an_epoch, 1))))
    changes: dict[str, Any] = {
        "batch": batch,
        "epochs": epochs,
        "validation": validation,
        "folds": FOLDS if by_folds else 0,
        "ema": min(recipe.ema, 1 - 1 / (AVERAGED * epochs * an_epoch)),
    }
    if count < BATCHES[0][0]:
        own = recipe.augment.model_dump()
        changes |= {f"augment.{key}": max(own[key], more) for key, more in MORE.items()}
    return recipe.replace(changes)


def _said(recipe: Recipe, count: int) -> str:
    how = f"{recipe.validation:.0%} of them for validation"
    if recipe.folds:
        how = f"validation by cross-fitting in {recipe.folds} parts"
    elif not recipe.validation:
        how = "no validation"
    more = ", more augmentation" if count < BATCHES[0][0] else ""
    return (
        f"Chosen for {count:,} images: recipe {recipe.name}, batch {recipe.batch}, "
        f"{recipe.epochs} {'epoch' if recipe.epochs == 1 else 'epochs'}{more}, {how}."
    )
