from __future__ import annotations

import numpy as np
import pytest

from tenfold.evaluation.metrics.paired import accuracy_interval, paired
from tenfold.evaluation.metrics.statistics import spread, wilson


def test_one_network_has_wilsons_interval() -> None:
    right = np.arange(200)[None] >= 10
    assert accuracy_interval(right) == wilson(190, 200)


def test_all_right_is_not_certainty() -> None:
    low, high = accuracy_interval(np.ones((5, 200), bool))
    assert (low, high) == wilson(200, 200)
    assert low < 0.99


def test_where_seeds_alone_differ_the_interval_is_students() -> None:
    # Blocks of pictures right or wrong, many of them: pictures hardly matter, seeds do.
    shares = (0.62, 0.55, 0.70, 0.58, 0.66)
    rng = np.random.default_rng(0)
    right = np.stack([rng.random(40_000) < share for share in shares])
    expected = spread(list(right.mean(axis=1))).interval
    assert expected is not None
    assert accuracy_interval(right) == pytest.approx(expected, abs=0.02)


def test_where_pictures_alone_matter_the_interval_is_that_of_one_network() -> None:
    right = np.repeat(np.arange(400)[None] >= 20, 5, axis=0)
    assert accuracy_interval(right) == pytest.approx(wilson(380, 400), abs=0.006)


def test_the_same_answers_do_not_differ() -> None:
    right = np.arange(300)[None].repeat(5, axis=0) % 9 > 0
    found = paired(right, right)
    assert (found.behind, found.interval, found.p, found.p_here) == (0, (0, 0), 1, 1)


def test_seeds_that_fail_show_on_these_seeds_and_not_beyond() -> None:
    good, erratic = np.ones((5, 100), bool), np.ones((5, 100), bool)
    erratic[3:, :78] = False
    found = paired(good, erratic)
    assert found.p_here < 0.001
    assert found.p > 0.05
    assert found.interval[0] < 0 < found.interval[1]


def test_luck_alone_is_rarely_called_a_difference() -> None:
    rng = np.random.default_rng(1)
    hard = rng.beta(0.3, 6, size=200)
    called = sum(paired(*(rng.random((2, 5, 200)) > hard)).p < 0.05 for _ in range(60))
    assert called <= 6  # 3 are expected of an exact test, and this one is careful
