from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.data.registry import load_splits
from tenfold.evaluation.label_errors import MNIST_TEST, label_error_rows, without_label_errors
from tenfold.evaluation.metrics.statistics import wilson


def test_they_are_left_out() -> None:
    correct = np.array([True, False, False, *[True] * 7])
    found = without_label_errors(correct, (1, 5))
    assert found is not None
    assert (found.count, found.wrong, found.accuracy_without) == (2, 1, 7 / 8)
    assert found.interval_without == wilson(7, 8)
    assert without_label_errors(correct, ()) is None


def test_other_data_has_none() -> None:
    images = np.zeros((10_000, 28, 28), np.uint8)
    assert not label_error_rows(Dataset(images, np.zeros(10_000, np.uint8), "mnist", "test"))


@pytest.mark.skipif("TENFOLD_DATA" not in os.environ, reason="needs MNIST (TENFOLD_DATA)")
def test_mnists_test_part_has_fifteen_whatever_it_is_called() -> None:
    test = load_splits("mnist").test
    assert len(MNIST_TEST) == len(set(MNIST_TEST)) == 15
    assert label_error_rows(replace(test, name="elsewhere")) == MNIST_TEST
    # the labels given to the first and the last in the published votes
    assert test.targets[[947, 2462, 2597]].tolist() == [8, 2, 5]
