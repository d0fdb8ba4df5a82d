from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import log_softmax

from tenfold.reader.ctc import (
    BEAM,
    LEAST,
    align,
    frames_of,
    probability,
    search,
    spell,
    together,
)
from tenfold.reader.networks import bundled_line
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


# A few frames of four classes (the blank, 1, 2 and 8): all their paths can be tried.
SYMBOLS = [0, 2, 3, 9]
Path = tuple[int, ...]


def _few_symbols(seed: int, count: int = 4) -> np.ndarray:
    """Log-probabilities of so many frames, of SYMBOLS alone."""
    frames = np.full((count, 1 + len(CHARS)), -np.inf)
    chances = np.random.default_rng(seed).dirichlet(np.ones(len(SYMBOLS)), count)
    frames[:, SYMBOLS] = np.log(np.maximum(chances, 0.01))
    return frames


def _collapsed(path: Path) -> str:
    return "".join(CHARS[k - 1] for k, _ in itertools.groupby(path) if k)


def _paths(frames: np.ndarray, least: float = 0.0) -> dict[str, dict[Path, float]]:
    """Every string, and the probability of every path that spells it.

    Characters less probable than the least are left out, as the search leaves them out.
    """
    found: dict[str, dict[Path, float]] = {}
    for path in itertools.product(SYMBOLS, repeat=len(frames)):
        chances = [float(np.exp(frames[t, k])) for t, k in enumerate(path)]
        if all(p > least or not k for p, k in zip(chances, path, strict=True)):
            found.setdefault(_collapsed(path), {})[path] = float(np.prod(chances))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_probability_of_a_string_sums_all_ways_to_spell_it(seed: int) -> None:
    frames = _few_symbols(seed)
    paths = _paths(frames)
    assert {"", "1", "11", "12", "121", "1281"} < paths.keys()
    for text, own in paths.items():
        assert probability(frames, text) == pytest.approx(np.log(sum(own.values())))
    assert probability(frames, "1111") == -np.inf  # a double takes a blank between


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_wide_enough_finds_every_string_the_likeliest_first(seed: int) -> None:
    frames = _few_symbols(seed, 5)
    frames[2] = np.log(1e-4)  # nothing but the blank in the middle: 1 and 1 are two ones
    frames[2, 0] = np.log(0.999)
    expected = {text: sum(own.values()) for text, own in _paths(frames, LEAST).items()}
    found = search(frames, 10_000)
    possible = {text: float(np.exp(p)) for text, p in found if p > -np.inf}
    assert possible == pytest.approx(expected)
    assert list(possible) == sorted(expected, key=lambda text: -expected[text])
    assert len(search(frames, 3)) == 3
    assert search(frames, 60)[0] == pytest.approx(found[0])


def test_the_beam_finds_what_single_frames_hide() -> None:
    # The blank leads in both frames, yet "7" is likelier than nothing: 1 − 0.55² against 0.55².
    row = np.full(1 + len(CHARS), 1e-6)
    row[0], row[CHARS.index("7") + 1] = 0.55, 0.45
    frames = np.log(np.array([row, row], np.float32))
    assert search(frames, 4)[0][0] == "7"


def test_long_strings_are_aligned_as_well() -> None:
    text = "1203456789" * 10  # more states than an int8 counts
    spans, surest = align(_frames("_".join(text)), text)
    assert surest == list(range(0, 2 * len(text), 2))
    assert len(spans) == len(text)


def test_alignment_places_each_character_where_it_is_surest() -> None:
    spans, surest = align(_frames("__4___7__"), "47")
    assert surest == [2, 6]
    assert spans[0][1] <= spans[1][0]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("text", ["1", "12", "11", "128"])
def test_alignment_is_the_likeliest_of_all_paths(text: str, seed: int) -> None:
    frames = _few_symbols(seed, 5)
    own = _paths(frames)[text]
    best = max(own, key=lambda path: own[path])
    runs, at = [], 0
    for k, run in itertools.groupby(best):
        length = len(list(run))
        if k:
            runs.append((at, at + length, k))
        at += length
    spans, surest = align(frames, text)
    assert spans == [(2.0 * first, 2.0 * end) for first, end, _ in runs]
    assert surest == [first + int(frames[first:end, k].argmax()) for first, end, k in runs]


def test_characters_that_have_no_frame_of_their_own_share_one() -> None:
    assert align(_frames("1"), "12") == ([(0.0, 2.0)] * 2, [0, 0])
    assert align(_frames("1"), "") == ([], [])


def test_views_of_one_part_are_averaged_at_the_first_ones_frames() -> None:
    rng = np.random.default_rng(0)
    views = [log_softmax(rng.normal(0, 3, (count, 21)), axis=1) for count in (8, 5, 12)]
    # Frame k of eight has its middle at (k + 1/2) / 8 of the strip.
    shares = (np.arange(8) + 0.5) / 8
    mean = np.mean(
        [
            [np.interp(shares * len(own) - 0.5, np.arange(len(own)), own[:, k]) for k in range(21)]
            for own in views
        ],
        axis=0,
    )
    joined = together([own.astype(np.float32) for own in views])
    assert joined.dtype == np.float32
    np.testing.assert_allclose(joined, log_softmax(mean.T, axis=1), atol=1e-5)
    assert spell([together([_frames("__4__7__", blanks=2), _frames("__4__7__")])]).text == "47"


def test_frames_are_log_probabilities_and_end_with_their_strip() -> None:
    logits = np.random.default_rng(0).normal(0, 5, (2, 32, 21)).astype(np.float32)
    shown: list[tuple[int, ...]] = []

    def network(strips: np.ndarray) -> np.ndarray:
        shown.append(strips.shape)
        return logits

    narrow, wide = frames_of([np.zeros((48, width), np.uint8) for width in (40, 64)], network)
    assert shown == [(2, 1, 48, 64)]
    assert narrow.dtype == wide.dtype == np.float32
    np.testing.assert_allclose(narrow, log_softmax(logits[0, :20], axis=1), atol=1e-5)
    np.testing.assert_allclose(wide, log_softmax(logits[1], axis=1), atol=1e-5)


def test_a_spelled_string_says_what_all_views_say_and_where_the_first_sees_it() -> None:
    blank = _frame({}, 1)
    views = [
        np.vstack([blank, _frame({"4": sure}, 1 - sure), *[blank] * gap, _frame({"7": 0.9}, 0.1)])
        for sure, gap in ((0.8, 3), (0.6, 1))
    ]
    spelled = spell(views)
    assert spelled.text == "47"
    # Each digit has one frame, so a view's probability is their product.
    assert spelled.probability == pytest.approx(0.7 * 0.9, rel=1e-5)
    assert spelled.log_probability == pytest.approx(np.log(0.7 * 0.9), rel=1e-5)
    assert spelled.spans == [(2, 4), (10, 12)]
    four, seven = CHARS.index("4") + 1, CHARS.index("7") + 1
    assert spelled.probabilities.shape == (2, 21)
    np.testing.assert_allclose(spelled.probabilities[[0, 1], [four, seven]], [0.7, 0.9], rtol=1e-5)
    np.testing.assert_allclose(spelled.probabilities[:, 0], [0.3, 0.1], rtol=1e-5)


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
