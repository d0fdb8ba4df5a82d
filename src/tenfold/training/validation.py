"""Which pictures a run is watched on, so that they can be found again after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.data.splits import stratified_split
from tenfold.training.recipe import Recipe
from tenfold.training.warned import warn

VALIDATION_SEED = 0  # all seeds of a recipe are watched on the same pictures


def hold_out_validation(train: Dataset, recipe: Recipe) -> tuple[Dataset, Dataset | None]:
    """Split a training set into what is learned from and what the run is watched on (or None)."""
    if not recipe.validation:
        return train, None
    # at least one picture per class, or small sets could not be watched
    count = max(round(recipe.validation * len(train)), int((train.counts() > 0).sum()))
    return stratified_split(train, count, VALIDATION_SEED)


def folds(train: Dataset, count: int) -> Iterator[tuple[Dataset, Dataset]]:
    """Yield parts of a training set: what is learned from, and what is judged by that.

    Each picture is judged once; classes are in their share in each part, as far as they reach.
    """
    from sklearn.model_selection import KFold, StratifiedKFold

    counts = train.counts()
    least = int(counts[counts > 0].min())
    kind = StratifiedKFold if least > 1 else KFold
    parts = min(count, least if least > 1 else len(train))
    cut = kind(parts, shuffle=True, random_state=VALIDATION_SEED)
    for learned, held in cut.split(np.zeros(len(train)), train.targets):
        yield train.take(learned), train.take(held, "validation")


def warn_of_one_class(train: Dataset) -> None:
    """Warn where all pictures to learn from show the same digit, and say what that makes of it."""
    present = [train.classes[label] for label in np.flatnonzero(train.counts())]
    if len(present) == 1:
        warn(
            f"{train.name}: all {len(train):,} pictures to learn from show {present[0]}, so the "
            f"network learns to answer {present[0]} to anything. Its accuracy only says how many "
            f"of the test pictures show {present[0]} too."
        )
