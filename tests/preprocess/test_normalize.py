from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tenfold.data.registry import load_dataset
from tenfold.preprocess import normalize
from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.normalize import frame_glyph, pen_width, slopes
from tenfold.preprocess.segment import find_pieces, glyph_of, merge


def _box(glyph: np.ndarray) -> tuple[int, int]:
    rows, columns = np.flatnonzero(glyph.any(axis=1)), np.flatnonzero(glyph.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


@pytest.mark.parametrize(
    ("size", "framed"),
    [
        ((200, 50), (20, 5)),
        ((40, 90), (9, 20)),
        ((9, 9), (20, 20)),
        ((20, 10), (20, 10)),
        ((10, 20), (10, 20)),
        ((5, 3), (20, 12)),
    ],
)
def test_the_longer_side_becomes_20_and_the_shape_is_kept(
    size: tuple[int, int], framed: tuple[int, int]
) -> None:
    bar = np.full(size, 180, np.uint8)
    glyph = frame_glyph(bar, np.ones_like(bar))
    assert _box(glyph) == framed
    assert glyph.max() == 255


def test_the_centre_of_mass_lies_at_14() -> None:
    shape = np.zeros((60, 40), np.uint8)
    shape[:, :8] = 255
    shape[50:, :] = 255
    glyph = frame_glyph(shape, (shape > 0).astype(np.uint8)).astype(float)
    rows, columns = glyph.sum(axis=1), glyph.sum(axis=0)
    assert abs(rows @ np.arange(28) / rows.sum() - 14) <= 0.51
    assert abs(columns @ np.arange(28) / columns.sum() - 14) <= 0.51


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("heavy", [False, True])
def test_a_glyph_is_moved_as_far_as_the_field_goes(turns: int, heavy: bool) -> None:
    # Twenty high and ten wide: its middle lies half a pixel beside 14. A T whose mass lies near its
    # top would be moved beyond the field's lower edge.
    shape = np.full((20, 10), 255, np.uint8)
    if heavy:
        shape = np.zeros((20, 19), np.uint8)
        shape[:4], shape[:, 9] = 255, 255
    shape = np.rot90(shape, turns)
    glyph = frame_glyph(shape, (shape > 0).astype(np.uint8))
    top, left = (int(np.flatnonzero(glyph.any(axis=axis))[0]) for axis in (1, 0))
    height, width = shape.shape
    np.testing.assert_array_equal(glyph[top : top + height, left : left + width], shape)
    if heavy:  # along the T; across it is even
        assert (top, left) == [(8, 5), (5, 8), (0, 5), (5, 0)][turns]
    else:
        assert (top, left) == [(4, 10), (10, 4)][turns % 2]


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


@pytest.mark.parametrize("margin", [0, 5])
@pytest.mark.parametrize(("level", "crossings"), [(255, 28), (128, 28), (127, 0)])
def test_pen_width_is_twice_the_area_over_the_outline(
    margin: int, level: int, crossings: int
) -> None:
    bar = np.pad(np.full((10, 4), level, np.uint8), margin)
    # Ten rows and four columns cross its outline twice each; what is fainter than half has none.
    outline = max(1.0, crossings * np.pi / 4)
    assert pen_width(bar) == pytest.approx(2 * 40 * level / 255 / outline)


@pytest.mark.parametrize(("across", "down", "steep"), [(6, 0, 48), (0, 8, 64), (6, 8, 80)])
def test_slopes_are_eight_times_grey_levels_a_pixel(across: int, down: int, steep: int) -> None:
    x, y = np.meshgrid(np.arange(12), np.arange(10))
    found = slopes((across * x + down * y).astype(np.uint8))
    assert found.shape == (10, 12)
    assert found.dtype == np.float32
    assert found[1:-1, 1:-1] == pytest.approx(np.full((8, 10), float(steep)))


@pytest.mark.parametrize("count", [1, 2, 3, 10, 11, 12, 57, 1001])
def test_full_ink_is_the_ninetieth_percentile(count: int) -> None:
    rng = np.random.default_rng(count)
    level = rng.integers(0, 256, (40, 40), np.uint8)
    mask = np.zeros(1600, np.uint8)
    mask[rng.permutation(1600)[:count]] = 1
    own = level[mask.reshape(40, 40) > 0]
    found = normalize._full_ink(level, mask.reshape(40, 40))
    assert found == pytest.approx(np.percentile(own, 90))
    values = own.astype(np.float32) * np.float32(1.37)
    assert normalize._nearly_most(values) == pytest.approx(np.percentile(values, 90))


def test_ink_is_stretched_and_what_touches_the_mask_belongs_to_it() -> None:
    level = np.zeros((9, 12), np.uint8)
    level[:, 3:6] = 200  # the stroke
    level[:, 6] = 100  # its soft edge
    level[:, 7] = 100  # beyond it
    level[:4, 2], level[4:, 2] = 15, 16  # paper that is not quite white
    mask = np.zeros_like(level)
    mask[:, 3:6] = 1
    soft = normalize._soften(level, mask)
    assert soft.dtype == np.uint8
    assert soft[:, 3:6].tolist() == [[255] * 3] * 9
    assert abs(soft[:, 6].astype(int) - 127.5).max() == 0.5
    assert not soft[:, 7:].any()
    assert not soft[:, :2].any()
    assert soft[:, 2].tolist() == [0] * 4 + [20] * 5
    faint = np.zeros((3, 3), np.uint8)
    assert not normalize._soften(faint, np.ones_like(faint)).any()  # ink of level 0


@pytest.mark.parametrize(
    ("shape", "broad"),
    [
        ((400, 4), (88, 9)),  # drawn on 80 pixels, where 2.2 of 20 are 9: its own and 8 more
        ((4, 400), (9, 88)),
        ((60, 1), (65, 6)),  # not drawn larger than it is: 0.41 of 20 wide, 5 of 60 more
    ],
)
def test_a_pen_is_broadened_on_a_grid_four_times_finer_than_the_box(
    shape: tuple[int, int], broad: tuple[int, int]
) -> None:
    line = np.full(shape, 255, np.uint8)
    found = normalize._broaden(line, max(shape), 20)
    assert found.shape == broad
    assert found.dtype == np.uint8
    assert found.max() == 255
    assert normalize._broaden(line, max(shape), max(shape)) is line  # nothing vanishes


@pytest.mark.parametrize(("pen", "kept"), [(16, False), (19, True)])
def test_a_pen_of_more_than_a_twelfth_of_the_box_stays(pen: int, kept: bool) -> None:
    ring = np.zeros((201, 201), np.uint8)
    cv2.circle(ring, (100, 100), 100 - pen // 2, 255, pen)
    now = max(_box(ring))
    assert (pen_width(ring) * 20 / now >= 1.7) == kept
    broad = normalize._broaden(ring, now, 20)
    assert (broad is ring) == kept
    assert pen_width(broad) * 20 / max(broad.shape) == pytest.approx(
        pen / 10 if kept else 2.2, abs=0.2
    )


def test_pale_hairlines_come_out_as_dark_as_others() -> None:
    pair = np.zeros((400, 102), np.uint8)
    pair[:, [0, -1]] = 255
    assert normalize._broaden(pair, 400, 20).max() == 255
    assert frame_glyph(pair, (pair > 0).astype(np.uint8)).max() == 255


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


def _blurred(sigma: float) -> np.ndarray:
    """A bar, six wide, whose edges are so soft."""
    bar = np.zeros((28, 28))
    bar[4:24, 11:17] = 255
    return gaussian_filter(bar, sigma).astype(np.uint8)


def test_sharpening_adds_what_a_gaussian_takes_away() -> None:
    glyph = _blurred(2.0)
    grey = glyph.astype(float)
    sharp = 2 * grey - gaussian_filter(grey, 1.5, mode="mirror")
    expected = np.clip(sharp * 255 / np.percentile(sharp[glyph > 50], 90), 0, 255)
    found = normalize._sharpen(glyph)
    assert found.dtype == np.uint8
    assert np.abs(found - expected).max() <= 1.1  # levels are cut off, not rounded
    assert found.max() == 255


@pytest.mark.parametrize(("steepest", "sharpened"), [(172, True), (175, False)])
def test_only_edges_softer_than_any_of_mnists_are_sharpened(steepest: int, sharpened: bool) -> None:
    # Stripes of two columns: every inked pixel is as steep, 4 times the step. 0.68 of 255 is 173.4.
    glyph = np.zeros((28, 28), np.uint8)
    glyph[:, 2::4] = glyph[:, 3::4] = steepest
    assert (normalize._sharpen(glyph) is not glyph) == sharpened


@pytest.mark.parametrize("level", [0, 50])
def test_what_is_too_faint_to_have_edges_stays(level: int) -> None:
    glyph = np.full((28, 28), level, np.uint8)
    assert normalize._sharpen(glyph) is glyph


def test_a_bar_far_from_the_edges_fills_the_box_to_its_last_pixel() -> None:
    level = np.zeros((60, 60), np.uint8)
    level[25:35, 10:50] = 200
    glyph = frame_glyph(level, (level > 0).astype(np.uint8))
    assert _box(glyph) == (5, 20)
    assert set(np.unique(glyph)) == {0, 255}  # no paper beside it was scaled with it


def test_ink_paler_than_full_keeps_its_share_of_it() -> None:
    level = np.full((20, 20), 200, np.uint8)
    level[0] = 150
    glyph = frame_glyph(level, np.ones_like(level))
    assert set(np.unique(glyph)) == {0, 191, 255}  # 191 is 255 × 150 / 200


def test_small_glyphs_are_enlarged_smoothly() -> None:
    level = np.array([[255, 255], [255, 255], [255, 0]], np.uint8)
    glyph = frame_glyph(level, (level > 0).astype(np.uint8))
    last = glyph[glyph.any(axis=1)][-1]
    assert len(set(last[last > 0])) > 5  # from ink to paper in steps, not in blocks
