from __future__ import annotations

import numpy as np
import pytest

from tenfold.evaluation.calibration import expected_calibration_error


def test_honest_confidence_has_almost_no_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.1, 1, 200_000)
    right = rng.random(len(confidence)) < confidence
    assert expected_calibration_error(confidence, right) < 0.01


def test_boasting_costs_what_it_overstates() -> None:
    confidence = np.full(1000, 0.95)
    right = np.arange(1000) < 700
    assert expected_calibration_error(confidence, right) == pytest.approx(0.25)
    assert expected_calibration_error(np.full(1000, 0.5), right) == pytest.approx(0.2)


def test_certainty_and_nothing_at_all_are_fine() -> None:
    assert expected_calibration_error(np.ones(5), np.ones(5, bool)) == 0
    assert expected_calibration_error(np.empty(0), np.empty(0, bool)) == 0
