from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from tenfold.evaluation.report.images import AGAINST, ENLARGED, FOR, data_uri, heated, strip


def _pixels(uri: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    head, _, content = uri.partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        return np.asarray(image)


def test_a_picture_comes_back_as_it_went_in() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    assert np.array_equal(_pixels(data_uri(image)), image)


def test_a_strip_has_all_pictures_side_by_side() -> None:
    images = np.stack([np.full((8, 8), value, np.uint8) for value in (10, 20, 30)])
    pixels = _pixels(strip(images))
    assert pixels.shape == (8, 3 * 8 + 2)
    assert pixels[0].tolist() == [*[10] * 8, 128, *[20] * 8, 128, *[30] * 8]
    assert _pixels(strip(np.zeros((2, 28, 28), np.uint8))).shape == (28, 2 * 28 + 2)


def test_heat_is_orange_for_and_blue_against() -> None:
    heat = np.zeros((8, 8))
    heat[1:3, 1:3], heat[5:7, 5:7] = 5, -5
    pixels = _pixels(heated(np.zeros((8, 8), np.uint8), heat)).astype(int)
    assert pixels.shape == (8 * ENLARGED, 8 * ENLARGED, 3)
    warm, cold = pixels[2 * ENLARGED, 2 * ENLARGED], pixels[6 * ENLARGED, 6 * ENLARGED]
    assert warm[0] > 0.8 * FOR[0] > warm[2]
    assert cold[2] > 0.8 * AGAINST[2] > cold[0]
    assert pixels[4 * ENLARGED, 0].max() < 10


def test_no_heat_leaves_the_picture_grey() -> None:
    pixels = _pixels(heated(np.full((8, 8), 200, np.uint8), np.zeros((8, 8))))
    assert (pixels == 120).all()
