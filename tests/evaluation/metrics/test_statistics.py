from __future__ import annotations

import statistics

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, t

from tenfold.evaluation.encode import encode
from tenfold.evaluation.metrics.statistics import (
    McNemar,
    holm,
    mcnemar,
    spread,
    wilson,
)

Flags = NDArray[np.bool_]


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score, Wilson 1927)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval(right: int, count: int, low: float, high: float) -> None:
    assert wilson(right, count) == pytest.approx((low, high), abs=5e-5)


def _pair(only_first: int, only_second: int, both: int = 5) -> tuple[Flags, Flags]:
    first = np.array([True] * only_first + [False] * only_second + [True] * both)
    second = np.array([False] * only_first + [True] * only_second + [True] * both)
    return first, second


def test_mcnemar_gives_the_published_example() -> None:
    # Fagerland, Lydersen & Laake 2013, BMC Med Res Methodol 13:91, table 1 (airways before and
    # after transplantation: 1 and 7 discordant pairs): mid-p 0.0391, exact 0.0703
    result = mcnemar(*_pair(7, 1))
    assert (result.only_first_right, result.only_second_right) == (7, 1)
    assert result.p == pytest.approx(0.0391, abs=5e-5)
    assert result.differs


@pytest.mark.parametrize(("one", "other"), [(0, 1), (3, 12), (40, 61), (900, 1000)])
def test_mid_p_is_exact_less_half_of_the_tie(one: int, other: int) -> None:
    exact = float(binomtest(one, one + other).pvalue)
    tie = float(binom.pmf(one, one + other, 0.5))
    assert mcnemar(*_pair(one, other)).p == pytest.approx(exact - tie)
    assert mcnemar(*_pair(one, other)).p == mcnemar(*_pair(other, one)).p


def test_models_that_answer_alike_do_not_differ() -> None:
    assert encode(mcnemar(*_pair(0, 0))) == {
        "only_first_right": 0,
        "only_second_right": 0,
        "p": 1.0,
        "differs": False,
    }
    even = mcnemar(*_pair(6, 6))
    assert 0.7 < even.p <= 1
    assert not even.differs


def test_no_count_makes_p_more_than_one() -> None:
    ties = [mcnemar(*_pair(count, count)).p for count in range(1, 200)]
    assert ties == pytest.approx([1.0] * 199)
    assert max(ties) <= 1


@pytest.mark.parametrize(("p", "differs"), [(0.0499, True), (0.05, False), (0.0501, False)])
def test_a_p_value_of_five_hundredths_is_no_difference(p: float, differs: bool) -> None:
    assert McNemar(9, 2, p).differs == differs


def test_spread_is_students() -> None:
    values = [0.991, 0.989, 0.994, 0.992, 0.990]
    found = spread(values)
    assert found.mean == pytest.approx(statistics.fmean(values))
    assert found.deviation == pytest.approx(statistics.stdev(values))
    expected = t.interval(0.95, 4, found.mean, found.deviation / 5**0.5)
    assert found.interval == pytest.approx(expected)
    assert found.values == tuple(values)


def test_one_run_says_nothing_of_spread_and_two_do() -> None:
    one = spread([0.5])
    assert (one.values, one.mean, one.deviation, one.interval) == ((0.5,), 0.5, 0.0, None)
    two = spread([0.4, 0.6])
    assert two.deviation == pytest.approx(0.02**0.5)
    assert two.interval == pytest.approx((0.5 - 1.27062, 0.5 + 1.27062))  # t of 1: 12.7062


def test_holm_is_r_s() -> None:
    # R 4: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([None, 0.6, 0.04, None]) == [None, 0.6, 0.08, None]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
