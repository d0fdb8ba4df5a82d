"""Digits in MNIST's frame for tests that have no MNIST: scikit-learn's, enlarged."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.data.registry import load_dataset
from tenfold.synthesis.glyphs.distances import DistanceFields, measure


@pytest.fixture(scope="session")
def digits() -> Dataset:
    small = load_dataset("digits").take(np.arange(200))
    images = np.zeros((len(small), 28, 28), np.uint8)
    for image, tiny in zip(images, small.images, strict=True):
        bright = tiny.astype(np.float32) * (255 / max(int(tiny.max()), 1))
        large = cv2.resize(bright, (20, 20), interpolation=cv2.INTER_CUBIC)
        image[4:24, 4:24] = np.clip(large, 0, 255)
    return Dataset(images, small.targets, "enlarged", "train")


@pytest.fixture(scope="session")
def fields(digits: Dataset) -> DistanceFields:
    return measure(digits.images)


@pytest.fixture
def bar() -> DistanceFields:
    """An upright bar, 4 wide and 20 high, in the middle of the frame."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[:, 4:24, 12:16] = 255
    return measure(image)
