from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenfold.data.registry import load_dataset
from tenfold.errors import DataError
from tenfold.model import Model
from tenfold.reader.networks import bundled_model
from tenfold.server.bodies import Glyphs, check
from tenfold.server.worker import classify


def _classified(model: Model, images: object) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = classify(model, check(Glyphs, {"images": images}))["answers"]
    return answers


@pytest.fixture(scope="module")
def model() -> Model:
    return bundled_model()


def test_arrays_of_both_sizes_are_classified(model: Model) -> None:
    digits = load_dataset("digits", "test")
    small = (digits.images // 16)[:50]  # as scikit-learn has them, 0 to 16
    answers = _classified(model, small.tolist())
    right = [one["digit"] == label for one, label in zip(answers, digits.targets, strict=False)]
    assert np.mean(right) > 0.9
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 13:16] = 255
    (one,) = _classified(model, [glyph.tolist()])
    direct = model.predict_proba(glyph[None])[0]
    assert one["digit"] == 1
    assert one["probabilities"] == [round(float(p), 4) for p in direct]


@pytest.mark.parametrize(
    "images",
    [
        None,
        [],
        7,
        [[0] * 28] * 28,
        [[[0] * 28] * 27],
        [[[0] * 8] * 8, [[0] * 28] * 28],
        [[[True] * 8] * 8],
        [[["1"] * 8] * 8],
        [[[None] * 8] * 8],
        [[[17] * 8] * 8],
        [[[-1] * 28] * 28],
        [[[256] * 28] * 28],
        [[[10**400] * 8] * 8],
        [[[0] * 9] * 9],
        [[[[0]] * 8] * 8],
    ],
)
def test_other_arrays_are_refused(model: Model, images: object) -> None:
    with pytest.raises(DataError, match=r"^images[\[:]"):
        _classified(model, images)


@pytest.mark.parametrize(("side", "full"), [(28, "255"), (8, "16")])
def test_values_from_0_to_1_are_refused_with_what_to_do(model: Model, side: int, full: str) -> None:
    with pytest.raises(
        DataError, match=rf"images\[0\]: no value .* above 1.*Multiply .* by {full}"
    ):
        _classified(model, [np.tri(side).tolist(), np.zeros((side, side)).tolist()])
    with pytest.raises(DataError, match=r"images\[1\]: no value is above 1"):
        _classified(model, [(int(full) * np.tri(side)).tolist(), np.tri(side).tolist()])
    assert len(_classified(model, np.zeros((2, side, side)).tolist())) == 2  # bare paper
