from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.data.registry import load_dataset
from tenfold.errors import DataError
from tenfold.synthesis.glyphs.training_set import BATCH, synthesise

HOW: dict[str, Any] = {"count": BATCH + 1, "original": 0.25, "non_digits": 0.125}


def test_the_shares_are_those_asked_for(digits: Dataset) -> None:
    made = synthesise(digits, **HOW, seed=0)
    assert len(made) == 2 * BATCH
    assert made.classes[-1] == "none"
    assert made.counts()[10] == 2 * BATCH / 8
    known = {image.tobytes() for image in digits.images}
    same = [image.tobytes() in known for image in made.images]
    assert sum(same) == 2 * BATCH / 4


def test_originals_keep_their_labels(digits: Dataset) -> None:
    made = synthesise(digits, **HOW, seed=0)
    label = {i.tobytes(): n for i, n in zip(digits.images, digits.targets, strict=True)}
    for image, given in zip(made.images, made.targets, strict=True):
        assert label.get(image.tobytes(), given) == given


def test_the_same_seed_makes_the_same_pictures(digits: Dataset) -> None:
    first, second = (synthesise(digits, **HOW, seed=3) for _ in range(2))
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.targets, second.targets)
    assert not np.array_equal(first.images, synthesise(digits, **HOW, seed=4).images)


def test_other_sizes_are_refused() -> None:
    with pytest.raises(DataError, match="28×28"):
        synthesise(load_dataset("digits"), **HOW, seed=0)


def test_all_ten_digits_are_needed(digits: Dataset) -> None:
    with pytest.raises(DataError, match="all ten"):
        synthesise(digits.take(np.flatnonzero(digits.targets != 0)), **HOW, seed=0)
