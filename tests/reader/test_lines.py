from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.reader.find import Found
from tenfold.reader.lines import columns, cut, group, parts, whole
from tenfold.signature import DIGIT, DIGIT_KINDS, HAND, STRIP


def _found(x: float, y: float, height: float = 30.0) -> Found:
    kinds = np.eye(len(DIGIT_KINDS), dtype=np.float32)[DIGIT_KINDS.index(HAND)]
    chances = np.full(10, 0.1, np.float32)
    return Found(x - height / 3, y - height / 2, height / 1.5, height, 0.9, chances, kinds, 0)


def _middles(lines: list[list[Found]]) -> list[list[int]]:
    return [[round(f.middle[0]) for f in line] for line in lines]


def test_lines_come_from_top_to_bottom_and_left_to_right() -> None:
    found = [_found(x, y) for y in (200, 100, 50) for x in (90, 30, 60)]
    lines = group(found)
    assert _middles(lines) == [[30, 60, 90]] * 3
    assert [round(line[0].middle[1]) for line in lines] == [50, 100, 200]


@pytest.mark.parametrize("slope", [-0.25, 0.0, 0.25])
def test_slanting_lines_stay_together(slope: float) -> None:
    found = [_found(x, 200 + row * 60 + slope * x) for row in range(3) for x in range(30, 400, 40)]
    assert [len(line) for line in group(found)] == [10, 10, 10]


def test_a_wide_gap_does_not_end_a_line() -> None:
    found = [_found(x, 50) for x in (30, 60, 700, 730)] + [_found(x, 110) for x in (40, 70)]
    assert _middles(group(found)) == [[30, 60, 700, 730], [40, 70]]


def test_a_large_number_beside_small_print_is_a_line_of_its_own() -> None:
    found = [_found(x, 60, 12) for x in range(20, 200, 12)] + [
        _found(x, 60, 60) for x in (300, 350)
    ]
    assert sorted(len(line) for line in group(found)) == [2, 15]


def test_many_digits_are_grouped_in_bounded_time() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform((0, 0, 10), (1600, 1600, 30), (1200, 3))
    found = [_found(float(x), float(y), float(height)) for x, y, height in places]
    assert sum(map(len, group(found))) == 1200


def test_parts_are_cut_at_wide_gaps_and_keep_clear_of_each_other() -> None:
    line = [_found(x, 50) for x in (30, 60, 300, 330)]
    first, second = parts(line, 2.0, 400.0)
    assert (len(first.found), len(second.found)) == (2, 2)
    assert first.end <= second.found[0].x
    assert first.start == 0.0
    assert len(parts(line, np.inf, 400.0)) == 1


@pytest.mark.parametrize("slope", [0.0, 0.3])
@pytest.mark.parametrize("factor", [1.0, 0.84])
def test_strips_are_straight_and_of_one_size(slope: float, factor: float) -> None:
    page = np.full((400, 600), 255, np.uint8)
    xs = range(100, 460, 40)
    for x in xs:  # bars as high as a digit
        y = round(100 + slope * x)
        page[y - 20 : y + 20, x - 4 : x + 4] = 0
    line = [_found(x, 100 + slope * x, 40) for x in xs]
    (part,) = parts(line, 3.0, 600.0)
    strip, scale = cut(page, part, factor)
    assert strip.shape[0] == STRIP
    assert strip.shape[1] % 4 == 0
    assert scale == pytest.approx(DIGIT * factor / 40, rel=0.01)
    rows = np.flatnonzero((strip < 128).sum(axis=1) > 8)
    assert rows[-1] - rows[0] + 1 == pytest.approx(DIGIT * factor, abs=4)
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(STRIP / 2, abs=2)


@pytest.mark.parametrize(("apart", "lines"), [(5.5, 3), (7, 6)])
def test_what_stands_within_six_heights_tells_a_lines_direction(apart: float, lines: int) -> None:
    # The right digits lie lower by more than half a height: one line with the left if all slant.
    found = [_found(100, 100 + 150 * row) for row in range(3)]
    found += [_found(100 + 30 * apart, 124 + 150 * row) for row in range(3)]
    assert len(group(found)) == lines


@pytest.mark.parametrize(("off", "lines"), [(0.45, 1), (0.55, 2)])
def test_neighbours_half_a_height_lower_are_of_another_line(off: float, lines: int) -> None:
    assert len(group([_found(100, 100), _found(140, 100 + 30 * off)])) == lines


@pytest.mark.parametrize(("height", "lines"), [(62, 1), (70, 2)])
def test_digits_more_than_twice_as_high_are_of_another_line(height: float, lines: int) -> None:
    assert len(group([_found(100, 100), _found(160, 100, height)])) == lines


@pytest.mark.parametrize(("step", "lines"), [(21, 1), (15, 2)])
def test_neighbours_may_lie_on_each_other_by_most_of_a_height(step: float, lines: int) -> None:
    wide = [replace(_found(x, 100), x=x - 21, width=42.0) for x in (100, 100 + step)]
    assert len(group(wide)) == lines  # they share 0.7 of a height, and 0.9


@pytest.mark.parametrize(("slope", "joined"), [(0.12, True), (0.14, False)])
def test_a_line_may_bend_away_from_the_pages_direction_but_not_far(
    slope: float, joined: bool
) -> None:
    straight = [_found(x, y) for y in (300, 400) for x in range(100, 250, 30)]
    bent = [_found(100 + 30 * k, 100 + 0.16 * 30 * k) for k in range(4)]
    further = _found(145 + 300, 100 + 0.16 * 45 + slope * 300)  # ten heights from their middle
    lines = group([*straight, *bent, further])
    assert len(lines) == (3 if joined else 4)


@pytest.mark.parametrize(("aside", "shown"), [(1.0, True), (1.3, False)])
def test_a_strip_shows_a_digits_height_of_paper_beyond_its_digits(
    aside: float, shown: bool
) -> None:
    page = np.full((100, 300), 255, np.uint8)
    left = 150 - 10 - round(30 * aside)
    page[40:60, left - 1 : left + 2] = 0  # what the finder missed
    (part,) = parts([_found(150, 50)], 2.0, 300.0)
    assert bool(cut(page, part, 1.0)[0].min() < 128) == shown


def test_a_strip_reaches_as_far_to_the_right_as_to_the_left() -> None:
    (part,) = parts([_found(150, 50)], 2.0, 300.0)
    assert part.found[0].x - part.start == part.end - part.found[0].right


@pytest.mark.parametrize(("wide", "squeezed"), [(2200, False), (2600, True)])
def test_a_line_of_more_than_a_hundred_digits_is_squeezed(wide: int, squeezed: bool) -> None:
    page = np.full((60, wide), 255, np.uint8)
    (part,) = parts([_found(10, 30), _found(wide - 10, 30)], np.inf, float(wide))
    strip, scale = cut(page, part, 1.0)
    assert (scale < DIGIT / 30) == squeezed
    assert (strip.shape[1] < wide) == squeezed
    assert strip.shape[1] == columns(part)


def test_where_nothing_was_found_digits_are_taken_to_fill_three_fifths_of_a_line() -> None:
    page = np.full((100, 300), 255, np.uint8)
    page[20:80, 140:160] = 0
    strip, _ = cut(page, whole([], page), 1.0)
    assert (strip.min(axis=1) < 128).sum() == pytest.approx(DIGIT, rel=0.1)


@pytest.mark.parametrize("lean", [0.3, -0.3])
def test_a_stroke_is_made_to_lean_to_the_right_about_the_middle_of_the_line(lean: float) -> None:
    page = np.full((100, 300), 255, np.uint8)
    page[35:65, 149:152] = 0
    (part,) = parts([_found(150, 50)], 2.0, 300.0)
    upright, leaning = cut(page, part, 1.0)[0], cut(page, part, 1.0, lean)[0]

    def at(strip: NDArray[np.uint8], row: int) -> float:
        return float(np.average(np.arange(strip.shape[1]), weights=255.0 - strip[row]))

    middle = at(upright, STRIP // 2)
    assert at(leaning, STRIP // 2) == pytest.approx(middle, abs=0.7)
    assert at(leaning, STRIP // 2 - 10) == pytest.approx(middle + 10 * lean, abs=0.7)
    assert at(leaning, STRIP // 2 + 10) == pytest.approx(middle - 10 * lean, abs=0.7)
