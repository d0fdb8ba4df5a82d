from __future__ import annotations

import hashlib

import numpy as np
from sklearn.datasets import load_digits as load_original

from tenfold.data.digits import load_digits


def test_the_digits_are_scikit_learns_in_its_order() -> None:
    original = load_original()
    whole = load_digits().all
    assert whole.images.shape == (1797, 8, 8)
    np.testing.assert_array_equal(whole.targets, original.target)
    np.testing.assert_allclose(whole.images, original.images * 255 / 16, atol=0.5)
    assert (whole.images.min(), whole.images.max()) == (0, 255)


def test_the_test_part_is_the_last_200() -> None:
    splits = load_digits()
    assert (len(splits.train), len(splits.test), splits.own_test) == (1597, 200, True)
    assert (splits.train.split, splits.test.split, splits.test.name) == ("train", "test", "digits")
    np.testing.assert_array_equal(splits.all.images[-200:], splits.test.images)


def test_the_bytes_are_the_same_on_every_machine() -> None:
    digest = hashlib.md5(load_digits().all.images.tobytes(), usedforsecurity=False).hexdigest()
    assert digest == "3882073453642be58b6586ccbbbf7eb2"
