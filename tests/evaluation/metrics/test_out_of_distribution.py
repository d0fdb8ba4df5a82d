from __future__ import annotations

import numpy as np
import pytest

from tenfold.evaluation.metrics.out_of_distribution import auroc, false_positive_rate


def test_perfect_and_hopeless() -> None:
    high, low = np.linspace(0.9, 1, 100), np.linspace(0, 0.1, 50)
    assert (false_positive_rate(high, low), auroc(high, low)) == (0, 1)
    assert (false_positive_rate(low, high), auroc(low, high)) == (1, 0)


def test_figures_by_hand() -> None:
    digits = np.arange(1, 21) / 20  # nineteen of twenty are 0.1 or more
    others = np.array([0.05, 0.1, 0.12, 0.99])
    assert false_positive_rate(digits, others) == 0.75
    # pairs in which the digit has more, ties by half: 19.5, 18.5, 18 and 1 of twenty
    assert auroc(digits, others) == pytest.approx((19.5 + 18.5 + 18 + 1) / 80)
