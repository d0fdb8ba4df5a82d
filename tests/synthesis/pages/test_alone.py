from __future__ import annotations

import numpy as np
import pytest

from tenfold.reader.networks import bundled_model
from tenfold.synthesis.pages import alone
from tenfold.synthesis.pages.alone import NO_DIGIT, LoneMaker
from tenfold.synthesis.pages.hands import Stock


def test_the_same_seed_draws_the_same_digits(stock: Stock) -> None:
    one, two = (LoneMaker(stock, "train", 3) for _ in range(2))
    for _ in range(20):
        (first, label), (second, same) = one.digit(), two.digit()
        np.testing.assert_array_equal(first, second)
        assert label == same


@pytest.mark.parametrize("printed", [0.0, 1.0])
def test_they_are_what_their_labels_say(
    stock: Stock, printed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "PRINTED", printed)
    maker = LoneMaker(stock, "validation", 0)
    images, labels = zip(*(maker.digit() for _ in range(300)), strict=True)
    truth = np.array(labels)
    assert (truth == NO_DIGIT).any() == bool(printed)
    digits = truth != NO_DIGIT
    chances, digitness = bundled_model().predict_with_digitness(np.stack(images))
    assert (chances.argmax(axis=1) == truth)[digits].mean() > 0.8
    if printed:
        assert digitness[~digits].mean() < 0.5 < digitness[digits].mean()


def test_most_soft_print_is_softer_than_the_rest(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "HEIGHTS", (30.0, 30.1))

    def edges(soft: float) -> float:
        monkeypatch.setattr(alone, "SOFT", soft)
        maker = LoneMaker(stock, "train", 1)
        sharp = [np.abs(np.diff(maker._printed()[1].astype(int))).max() for _ in range(60)]
        return float(np.median(sharp))

    assert edges(1.0) < 0.7 * edges(0.0)
