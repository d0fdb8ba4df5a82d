from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.data.registry import load_splits
from tenfold.evaluation.doubtful import MNIST_TEST, doubtful_rows, without_doubtful
from tenfold.evaluation.evaluate import measure
from tenfold.evaluation.statistics import wilson


def test_they_are_left_out() -> None:
    labels = np.zeros(10, np.uint8)
    data = Dataset(np.zeros((10, 8, 8), np.uint8), labels, "toy", "test")
    chances = np.eye(10, dtype=np.float32)[[0, 1, 1, 0, 0, 0, 0, 0, 0, 0]]
    evaluation = measure(chances, labels, data)
    found = without_doubtful(evaluation, frozenset({1, 5}))
    assert found is not None
    assert (found.count, found.wrong, found.accuracy) == (2, 1, 7 / 8)
    assert found.interval == wilson(7, 8)
    assert without_doubtful(evaluation, frozenset()) is None


def test_other_data_has_none() -> None:
    images = np.zeros((10_000, 28, 28), np.uint8)
    assert not doubtful_rows(Dataset(images, np.zeros(10_000, np.uint8), "mnist", "test"))


@pytest.mark.skipif("TENFOLD_DATA" not in os.environ, reason="needs MNIST (TENFOLD_DATA)")
def test_mnists_test_part_has_fifteen_whatever_it_is_called() -> None:
    test = load_splits("mnist").test
    assert len(MNIST_TEST) == len(set(MNIST_TEST)) == 15
    assert doubtful_rows(replace(test, name="elsewhere")) == set(MNIST_TEST)
    # the labels given to the first and the last in the published votes
    assert test.targets[[947, 2462, 2597]].tolist() == [8, 2, 5]
