from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.data.digits import load_digits
from tenfold.data.splits import concatenate, hold_out, stratified_split
from tenfold.errors import DataError, UsageError


def _toy(labels: NDArray[np.int64] | list[int]) -> Dataset:
    """Pictures that carry their row number in two pixels."""
    images = np.zeros((len(labels), 8, 8), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = divmod(np.arange(len(labels)), 256)
    return Dataset(images, np.array(labels, np.uint8), "toy", "all")


def _rows(dataset: Dataset) -> list[int]:
    return [int(image[0, 0]) * 256 + int(image[0, 1]) for image in dataset.images]


@settings(deadline=None)
@given(
    repeats=st.lists(st.integers(4, 30), min_size=2, max_size=10),
    share=st.floats(0.3, 0.7),
    seed=st.integers(0, 99),
)
def test_nothing_is_lost_and_every_class_gets_its_share(
    repeats: list[int], share: float, seed: int
) -> None:
    dataset = _toy(np.repeat(np.arange(len(repeats)), repeats))
    rest, part = stratified_split(dataset, share, seed)
    assert sorted(_rows(rest) + _rows(part)) == list(range(len(dataset)))
    for own in (rest, part):
        assert _rows(own) == sorted(_rows(own))
    exact = len(part) / len(dataset) * dataset.counts()
    assert (abs(part.counts() - exact) <= 1).all()
    again = stratified_split(dataset, share, seed)[1]
    assert _rows(again) == _rows(part)


def test_a_count_is_held_out_exactly_and_the_parts_are_named() -> None:
    train = load_digits().train
    rest, part = stratified_split(train, 200, seed=3)
    assert (len(rest), rest.split, len(part), part.split) == (1397, "train", 200, "validation")
    _, named = stratified_split(train, np.int64(200), seed=3, names=("a", "b"))  # type: ignore[arg-type]
    assert named.split == "b"
    assert _rows(stratified_split(train, 200, seed=4)[1]) != _rows(part)


def test_the_hold_out_is_a_fifth_and_always_the_same() -> None:
    dataset = _toy(np.arange(100) % 10)
    splits = hold_out(dataset)
    assert (len(splits.train), len(splits.test), splits.own_test) == (80, 20, False)
    assert splits.test.counts().tolist() == [2] * 10
    assert (splits.train.split, splits.test.split, splits.all.split) == ("train", "test", "all")
    assert _rows(splits.test)[:5] == [0, 5, 6, 8, 28]


@pytest.mark.parametrize("share", [0, -1, 40, 41, 0.0, 1.0, 1.5])
def test_impossible_shares_are_refused(share: float) -> None:
    with pytest.raises(UsageError) as caught:
        stratified_split(_toy(np.arange(40) % 10), share, 0)
    assert str(caught.value) == (
        f"toy: cannot hold out {share} of 40 pictures; give a number of pictures smaller than "
        "that, or a fraction between 0 and 1."
    )


@pytest.mark.parametrize(("share", "held_out"), [(1, 1), (8, 8), (0.01, 1), (0.5, 5), (0.88, 8)])
def test_all_but_one_picture_may_be_held_out_and_a_share_is_rounded_up(
    share: float, held_out: int
) -> None:
    rest, part = stratified_split(_toy([3] * 9), share, 0)
    assert (len(rest), len(part)) == (9 - held_out, held_out)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [0] * 20 + [7] + [9] * 20,
            "only one picture of 7; to hold some out, each class needs two or more "
            "(0: 20, 7: 1, 9: 20).",
        ),
        (
            [0, 1, 1, 2, 3],
            "only one picture of 0, 2 and 3; to hold some out, each class needs two or more "
            "(0: 1, 1: 2, 2: 1, 3: 1).",
        ),
    ],
)
def test_classes_with_one_picture_are_named_with_what_takes_them(
    labels: list[int], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        stratified_split(_toy(labels), 0.5, 0)
    assert str(caught.value) == (
        f"toy: {message} Add some, or use 'tenfold fine-tune', which learns from single pictures."
    )
    with pytest.raises(DataError, match="in its training set; to hold some out"):
        stratified_split(replace(_toy(labels), split="train"), 0.5, 0)
    with pytest.raises(DataError, match="only one picture of"):
        hold_out(_toy(labels))


@pytest.mark.parametrize(("count", "held_out"), [(20, 10), (40, 10), (60, 12)])
def test_two_of_each_are_enough_to_hold_some_out(count: int, held_out: int) -> None:
    splits = hold_out(_toy(np.arange(count) % 10))
    assert len(splits.test) == held_out
    assert (splits.train.counts() > 0).all()
    assert (splits.test.counts() > 0).all()


def test_two_pictures_of_each_class_are_enough() -> None:
    rest, part = stratified_split(_toy([0, 0, 7, 7, 9, 9]), 3, 0)
    assert rest.targets.tolist() == part.targets.tolist() == [0, 7, 9]


@pytest.mark.parametrize("share", [5, 9, 31, 35])
def test_a_part_too_small_for_all_classes_is_refused(share: int) -> None:
    with pytest.raises(DataError) as caught:
        stratified_split(_toy(np.arange(40) % 10), share, 0)
    assert str(caught.value) == (
        f"toy: 40 pictures split into {40 - share} and {share} leave a part without some of the "
        "10 classes. Add pictures, or hold out another share."
    )


def test_without_labels_there_is_no_split() -> None:
    with pytest.raises(DataError, match="toy has no labels"):
        hold_out(Dataset(np.zeros((40, 8, 8), np.uint8), None, "toy", "all"))


def test_parts_that_do_not_match_are_not_joined() -> None:
    small = _toy([1, 2])
    large = Dataset(np.zeros((2, 9, 9), np.uint8), small.labels, "toy", "test")
    bare = Dataset(small.images, None, "toy", "test")
    with pytest.raises(DataError) as sizes:
        concatenate(small, large)
    assert str(sizes.value) == (
        "toy: pictures of 8×8 in the all split and of 9×9 in the test split; "
        "all must be of one size."
    )
    for first, second in ((small, bare), (bare, small)):
        with pytest.raises(DataError, match="toy: only one of its two parts has labels; both need"):
            concatenate(first, second)
    assert concatenate(bare, bare).labels is None


def test_joined_parts_keep_their_order_name_and_classes() -> None:
    letters = ("a", "b", "c")
    images = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((8, 8), np.uint8)
    labels = np.array([2, 0, 1, 1, 2], np.uint8)
    first = Dataset(images[:3], labels[:3], "toy", "train", letters)
    second = Dataset(images[3:], labels[3:], "toy", "test", letters)
    joined = concatenate(first, second)
    np.testing.assert_array_equal(joined.images, images)
    np.testing.assert_array_equal(joined.targets, labels)
    assert (joined.name, joined.split, joined.classes) == ("toy", "all", letters)
    assert concatenate(first, second, "both").split == "both"
