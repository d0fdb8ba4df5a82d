from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator

from tenfold.synthesis.pages import letters
from tenfold.synthesis.pages.strokes import Floats, rasterise

MAKERS: dict[str, Callable[[Generator], list[Floats]]] = {
    "word": lambda rng: letters.word(rng, letters.random_word(rng)),
    "scribble": letters.scribble,
    "doodle": letters.doodle,
    "signature": letters.signature,
    "foreign_number": lambda rng: letters.foreign_number(rng, int(rng.integers(1, 7))),
}


@pytest.mark.parametrize("name", MAKERS)
def test_strokes_begin_at_the_left_and_keep_to_the_size_of_a_line(name: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(150):
        strokes = MAKERS[name](rng)
        points = np.vstack(strokes)
        assert all(s.dtype == np.float32 and s.ndim == 2 and s.shape[1] == 2 for s in strokes)
        assert np.isfinite(points).all()
        assert abs(points[:, 0].min()) < 1e-4
        assert points[:, 1].min() > -1.0
        assert points[:, 1].max() < 2.6
        assert rasterise([s * np.float32(30) for s in strokes], 2.5)[0].max() == 255


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_generator_gives_the_same_strokes(name: str) -> None:
    one, two = (MAKERS[name](np.random.default_rng(7)) for _ in range(2))
    assert len(one) == len(two) > 0
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_every_letter_of_every_word_can_be_written() -> None:
    signs = set("$€#&@!?*£")
    known = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") | signs
    for letter in sorted(known | set("".join(letters.words())) | set("ÄÖÜéèñçąęåøł")):
        assert letters.word(np.random.default_rng(1), letter), letter


def test_a_text_without_letters_has_no_strokes() -> None:
    assert letters.word(np.random.default_rng(1), "") == []
    assert letters.word(np.random.default_rng(1), "0123456789 ") == []


def test_longer_words_are_longer_and_gaps_separate_them() -> None:
    def width(text: str) -> float:
        return float(np.vstack(letters.word(np.random.default_rng(5), text))[:, 0].max())

    assert width("name") < width("name name")
    assert width("name") + 2 < width("name" * 4)


def test_some_words_are_joined() -> None:
    counts = {len(letters.word(np.random.default_rng(seed), "nunc")) for seed in range(40)}
    assert {4, 7} <= counts  # three joints between four letters of one stroke each


def test_what_looks_like_a_digit_stands_in_words_alone() -> None:
    rng = np.random.default_rng(3)
    for _ in range(6000):
        text = letters.random_word(rng)
        assert not re.search(r"\d", text)
        for run in re.findall(r"[^\W\d_]+", text):
            assert len(run) > 2 or not set(run) & set("OolISsZzBbgq"), text
            assert not set(run) <= letters.EXACT, text


@pytest.mark.parametrize("script", ["arabic", "persian", "devanagari"])
def test_scripts_have_ten_digits(script: str) -> None:
    assert set(letters._book()[script]) == set("0123456789")


def test_persian_differs_in_four_five_and_six() -> None:
    book = letters._book()
    changed = {d for d in "0123456789" if book["persian"][d] is not book["arabic"][d]}
    assert changed == set("456")


@pytest.mark.parametrize("count", [0, 1, 2, 5, 9])
def test_foreign_numbers_have_so_many_digits(count: int) -> None:
    for seed in range(30):
        strokes = letters.foreign_number(np.random.default_rng(seed), count)
        assert count <= len(strokes) <= 3 * count
