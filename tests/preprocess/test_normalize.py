from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest

from tenfold.data.registry import load_dataset
from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.normalize import frame_glyph, pen_width
from tenfold.preprocess.segment import find_pieces, glyph_of, merge


def _box(glyph: np.ndarray) -> tuple[int, int]:
    rows, columns = np.flatnonzero(glyph.any(axis=1)), np.flatnonzero(glyph.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


@pytest.mark.parametrize("size", [(200, 50), (40, 90), (9, 9), (20, 10), (5, 3)])
def test_the_longer_side_becomes_20_and_the_shape_is_kept(size: tuple[int, int]) -> None:
    bar = np.full(size, 180, np.uint8)
    height, width = _box(frame_glyph(bar, np.ones_like(bar)))
    assert max(height, width) == 20
    assert height / width == pytest.approx(size[0] / size[1], rel=0.35)


def test_the_centre_of_mass_lies_at_14() -> None:
    shape = np.zeros((60, 40), np.uint8)
    shape[:, :8] = 255
    shape[50:, :] = 255
    glyph = frame_glyph(shape, (shape > 0).astype(np.uint8)).astype(float)
    rows, columns = glyph.sum(axis=1), glyph.sum(axis=0)
    assert abs(rows @ np.arange(28) / rows.sum() - 14) <= 0.51
    assert abs(columns @ np.arange(28) / columns.sum() - 14) <= 0.51


def test_an_empty_mask_gives_black() -> None:
    assert not frame_glyph(np.full((9, 9), 7, np.uint8), np.zeros((9, 9), np.uint8)).any()


@pytest.mark.parametrize("pen", [1, 2, 4])
def test_hairlines_are_widened_to_a_pen_that_mnist_knows(pen: int) -> None:
    drawing = np.zeros((300, 200), np.uint8)
    cv2.ellipse(drawing, (100, 150), (80, 130), 0, 0, 360, 255, pen)
    glyph = frame_glyph(drawing, (drawing > 0).astype(np.uint8))
    assert int(glyph.max()) == 255
    assert 1.4 <= pen_width(glyph) <= 3.5


@pytest.mark.parametrize("width", [3, 6, 12])
def test_pen_width_is_measured(width: int) -> None:
    bar = np.zeros((100, 40), np.uint8)
    bar[:, 10 : 10 + width] = 255
    assert pen_width(bar) == pytest.approx(width, rel=0.4)


def test_neighbours_ink_is_left_out() -> None:
    level = np.zeros((40, 40), np.uint8)
    level[5:35, 5:9] = 255
    level[5:35, 30:34] = 255
    mask = (level > 0).astype(np.uint8)
    mask[:, 20:] = 0
    assert _box(frame_glyph(level, mask))[1] <= 6


def test_mnist_pictures_come_out_nearly_as_they_went_in(mnist_test: np.ndarray) -> None:
    changed = []
    for picture in mnist_test[:500]:
        ink = find_ink(picture)
        assert ink.light_on_dark
        glyph = glyph_of(ink, merge(find_pieces(ink.mask)))
        changed.append(np.abs(glyph.astype(int) - picture).mean())
    assert np.mean(changed) < 2.0


@pytest.fixture(scope="module")
def mnist_test() -> np.ndarray:
    import os

    if "TENFOLD_DATA" not in os.environ:
        pytest.skip("needs MNIST: set TENFOLD_DATA")
    return load_dataset("mnist", split="test").images


def test_blur_is_sharpened_and_sharp_digits_stay(
    hand: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = np.asarray(255 - hand.write("6", height=24, pen=3), np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(page, (0, 0), 2), np.uint8)
    pictures = [(page, (page > 100)), (blurred, blurred > 0.4 * float(blurred.max()))]
    sharpened = [frame_glyph(level, mask.astype(np.uint8)) for level, mask in pictures]
    monkeypatch.setattr("tenfold.preprocess.normalize.SHARPEN", 0.0)
    plain = [frame_glyph(level, mask.astype(np.uint8)) for level, mask in pictures]
    assert np.array_equal(sharpened[0], plain[0])
    # What lies inside the 6's loop is nearer to paper.
    assert int(sharpened[1][16:21, 12:17].min()) < 0.8 * int(plain[1][16:21, 12:17].min())
