from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.data.splits import Splits
from tenfold.errors import DataError
from tenfold.reader.networks import bundled_model
from tenfold.samples.framing import are_framed, frame_picture

Pixels = NDArray[np.uint8]


def test_the_digit_is_framed_and_not_what_lies_around_it(photos: list[tuple[Pixels, int]]) -> None:
    framed = []
    for pixels, _ in photos[::6]:
        page = pixels.copy()
        page[:, 2] = page[2] = 255 - page[0, 0]  # two printed rules at the edge
        framed.append(frame_picture(page, "page.png"))
    labels = np.array([label for _, label in photos[::6]])
    assert (bundled_model().predict(np.stack(framed)) == labels).mean() >= 0.8
    assert are_framed(np.stack(framed))


def test_sets_in_mnists_frame_are_told_from_others(large: Splits) -> None:
    images = large.train.images
    assert are_framed(images)
    assert not are_framed(np.roll(images, 5, axis=2))
    assert not are_framed(images[:, 4:24, 4:24].copy())
    assert not are_framed(np.pad(images[:, 4:24:2, 4:24:2], ((0, 0), (9, 9), (9, 9))))
    assert not are_framed(np.zeros((3, 28, 28), np.uint8))


def test_blank_paper_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"blank\.png: there is no ink in it"):
        frame_picture(np.full((60, 60), 240, np.uint8), "blank.png")


def test_the_frame_of_a_small_cell_is_left_out() -> None:
    cell = np.full((40, 40), 175, np.uint8)
    cell[:3], cell[:, :2] = 60, 60
    cell[10:32, 19:22] = 80
    framed = frame_picture(cell, "cell.png")
    assert bundled_model().predict(framed[None])[0] == 1
