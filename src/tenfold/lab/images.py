"""The images of an experiment: what it learns from, what it is watched on, and the test set."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.data.mnist import find_mnist
from tenfold.data.registry import load_splits
from tenfold.lab.experiment import DataName, Experiment
from tenfold.training.validation import hold_out_validation

TESTED = 1000  # of MNIST's 10,000 test images, the first; the page says so


class Parts(NamedTuple):
    """The three parts; none of their images is in another."""

    train: Dataset
    validation: Dataset
    test: Dataset


def data_at_hand() -> list[DataName]:
    """Return the data sets that are on this machine; nothing is downloaded for the lab."""
    return ["digits"] if find_mnist() is None else ["digits", "mnist"]


@lru_cache(maxsize=4)
def load(data: DataName, images: int) -> Parts:
    """Load the parts of a data set.

    Parameters
    ----------
    data : "digits" or "mnist"
    images : int
        How many of MNIST's training images to use.

    Raises
    ------
    DataError
        If a file is damaged.

    Examples
    --------
    >>> [len(part) for part in load("digits", 0)]
    [1397, 200, 200]
    """
    splits = load_splits(data)
    train, test = splits.train, splits.test
    if data == "mnist":
        train, test = train.take(np.arange(images)), test.take(np.arange(TESTED))
    rest, validation = hold_out_validation(train, Experiment(data=data).recipe())
    if validation is None:
        raise RuntimeError("a recipe of the lab holds images out")
    return Parts(rest, validation, test)
