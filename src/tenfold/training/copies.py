"""Copies of pictures across the parts of a data set: what was learned from needs no reading.

Accuracy on pictures that are among those learned from is no accuracy on new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tenfold.data.dataset import Dataset
from tenfold.data.registry import NAMES
from tenfold.evaluation.format import percent
from tenfold.training.recipe import Recipe
from tenfold.training.validation import folds, hold_out_validation
from tenfold.training.warned import warn

NOTICEABLE = 0.01  # share of a part from which on copies are told

Pair = tuple[Dataset, Dataset]  # what is learned from, and what is judged


def warn_of_copies(train: Dataset, test: Dataset | None, recipe: Recipe) -> None:
    """Warn where test or validation images are among those learned from, pixel by pixel.

    Parameters
    ----------
    train : Dataset
    test : Dataset or None
        None where it is not looked at.
    recipe : Recipe
        Says how validation images are held out.
    """
    if train.name in NAMES:  # known to have none
        return
    if recipe.folds:
        judged: Iterable[Pair] = folds(train, recipe.folds)
    else:
        learned, held = hold_out_validation(train, recipe)
        judged = [] if held is None else [(learned, held)]
    told_of_copies(train.name, {"test": [] if test is None else [(train, test)],
                                "validation": judged})  # fmt: skip


def told_of_copies(name: str, parts: dict[str, Iterable[Pair]]) -> None:
    """Warn of the parts of which a noticeable share was learned from; all in one sentence."""
    said = []
    for part, pairs in parts.items():
        counts = [(copies(learned, judged), len(judged)) for learned, judged in pairs]
        found, count = sum(each for each, _ in counts), sum(each for _, each in counts)
        if found > NOTICEABLE * count:
            said.append(f"{found:,} of {count:,} {part} images ({percent(found / count, 0)})")
    if said:
        warn(
            f"{name}: {' and '.join(said)} are among the images learned from too, pixel by pixel. "
            "So accuracy on them says too much: expect less on new images. Keep each image once."
        )


def copies(learned: Dataset, judged: Dataset) -> int:
    """Count the images judged that are learned from as well, pixel by pixel."""
    known = set(_contents(learned))
    return sum(content in known for content in _contents(judged))


def _contents(data: Dataset) -> Iterator[bytes]:
    return (image.tobytes() for image in data.images)
