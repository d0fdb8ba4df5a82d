from __future__ import annotations

import numpy as np
import pytest

from tenfold.errors import DataError, UsageError
from tenfold.preprocess.geometry import Region, check_region, crop, parse_region, turn
from tenfold.preprocess.image import Picture, open_picture


def _where(picture: Picture) -> tuple[float, float]:
    """Where in the whole upright picture the dark spot is, in its pixels: x, y."""
    ys, xs = np.nonzero(picture.pixels < 100)
    return (
        float(xs.mean() + 0.5) * picture.scale + picture.left,
        float(ys.mean() + 0.5) * picture.scale + picture.top,
    )


@pytest.fixture
def page() -> Picture:
    """2000 × 1000, a dark spot at x 1500, y 300."""
    pixels = np.full((1000, 2000), 255, np.uint8)
    pixels[290:310, 1490:1510] = 0
    return open_picture(pixels, "page", side=None)


def test_a_region_keeps_its_place_on_the_page(page: Picture) -> None:
    part = crop(page, (0.6, 0.2, 0.3, 0.3))
    assert part.pixels.shape == (300, 600)
    assert (part.width, part.height, part.left, part.top, part.scale) == (2000, 1000, 1200, 200, 1)
    assert _where(part) == (1500, 300)


def test_a_large_region_is_reduced(page: Picture) -> None:
    part = crop(page, (0.05, 0, 0.95, 1))
    assert part.pixels.shape == (842, 1600)
    assert part.scale == pytest.approx(1900 / 1600)
    assert _where(part) == pytest.approx((1500, 300), abs=2)


@pytest.mark.parametrize("region", [None, (0.6, 0.2, 0.3, 0.3), (0.5, 0.0, 0.5, 0.8)])
def test_places_turn_with_the_picture(page: Picture, region: Region | None) -> None:
    part = page if region is None else crop(page, region)
    for degrees, size, place in (
        (0, (2000, 1000), (1500, 300)),
        (90, (1000, 2000), (700, 1500)),
        (180, (2000, 1000), (500, 700)),
        (270, (1000, 2000), (300, 500)),
    ):
        turned = turn(part, degrees)
        assert (turned.width, turned.height) == size
        assert _where(turned) == pytest.approx(place, abs=1)
        assert turned.pixels.flags.c_contiguous


def test_a_reduced_picture_begins_at_its_corner_however_it_is_turned() -> None:
    picture = open_picture(np.full((1501, 2999), 255, np.uint8))
    for degrees in (0, 90, 180, 270):
        turned = turn(picture, degrees)
        assert (turned.left, turned.top) == (0, 0)


def test_the_whole_page_is_a_region(page: Picture) -> None:
    assert parse_region("0,0,1,1") == (0, 0, 1, 1)
    assert check_region((0.7, 0.1, 0.3, 0.9)) == (0.7, 0.1, 0.3, 0.9)  # 0.7 + 0.3 > 1 by rounding
    part = crop(page, (0.7, 0.1, 0.3, 0.9))
    assert part.pixels.shape == (900, 600)


@pytest.mark.parametrize(
    "text",
    ["", "0.1,0.2,0.3", "a,b,c,d", "0,0,0,1", "0,0,1,-1", "0.5,0,0.6,1", "-0.1,0,1,1", "0,0,nan,1",
     "10,20,30,40"],
)  # fmt: skip
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"region is .*shares of the page"):
        parse_region(text)


def test_a_region_of_a_few_pixels_is_too_small(page: Picture) -> None:
    with pytest.raises(DataError, match="page: the region holds 6×5 pixels, too few to read"):
        crop(page, (0.5, 0.5, 0.003, 0.005))
