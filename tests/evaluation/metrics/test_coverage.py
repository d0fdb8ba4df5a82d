from __future__ import annotations

import numpy as np
import pytest

from tenfold.evaluation.encode import encode
from tenfold.evaluation.metrics.coverage import Risk, Trial, coverage_at, coverage_curve, risk_at
from tenfold.evaluation.metrics.statistics import wilson


def test_a_worked_example() -> None:
    confidence = np.array([0.9, 0.5, 0.99, 0.8, 0.6])
    right = np.array([True, False, True, True, False])
    found = coverage_at(confidence, right, 0.75)  # 3 of 3, then 3 of 4, then 3 of 5
    assert (found.share, found.threshold, found.count, found.wrong) == (0.8, 0.6, 4, 1)
    assert found.interval == wilson(3, 4)
    assert coverage_at(confidence, right, 0.6).share == 1


@pytest.mark.parametrize("target", [0.5, 0.9, 0.97, 0.999])
def test_no_threshold_does_better(target: float) -> None:
    rng = np.random.default_rng(3)
    confidence = rng.random(400).round(2)  # with ties
    right = rng.random(400) < confidence**0.2
    found = coverage_at(confidence, right, target)
    shares = [
        (confidence >= threshold).mean()
        for threshold in np.unique(confidence)
        if right[confidence >= threshold].mean() >= target
    ]
    assert found.share == max(shares, default=0.0)
    assert (found.threshold is not None) == bool(shares)
    if found.threshold is not None:
        given = confidence >= found.threshold
        assert (given.sum(), (given & ~right).sum()) == (found.count, found.wrong)


def test_ties_are_answered_together() -> None:
    curve = coverage_curve(np.array([0.9, 0.9, 0.4]), np.array([True, False, True]))
    assert curve.share.tolist() == pytest.approx([2 / 3, 1])
    assert curve.accuracy.tolist() == pytest.approx([1 / 2, 2 / 3])
    assert curve.threshold.tolist() == [0.9, 0.4]


def test_where_the_surest_is_wrong_nothing_may_be_read() -> None:
    found = coverage_at(np.array([0.9, 0.8]), np.array([False, True]), 0.9)
    assert encode(found) == {
        "target": 0.9,
        "share": 0.0,
        "threshold": None,
        "count": 0,
        "wrong": 0,
        "interval": None,
        "trial": None,
    }


def test_each_half_tries_the_threshold_of_the_other() -> None:
    # even rows choose 0.8 for all to be right, odd rows 0.6
    confidence = np.array([0.9, 0.9, 0.8, 0.6, 0.7, 0.5])
    right = np.array([True, True, True, True, False, False])
    found = coverage_at(confidence, right, 1.0)
    assert (found.threshold, found.count, found.wrong) == (0.8, 3, 0)
    # even rows at 0.6: three answers, one wrong; odd rows at 0.8: one
    assert found.trial == Trial(4 / 6, 4, 1)
    assert encode(found)["trial"] == {"share": 4 / 6, "count": 4, "wrong": 1}


def test_a_half_that_reaches_the_target_nowhere_is_no_trial() -> None:
    confidence, right = np.array([0.9, 0.8]), np.array([True, False])
    assert coverage_at(confidence, right, 0.9).trial is None
    assert coverage_at(confidence[:1], right[:1], 0.9).trial is None


def test_the_error_among_the_surest_by_hand() -> None:
    confidence = np.array([0.4, 0.9, 0.99, 0.8])
    right = np.array([False, True, True, False])
    assert risk_at(confidence, right) == (
        Risk(0.25, 0.99, 1, 0, 0.0),
        Risk(0.5, 0.9, 2, 0, 0.0),
        Risk(0.75, 0.8, 3, 1, 1 / 3),
        Risk(0.9, 0.4, 4, 2, 0.5),
        Risk(1.0, 0.4, 4, 2, 0.5),
    )


def test_the_equally_sure_are_answered_together_there_too() -> None:
    confidence = np.array([0.9, 0.0, 0.0, 0.0])
    right = np.array([True, False, False, True])
    assert [(risk.count, risk.wrong) for risk in risk_at(confidence, right, (0.25, 0.5))] == [
        (1, 0),
        (4, 2),
    ]


def test_every_share_of_many_is_found() -> None:
    rng = np.random.default_rng(3)
    confidence, right = rng.random(1793), rng.random(1793) < 0.9
    risks = risk_at(confidence, right, (0.1, 0.7, 0.9, 1.0))
    assert [risk.count for risk in risks] == [180, 1256, 1614, 1793]
    for risk in risks:
        given = confidence >= risk.threshold
        assert (given.sum(), (given & ~right).sum()) == (risk.count, risk.wrong)


@pytest.mark.parametrize(("count", "best"), [(200, 0.98115), (4000, 0.99904)])
def test_few_answers_cannot_show_a_high_accuracy(count: int, best: float) -> None:
    # Wilson's lower end where all n are right is n / (n + 1.96²)
    found = coverage_at(np.ones(count), np.ones(count, bool), 0.999)
    assert found.share == 1
    assert found.best_case == pytest.approx(best, abs=5e-6)
    assert found.shown == (count == 4000)


def test_no_answer_shows_nothing() -> None:
    found = coverage_at(np.array([0.9]), np.array([False]), 0.9)
    assert (found.best_case, found.shown) == (0.0, False)
