from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.errors import DataError


def test_taking_rows_keeps_pictures_and_labels_together() -> None:
    images = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    part = Dataset(images, np.array([7, 8, 9], np.uint8), "toy", "all").take(
        np.array([2, 0]), "test"
    )
    assert part.images[:, 0, 0].tolist() == [2, 0]
    assert part.targets.tolist() == [9, 7]
    assert (part.name, part.split, len(part), part.size) == ("toy", "test", 2, 8)


def test_without_labels_there_are_no_targets() -> None:
    dataset = Dataset(np.zeros((2, 8, 8), np.uint8), None, "toy", "all")
    assert dataset.take(np.array([1])).labels is None
    with pytest.raises(DataError, match="toy has no labels"):
        _ = dataset.targets


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 8, 8)), None, "expected uint8 pictures"),
        (np.zeros((2, 64), np.uint8), None, "expected uint8 pictures"),
        (np.zeros((2, 8, 9), np.uint8), None, "expected uint8 pictures"),
        (np.zeros((2, 7, 7), np.uint8), None, "7×7.*'tenfold read'"),
        (np.zeros((2, 65, 65), np.uint8), None, "65×65"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros(3, np.uint8), "need as many uint8 labels"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros(2, np.int64), "need as many uint8 labels"),
        (np.zeros((2, 8, 8), np.uint8), np.array([3, 10], np.uint8), "label 10 at row 1"),
    ],
)
def test_what_does_not_fit_is_refused(images: Any, labels: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Dataset(images, labels, "toy", "all")


def test_fingerprints_tell_data_apart() -> None:
    images, labels = np.zeros((2, 8, 8), np.uint8), np.array([1, 2], np.uint8)
    whole = Dataset(images, labels, "toy", "all")
    assert Dataset(images.copy(), labels.copy(), "copy", "test").fingerprint() == (
        whole.fingerprint()
    )
    others = [
        Dataset(images, None, "toy", "all"),
        Dataset(images, labels[::-1], "toy", "all"),
        Dataset(images + np.uint8(1), labels, "toy", "all"),
        Dataset(images[:1], labels[:1], "toy", "all"),
    ]
    assert whole.fingerprint() not in {other.fingerprint() for other in others}
