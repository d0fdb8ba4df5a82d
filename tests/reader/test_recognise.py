from __future__ import annotations

import itertools

import numpy as np
import pytest

from tenfold.reader.networks import bundled_line
from tenfold.reader.recognise import (
    BEAM,
    align,
    frames_of,
    probability,
    search,
    spell,
    together,
)
from tenfold.signature import CHARS


def _frames(text: str, sure: float = 0.9, blanks: int = 1) -> np.ndarray:
    """Frames that spell a text, `-` for the blank, the rest shared among all."""
    rows = []
    for char in text:
        row = np.full(1 + len(CHARS), (1 - sure) / len(CHARS))
        row[0 if char == "_" else CHARS.index(char) + 1] = sure
        rows += [row] * blanks
    return np.log(np.array(rows, np.float32))


@pytest.mark.parametrize(
    ("frames", "text"),
    [("_4_0_7_", "407"), ("__44__4__", "44"), ("4477", "47"), ("____", ""), ("_1_2_._5_", "12.5")],
)
def test_frames_are_spelled(frames: str, text: str) -> None:
    spelled = spell([_frames(frames)])
    assert spelled.text == text
    assert len(spelled.spans) == len(text) == len(spelled.probabilities)
    assert 0 < spelled.probability <= 1
    assert [a < b for a, b in spelled.spans] == [True] * len(text)


def test_the_probability_of_a_string_sums_all_ways_to_spell_it() -> None:
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.ones(1 + len(CHARS)), 4).astype(np.float32)
    target = "12"

    def collapsed(path: tuple[int, ...]) -> str:
        return "".join(CHARS[k - 1] for k, _ in itertools.groupby(path) if k)

    symbols = [0, 2, 3, 9]  # the blank, 1, 2 and 8: enough to try all paths of them
    some = np.zeros_like(chances)
    some[:, symbols] = chances[:, symbols]
    some /= some.sum(axis=1, keepdims=True)
    total = sum(
        float(np.prod([some[t, k] for t, k in enumerate(path)]))
        for path in itertools.product(symbols, repeat=4)
        if collapsed(path) == target
    )
    with np.errstate(divide="ignore"):
        assert probability(np.log(some), target) == pytest.approx(np.log(total), rel=1e-4)


def test_the_beam_finds_what_single_frames_hide() -> None:
    # The blank leads in both frames, yet "7" is likelier than nothing: 1 − 0.55² against 0.55².
    row = np.full(1 + len(CHARS), 1e-6)
    row[0], row[CHARS.index("7") + 1] = 0.55, 0.45
    frames = np.log(np.array([row, row], np.float32))
    assert search(frames, 4)[0][0] == "7"


def test_alignment_places_each_character_where_it_is_surest() -> None:
    spans, surest = align(_frames("__4___7__"), "47")
    assert surest == [2, 6]
    assert spans[0][1] <= spans[1][0]


def test_views_of_one_part_are_averaged_at_the_first_ones_frames() -> None:
    wide, narrow = _frames("__4__7__", blanks=2), _frames("__4__7__")
    joined = together([wide, narrow])
    assert joined.shape == wide.shape
    assert spell([joined]).text == "47"
    np.testing.assert_allclose(np.exp(joined).sum(axis=1), 1, rtol=1e-4)


def test_the_bundled_recogniser_takes_strips_of_any_width() -> None:
    strips = [np.full((48, width), 200, np.uint8) for width in (16, 64, 128)]
    for strip, frames in zip(strips, frames_of(strips, bundled_line()), strict=True):
        assert frames.shape == (strip.shape[1] // 2, 1 + len(CHARS))
        assert spell([frames]).text == ""


def test_heights_are_heard_as_strings_whose_probabilities_are_averaged() -> None:
    four, nine = _frames("__4__7__"), _frames("__9__7__")
    both = spell([four, nine, nine])
    assert both.text == "97"
    alone = spell([nine]).probability
    assert both.probability == pytest.approx(2 / 3 * alone, rel=0.05)  # one of three says 47
    # A digit whose frames do not lie on each other is not lost.
    apart = spell([_frames("__4____"), _frames("____4__")])
    assert apart.text == "4"


def _frame(chances: dict[str, float], blank: float) -> np.ndarray:
    """One frame of so probable characters and blank."""
    row = np.full(1 + len(CHARS), 1e-9)
    row[0] = blank
    for char, chance in chances.items():
        row[CHARS.index(char) + 1] = chance
    return np.log(np.array([row], np.float32))


@pytest.mark.parametrize(("chance", "tried"), [(0.0009, False), (0.0011, True)])
def test_a_character_of_less_than_a_thousandth_is_not_tried(chance: float, tried: bool) -> None:
    found = search(_frame({"7": chance}, 1 - chance), BEAM)
    assert ("7" in [text for text, _ in found]) == tried


@pytest.mark.parametrize(("likelier", "heard"), [(5, True), (6, False)])
def test_each_height_has_six_strings_to_say(likelier: int, heard: bool) -> None:
    # Each height puts others before the 9, so it is the likeliest of all where both may say it.
    first, second = "0123456", ".,-/:+="
    own = 0.9 / (likelier + 1)
    views = [
        _frame(dict.fromkeys(others[:likelier], own + 0.001) | {"9": own - 0.001}, 0.05)
        for others in (first, second)
    ]
    assert (spell(views).text == "9") == heard


@pytest.mark.parametrize(("chance", "as_good_as_impossible"), [(1.15e-12, False), (0.85e-12, True)])
def test_a_string_of_a_millionth_millionth_is_as_good_as_impossible(
    chance: float, as_good_as_impossible: bool
) -> None:
    count = 1400  # as many frames as a long line's, each blank rather than not
    blank = chance ** (1 / count)
    frames = np.full((count, 1 + len(CHARS)), (1 - blank) / len(CHARS))
    frames[:, 0] = blank
    spelled = spell([np.log(frames).astype(np.float32)])
    assert spelled.text == ""
    assert (spelled.log_probability > np.log(chance) + 0.01) == as_good_as_impossible
