from __future__ import annotations

import numpy as np
import pytest

from tenfold.training.calibration import fit_temperature, fit_threshold


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_temperature_is_found_again(temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 10))
    odds = np.exp(logits)
    chances = (odds / odds.sum(1, keepdims=True)).cumsum(1)
    labels = (rng.random((20_000, 1)) > chances).sum(1).clip(max=9).astype(np.uint8)
    found = fit_temperature((logits * temperature).astype(np.float32), labels)
    assert found == pytest.approx(temperature, rel=0.05)


def test_a_threshold_refuses_no_more_than_its_share() -> None:
    digitness = np.random.default_rng(0).random(1000, dtype=np.float32)
    threshold = fit_threshold(digitness, 0.02)
    assert 0.015 < (digitness < threshold).mean() <= 0.02
    assert (digitness < fit_threshold(digitness, 0.0)).sum() == 0
