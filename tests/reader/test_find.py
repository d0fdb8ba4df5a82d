from __future__ import annotations

import numpy as np
import pytest

from tenfold.reader import find
from tenfold.reader.find import Found, scales
from tenfold.reader.networks import bundled_finder
from tenfold.reader.settings import SETTINGS
from tenfold.signature import DIGIT_KINDS, HAND, PLACES, PRINT, planes


def _network(peaks: list[tuple[int, int, float]]) -> find.Network:
    """Give heat at places (row, column, logit) of the first level alone; digits 20 by 32 pixels."""
    seen: list[tuple[int, ...]] = []

    def network(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        height, width = x.shape[2:]
        kinds = np.full((5, height // 2, width // 2), -8, np.float32)
        places = np.zeros((PLACES, height // 4, width // 4), np.float32)
        places[0] = -8
        places[3], places[4] = np.log(20), np.log(32)
        if not seen:
            kinds[HAND] = 4
            for row, column, heat in peaks:
                places[0, row, column] = heat
                places[5 + 7, row, column] = 9
        seen.append(x.shape)
        return kinds, places

    return network


def test_planes_show_faint_ink_as_strong() -> None:
    grey = np.full((64, 64), 200, np.uint8)
    faint = grey.copy()
    faint[30:34] = 190
    first, second = planes(np.where(faint < 195, 60, grey).astype(np.uint8)), planes(faint)
    assert first.shape == (2, 64, 64)
    assert second[1, 31, 31] < -0.4
    assert second[0, 31, 31] == pytest.approx(190 / 255 - 0.5)


def test_scales_never_enlarge_by_more_than_two_and_a_half() -> None:
    assert scales(np.zeros((100, 400), np.uint8), (768, 192)) == [1.92, 0.48]
    assert scales(np.zeros((40, 60), np.uint8), (768, 384)) == [2.5]


def test_peaks_become_boxes_in_pixels_of_the_picture() -> None:
    grey = np.full((192, 384), 255, np.uint8)
    seen = find.find(grey, _network([(20, 10, 4.0), (20, 60, 2.0)]), (768,), 0.3, 0.45)
    assert [round(f.middle[0]) for f in seen.found] == [21, 121]
    first = seen.found[0]
    assert (first.width, first.height) == pytest.approx((10, 16))
    assert (first.kind, int(first.digits.argmax())) == (HAND, 7)
    assert first.score > seen.found[1].score > 0.3


def test_of_two_boxes_on_one_digit_the_surer_stays() -> None:
    grey = np.full((192, 384), 255, np.uint8)
    seen = find.find(
        grey, _network([(20, 10, 4.0), (22, 10, 2.0), (20, 17, 2.0)]), (768,), 0.3, 0.45
    )
    assert len(seen.found) == 2
    assert max(f.score for f in seen.found) > 0.9


def test_a_texture_gives_no_more_than_can_be_read() -> None:
    heat = [(row, column, 3.0) for row in range(2, 190, 4) for column in range(2, 190, 4)]
    grey = np.full((768, 768), 255, np.uint8)
    seen = find.find(grey, _network(heat), (768,), 0.3, 0.9)
    assert 0 < len(seen.found) <= find.MOST


@pytest.mark.parametrize(("side", "all_of_them"), [(33, True), (38, False)])
def test_a_thousand_digits_are_found_and_of_half_as_many_again_the_surest(
    side: int, all_of_them: bool
) -> None:
    places = [(2 + 4 * (k // side), 2 + 4 * (k % side)) for k in range(side * side)]
    heat = [(row, column, 3.0 if k else 1.0) for k, (row, column) in enumerate(places)]
    grey = np.full((768, 768), 255, np.uint8)
    seen = find.find(grey, _network(heat), (768,), 0.3, 0.9)
    assert len(seen.found) == (side * side if all_of_them else pytest.approx(1200, rel=0.1))
    assert (min(f.score for f in seen.found) < 0.8) == all_of_them


@pytest.mark.parametrize(("inside", "count"), [(0.6, 2), (0.7, 1)])
def test_a_box_of_which_two_thirds_lie_inside_a_larger_one_is_a_part_of_it(
    inside: float, count: int
) -> None:
    def network(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        height, width = x.shape[2:]
        places = np.zeros((PLACES, height // 4, width // 4), np.float32)
        places[0] = -8
        for column, heat, side in ((30, 4.0, 80.0), (45, 2.0, 40.0)):
            places[0, 24, column] = heat
            places[3:5, 24, column] = np.log(side)
        # From 122, where the large one is in the middle, 40 to its edge: the small one's middle.
        places[1, 24, 45] = (122 + 40 + 20 - 40 * inside) / 4 - 45.5
        return np.full((5, height // 2, width // 2), -8, np.float32), places

    grey = np.full((192, 384), 255, np.uint8)
    seen = find.find(grey, network, (384,), 0.3, SETTINGS.overlap)
    assert len(seen.found) == count


@pytest.mark.parametrize(("smaller", "height"), [(0.47, 64.0), (0.53, 64 - 0.4 * 0.47 * 64)])
def test_a_digits_box_is_the_mean_of_those_that_show_it(smaller: float, height: float) -> None:
    def network(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = x.shape[2] // 4, x.shape[3] // 4
        places = np.zeros((PLACES, rows, columns), np.float32)
        places[0] = -8
        for column, score, tall in ((30, 0.9, 64.0), (33, 0.6, smaller * 64)):
            places[0, 24, column] = np.log(score / (1 - score))
            places[3:5, 24, column] = np.log(40), np.log(tall)
        places[1, 24, 33] = -3  # both have their middle at one place
        return np.full((5, 2 * rows, 2 * columns), -8, np.float32), places

    grey = np.full((192, 384), 255, np.uint8)
    (found,) = find.find(grey, network, (384,), 0.3, SETTINGS.overlap).found
    assert found.height == pytest.approx(height, rel=0.01)
    assert found.middle == pytest.approx((122, 98))


def test_what_kind_of_ink_a_digit_is_all_decide_that_show_it() -> None:
    def network(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = x.shape[2] // 4, x.shape[3] // 4
        places = np.zeros((PLACES, rows, columns), np.float32)
        places[0] = -8
        for column, score, hand in ((30, 0.9, 0.6), (33, 0.6, 0.01)):
            places[0, 24, column] = np.log(score / (1 - score))
            places[3:5, 24, column] = np.log(40), np.log(64)
            places[15:, 24, column] = np.log([hand, 1 - hand, 1e-6, 1e-6])
        places[1, 24, 33] = -3  # both have their middle at one place
        return np.full((5, 2 * rows, 2 * columns), -8, np.float32), places

    grey = np.full((192, 384), 255, np.uint8)
    (found,) = find.find(grey, network, (384,), 0.3, SETTINGS.overlap).found
    assert found.kind == PRINT
    # By shares of 0.6 and 0.4: 0.6 ** 0.6 * 0.01 ** 0.4 for a hand, 0.4 ** 0.6 * 0.99 ** 0.4 not.
    assert found.kinds[0] == pytest.approx(0.168, abs=0.005)
    assert found.kinds.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(50, 384), (101, 200), (384, 33), (16, 16)])
def test_the_network_sees_sides_that_it_can_halve_four_times(shape: tuple[int, int]) -> None:
    shown: list[tuple[int, ...]] = []
    inner = _network([])

    def network(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shown.append(x.shape[2:])
        return inner(x)

    find.find(np.full(shape, 255, np.uint8), network, (max(shape),), 0.3, 0.3)
    ((height, width),) = shown
    assert height % 16 == width % 16 == 0
    assert 0 <= height - shape[0] < 16
    assert 0 <= width - shape[1] < 16


def test_the_bundled_finder_takes_any_size() -> None:
    for height, width in ((96, 96), (16, 160), (192, 64)):
        kinds, places = bundled_finder()(np.zeros((1, 2, height, width), np.float32))
        assert kinds.shape == (5, height // 2, width // 2)
        assert places.shape == (PLACES, height // 4, width // 4)


def found_at(
    x: float, y: float, height: float = 30.0, score: float = 0.9, kind: int = HAND
) -> Found:
    kinds = np.eye(len(DIGIT_KINDS), dtype=np.float32)[DIGIT_KINDS.index(kind)]
    digits = np.full(10, 0.1, np.float32)
    return Found(x - height / 3, y - height / 2, height / 1.5, height, score, digits, kinds, 0)
