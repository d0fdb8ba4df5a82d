from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.reader.confidence import PLAIN
from tenfold.reader.networks import LINE, bundled_content
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.training.pages.confidence import fit_curve, fit_number_confidence

TRUE = np.array([0.5, 0.8, -0.6, 0.2])


def _drawn(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    x = np.c_[np.ones(count), rng.normal(0, 2, (count, 3))]
    return x, (rng.random(count) < 1 / (1 + np.exp(-x @ TRUE))).astype(float)


def test_the_curve_that_answers_were_drawn_from_is_found() -> None:
    x, y = _drawn(20_000)
    fitted = fit_curve(x, y)
    assert fitted == pytest.approx(TRUE, abs=0.1)
    # At the optimum the pull of the answers and of what was expected are level.
    pull = x.T @ (y - 1 / (1 + np.exp(-x @ fitted)))
    assert pull == pytest.approx(fitted - PLAIN, abs=0.05)


def test_few_answers_move_it_little_and_no_certain_ones_without_bound() -> None:
    x, y = _drawn(3)
    assert np.abs(fit_curve(x, y) - PLAIN).max() < 1.5
    sure = np.array([[1.0, 13.0, 0.0, 0.0]] * 50)
    assert np.isfinite(fit_curve(sure, np.zeros(50))).all()


def test_it_is_fitted_on_what_the_new_network_reads(stocks: dict[Part, Stock]) -> None:
    fitted = fit_number_confidence(bundled_content(LINE), stocks["validation"], 1)
    assert len(fitted) == len(PLAIN)
    assert fitted != PLAIN
    assert fitted == fit_number_confidence(bundled_content(LINE), stocks["validation"], 1)
