"""Parts of a data set held out, each class in its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.errors import DataError, UsageError

Parts = tuple[Dataset, Dataset | None]

# The hold-out of sources without a test set of their own: the same rows on every machine.
HOLD_OUT, HOLD_OUT_SEED = 0.2, 0


@dataclass(frozen=True)
class Splits:
    """The two parts of a source.

    Parameters
    ----------
    train, test : Dataset
        The part to learn from and the part to measure on.
    own_test : bool
        True if the source comes with this test set; False if it was held out by `hold_out`.
    """

    train: Dataset
    test: Dataset
    own_test: bool

    @property
    def all(self) -> Dataset:
        """Every picture: the training set, then the test set."""
        return concatenate(self.train, self.test)


def parts_of(sets: Sequence[Dataset]) -> Parts:
    """Return one or two data sets as a training set and its own test set, if any."""
    return sets[0], sets[1] if len(sets) == 2 else None


def whole_of(train: Dataset, test: Dataset | None) -> Dataset:
    """Return all images of a source in its order."""
    return train if test is None else concatenate(train, test)


def concatenate(first: Dataset, second: Dataset, split: str = "all") -> Dataset:
    """Join two parts of one source, in this order.

    Raises
    ------
    DataError
        If their pictures differ in size or only one of them has labels.
    """
    if first.size != second.size:
        raise DataError(
            f"{first.name}: pictures of {first.size}×{first.size} in the {first.split} split and "
            f"of {second.size}×{second.size} in the {second.split} split; all must be of one size."
        )
    if (first.labels is None) != (second.labels is None):
        raise DataError(f"{first.name}: only one of its two parts has labels; both need them.")
    labels = None
    if first.labels is not None and second.labels is not None:
        labels = np.concatenate([first.labels, second.labels])
    ids = None
    if first.ids is not None and second.ids is not None:
        ids = np.concatenate([first.ids, second.ids])
    images = np.concatenate([first.images, second.images])
    return Dataset(images, labels, first.name, split, first.classes, ids, first.id_name)


def hold_out(dataset: Dataset) -> Splits:
    """Hold out a stratified fifth as the test set, always the same one.

    Of few pictures it is as many as there are classes, so that two of each are enough.

    Raises
    ------
    DataError
        If there are no labels or a class is too small.
    """
    share: float = HOLD_OUT
    classes = int((dataset.counts() > 0).sum())
    if np.ceil(HOLD_OUT * len(dataset)) < classes < len(dataset):
        share = classes
    train, test = stratified_split(dataset, share, HOLD_OUT_SEED, ("train", "test"))
    return Splits(train, test, own_test=False)


def stratified_split(
    dataset: Dataset,
    held_out: float,
    seed: int,
    names: tuple[str, str] = ("train", "validation"),
) -> tuple[Dataset, Dataset]:
    """Split a data set in two, each class in its share in both parts.

    Parameters
    ----------
    dataset : Dataset
        With labels.
    held_out : int or float
        How much the second part gets: a number of pictures (int), or a fraction between 0 and 1.
    seed : int
        The same seed gives the same parts.
    names : pair of str
        What the two parts are called (their ``split``).

    Returns
    -------
    tuple of Dataset
        The rest and the part held out, each in the data set's own order.

    Raises
    ------
    DataError
        If there are no labels, or too few pictures (of a class, or in all).
    UsageError
        If ``held_out`` is no share of this data set.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.arange(40, dtype=np.uint8) % 10
    >>> toy = Dataset(np.zeros((40, 8, 8), np.uint8), labels, "toy", "all")
    >>> rest, validation = stratified_split(toy, 0.25, seed=1)
    >>> len(rest), len(validation), validation.split
    (30, 10, 'validation')
    """
    from sklearn.model_selection import train_test_split

    count = _count(dataset, held_out)
    _check_classes(dataset, count)
    rest, part = train_test_split(
        np.arange(len(dataset)), test_size=count, random_state=seed, stratify=dataset.targets
    )
    return dataset.take(np.sort(rest), names[0]), dataset.take(np.sort(part), names[1])


def _count(dataset: Dataset, held_out: float) -> int:
    whole = isinstance(held_out, (int, np.integer))
    if not (1 <= held_out < len(dataset) if whole else 0 < held_out < 1):
        raise UsageError(
            f"{dataset.name}: cannot hold out {held_out} of {len(dataset)} pictures; give a number "
            "of pictures smaller than that, or a fraction between 0 and 1."
        )
    return int(held_out) if whole else int(np.ceil(held_out * len(dataset)))


def _check_classes(dataset: Dataset, count: int) -> None:
    counts = dataset.counts()
    present = np.flatnonzero(counts)
    lone = [dataset.classes[index] for index in present if counts[index] < 2]
    if lone:
        only = " and ".join(filter(None, [", ".join(lone[:-1]), lone[-1]]))
        place = " in its training set" if dataset.split == "train" else ""
        every = ", ".join(f"{dataset.classes[index]}: {counts[index]:,}" for index in present)
        raise DataError(
            f"{dataset.name}: only one picture of {only}{place}; to hold some out, each class "
            f"needs two or more ({every}). Add some, or use 'tenfold fine-tune', which learns from "
            "single pictures."
        )
    if min(count, len(dataset) - count) < len(present):
        raise DataError(
            f"{dataset.name}: {len(dataset)} pictures split into {len(dataset) - count} and "
            f"{count} leave a part without some of the {len(present)} classes. Add pictures, "
            "or hold out another share."
        )
