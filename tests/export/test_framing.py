from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tenfold.export.framing import NIB, frame_crop, nibs
from tenfold.preprocess.normalize import frame_glyph


def test_dark_ink_and_light_ink_give_the_same_glyph(crops: list[NDArray[np.uint8]]) -> None:
    light = np.pad(np.minimum(crops[0], 200), 3)
    light = light if np.median(light) < 128 else 255 - light
    np.testing.assert_array_equal(frame_crop(light), frame_crop(np.asarray(255 - light)))


def test_it_is_our_framing_of_the_ink() -> None:
    crop = np.full((50, 40), 240, np.uint8)
    crop[10:40, 15:25] = 40
    ink = np.asarray(240 - crop, np.uint8)
    np.testing.assert_array_equal(frame_crop(crop), frame_glyph(ink, (ink > 84).astype(np.uint8)))


def test_flat_paper_is_black() -> None:
    crop = np.full((30, 30), 200, np.uint8)
    crop[10:20, 10:20] = 196  # grain
    assert not frame_crop(crop).any()


def test_nibs_grow() -> None:
    sizes = nibs().sum(axis=(1, 2)).tolist()
    assert sizes[0] == 1
    assert sizes == sorted(sizes)
    assert nibs().shape[1:] == (NIB, NIB)
