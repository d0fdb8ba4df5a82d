from __future__ import annotations

import numpy as np
import pytest

from tenfold.synthesis.pages.strokes import crop, rasterise, smooth


def test_a_smooth_stroke_passes_its_points_and_ends_where_they_end() -> None:
    points = np.array([[0, 0], [4, 1], [5, 5], [1, 6]], np.float32)
    curve = smooth(points, 8)
    assert curve.shape == (25, 2)
    np.testing.assert_allclose(curve[::8], points, atol=1e-5)
    assert smooth(points[:2]) is not None
    np.testing.assert_array_equal(smooth(points[:2]), points[:2])


@pytest.mark.parametrize("pen", [0.7, 1.0, 3.0, 11.0])
def test_a_stroke_is_as_wide_as_its_pen_and_lies_where_it_is_drawn(pen: float) -> None:
    drawn, left, top = rasterise([np.array([[20, 5], [20, 65]], np.float32)], pen)
    assert drawn.dtype == np.uint8
    middle = drawn[len(drawn) // 2].astype(float) / 255
    assert middle.sum() == pytest.approx(max(pen, 1), abs=0.8 + 0.2 * pen)
    at = left + (middle * np.arange(len(middle))).sum() / middle.sum()
    assert at == pytest.approx(20, abs=0.6)
    rows = np.flatnonzero(drawn.max(axis=1) > 127)
    assert top + rows[0] == pytest.approx(5 - pen / 2, abs=2)
    assert top + rows[-1] == pytest.approx(65 + pen / 2, abs=2)


def test_cropping_cuts_to_the_ink() -> None:
    sheet = np.zeros((20, 30), np.uint8)
    sheet[3:8, 10:12] = 255
    assert crop(sheet).shape == (5, 2)
    assert crop(np.zeros((4, 6), np.uint8)).shape == (4, 6)
