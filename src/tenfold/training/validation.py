"""Which pictures a run is watched on, so that they can be found again after it."""

from __future__ import annotations

from tenfold.data.dataset import Dataset
from tenfold.data.splits import stratified_split
from tenfold.training.recipe import Recipe

VALIDATION_SEED = 0  # all seeds of a recipe are watched on the same pictures


def hold_out_validation(train: Dataset, recipe: Recipe) -> tuple[Dataset, Dataset | None]:
    """Split a training part into what is learned from and what the run is watched on (or None)."""
    if not recipe.validation:
        return train, None
    # at least one picture a class, or small sets could not be watched
    count = max(round(recipe.validation * len(train)), int((train.counts() > 0).sum()))
    return stratified_split(train, count, VALIDATION_SEED)
