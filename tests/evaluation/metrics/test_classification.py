from __future__ import annotations

import math

import numpy as np
import pytest

from tenfold.evaluation.metrics.classification import classification, cross_entropy


def test_scores_by_hand() -> None:
    # true a a a b, read a a b b
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    found = classification(chances, np.array([0, 0, 0, 1], np.uint8), ("a", "b"))
    assert found.confusion.tolist() == [[2, 1], [0, 1]]
    one, other = found.classes
    assert (one.name, one.precision, one.support) == ("a", 1.0, 3)
    assert (one.recall, one.f1) == pytest.approx((2 / 3, 4 / 5))
    assert (other.name, other.precision, other.recall, other.support) == ("b", 0.5, 1.0, 1)
    assert other.f1 == pytest.approx(2 / 3)
    assert found.loss == pytest.approx(-math.log(0.9 * 0.8 * 0.4 * 0.7) / 4)


def test_certainty_of_what_is_wrong_costs_much_but_not_everything() -> None:
    assert cross_entropy(np.array([[0.0, 1.0]]), np.array([0], np.uint8)) == pytest.approx(
        -math.log(1e-15)
    )
