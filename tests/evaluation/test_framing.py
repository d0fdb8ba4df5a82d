from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits
from tenfold.evaluation.framing import framed
from tenfold.model import Model, open_model


def test_other_sizes_are_framed_for_a_28_model(linear_file: Callable[..., bytes]) -> None:
    model = open_model(linear_file(np.zeros((784, 10))), "blank")
    images = np.zeros((2, 16, 16), np.uint8)
    images[:, 0:16, 5:8] = 255
    labels = np.array([1, 1], np.uint8)
    own = framed(Dataset(images, labels, "bars", "all"), model)
    assert own.images.shape == (2, 28, 28)
    assert np.flatnonzero(own.images[0].any(axis=1)).tolist() == list(range(4, 24))
    assert own.labels is labels
    assert len(framed(Dataset(images[:0], labels[:0], "none", "all"), model)) == 0


def test_what_fits_or_cannot_be_framed_is_left_alone(model: Model, few: Splits) -> None:
    assert framed(few.test, model) is few.test
    large = Dataset(np.zeros((1, 28, 28), np.uint8), None, "large", "all")
    assert framed(large, model) is large
