from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from tenfold.evaluation.metrics.calibration import (
    cross_fitted,
    expected_calibration_error,
    fit_temperature,
    judge,
    reliability,
)

Logits = NDArray[np.float32]
Labels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def honest() -> tuple[Logits, Labels]:
    """Logits whose softmax is the truth."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 10)).astype(np.float32)
    chances = softmax(logits.astype(np.float64), axis=1).cumsum(axis=1)
    labels = (rng.random((20_000, 1)) > chances).sum(axis=1).clip(max=9).astype(np.uint8)
    return logits, labels


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


def test_bins_are_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    confidence, right = rng.random(5000), rng.random(5000) < 0.6
    accuracy, mean = calibration_curve(right, confidence, n_bins=15)
    found = reliability(confidence, right)
    assert [each.accuracy for each in found] == pytest.approx(accuracy)
    assert [each.confidence for each in found] == pytest.approx(mean)
    assert sum(each.count for each in found) == 5000


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_figures_are_scikit_learns(temperature: float, honest: tuple[Logits, Labels]) -> None:
    logits, labels = honest
    found = judge(logits, labels, temperature)
    chances = softmax(logits.astype(np.float64) / temperature, axis=1)
    assert found.negative_log_likelihood == pytest.approx(log_loss(labels, chances))
    # Brier 1950 sums over the classes; scikit-learn's is for one of two
    expected = sum(brier_score_loss(labels == k, chances[:, k]) for k in range(10))
    assert found.brier == pytest.approx(expected)
    assert found.temperature == temperature


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_temperature_is_found_again(temperature: float, honest: tuple[Logits, Labels]) -> None:
    logits, labels = honest
    found = fit_temperature((logits * temperature).astype(np.float32), labels)
    assert found == pytest.approx(temperature, rel=0.05)


def test_where_no_temperature_is_likeliest_there_is_none(honest: tuple[Logits, Labels]) -> None:
    logits, _ = honest
    right = logits.argmax(axis=1).astype(np.uint8)
    assert fit_temperature(logits, right) is None
    assert fit_temperature(logits * 100, right) is None  # so sure that the loss is nothing
    blind = np.random.default_rng(1).integers(0, 10, len(logits)).astype(np.uint8)
    assert fit_temperature(logits, blind) is None
    assert cross_fitted(logits, right) is None


def test_cross_fitting_mends_what_is_off_and_tells_what_it_would_take(
    honest: tuple[Logits, Labels],
) -> None:
    logits, labels = honest
    boasting = (logits * 3).astype(np.float32)
    after = cross_fitted(boasting, labels)
    assert after is not None
    assert after.temperature == pytest.approx(3, rel=0.05)
    assert after.error < 0.02 < judge(boasting, labels).error
    assert after.negative_log_likelihood < judge(boasting, labels).negative_log_likelihood


def test_a_probability_of_nothing_costs_much_but_not_everything() -> None:
    sure = np.array([[1000.0, 0.0]], np.float32)
    assert 30 < judge(sure, np.array([1], np.uint8)).negative_log_likelihood < 40
