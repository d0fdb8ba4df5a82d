from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.data.labels import text_labels
from tenfold.data.pixels import check_size, square_side, to_ink, to_labels
from tenfold.errors import DataError


def _row(row: int) -> str:
    return f"row {row}"


@given(st.integers(1, 1000))
def test_square_side_finds_squares_alone(side: int) -> None:
    assert square_side(side * side) == side
    assert square_side(side * side + 1) is None


def test_bytes_stay_as_they_are() -> None:
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    np.testing.assert_array_equal(to_ink(images, _row), images)


@given(st.integers(0, 255))
def test_a_byte_survives_the_way_through_floats(value: int) -> None:
    images = np.full((1, 9, 9), value / 255)
    images[0, 0, 0] = 1.0
    assert to_ink(images, _row)[0, 1, 1] == value


def test_floats_up_to_255_are_rounded_halves_up() -> None:
    images = np.array([[[0.5, 1.4], [1.5, 254.6]]])
    assert to_ink(images, _row).ravel().tolist() == [1, 1, 2, 255]


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float16])
def test_bits_become_full_ink(dtype: Any) -> None:
    assert to_ink(np.eye(9, dtype=dtype)[None], _row).max() == 255


def test_counts_to_sixteen_are_told_from_bytes_by_size_and_range() -> None:
    counts = np.arange(64, dtype=np.float64).reshape(1, 8, 8) % 17
    expected = np.floor(counts * 255 / 16 + 0.5)
    np.testing.assert_array_equal(to_ink(counts, _row), expected)
    faint = np.full((1, 9, 9), 16, np.uint8)
    assert to_ink(faint, _row).max() == 16


def test_blank_paper_stays_blank() -> None:
    assert not to_ink(np.zeros((2, 9, 9)), _row).any()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "row 1: a pixel is NaN"),
        (np.inf, "row 1: a pixel is NaN or infinite"),
        (-0.1, "row 1: a pixel lies outside 0–255"),
        (255.5, "row 1: a pixel lies outside 0–255"),
    ],
)
def test_values_that_are_no_ink_are_refused(value: float, message: str) -> None:
    images = np.zeros((3, 9, 9))
    images[1, 4, 4] = value
    with pytest.raises(DataError, match=message):
        to_ink(images, _row)


@pytest.mark.parametrize(
    ("low", "high", "how"),
    [
        (-1.0, 1.0, r"from -1 to 1: .* such as by \(X \+ 1\) / 2\."),
        (-0.42, 2.8, r"from -0\.42 to 2\.8: .* such as by \(X - X\.min\(\)\) / \(X\.max\(\)"),
        (0, 65_535, r"from 0 to 65535: scale them to 0–1 or 0–255, such as by X / 257\."),
        (0, 4095, r"from 0 to 4095: .* such as by X / X\.max\(\)\."),
    ],
)
def test_other_ranges_are_refused_with_how_to_scale_them(low: float, high: float, how: str) -> None:
    images = np.linspace(low, high, 162).reshape(2, 9, 9)
    with pytest.raises(DataError, match=how):
        to_ink(images.astype(np.uint16) if high > 255 else images, _row)


def test_labels_that_count_from_1_are_asked_what_10_stands_for() -> None:
    with pytest.raises(
        DataError, match=r"label 10 is not one .*Does 10 stand for 0\? Then write 0"
    ):
        to_labels(np.arange(1, 11), _row)
    with pytest.raises(DataError, match=r"'ten' is not one of .*Does 10 stand for 0\?"):
        text_labels(["one", "9", "ten"], _row)
    for labels in (np.arange(11), np.arange(3, 12)[::-1]):  # no, it does not
        with pytest.raises(DataError, match=r"digits 0–9\.$"):
            to_labels(labels, _row)
    with pytest.raises(DataError, match=r"digits 0–9\.$"):
        text_labels(["0", "10"], _row)


@pytest.mark.parametrize("value", [-1, 10, 0.5, np.nan, np.inf, 1e300])
def test_labels_that_are_no_digits_are_refused(value: float) -> None:
    with pytest.raises(DataError, match=r"row 2: label .* is not one of the digits 0–9"):
        to_labels(np.array([0, 9, value]), _row)


def test_whole_floats_are_labels() -> None:
    labels = to_labels(np.arange(10.0), _row)
    assert labels.dtype == np.uint8
    assert labels.tolist() == list(range(10))


@pytest.mark.parametrize("size", [(8, 8), (64, 64)])
def test_sizes_from_8_to_64_pass(size: tuple[int, int]) -> None:
    check_size(*size, "here")


@pytest.mark.parametrize("size", [(7, 7), (65, 65), (28, 27)])
def test_other_sizes_point_to_read(size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match=f"here: a picture of {size[0]}×{size[1]}.*'tenfold read'"):
        check_size(*size, "here")
