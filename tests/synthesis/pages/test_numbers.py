from __future__ import annotations

import itertools

import numpy as np
import pytest

from tenfold.signature import CHARS
from tenfold.synthesis.pages.numbers import amount, date, digits, number


def test_numbers_are_made_of_the_characters_that_are_read() -> None:
    rng = np.random.default_rng(0)
    texts = [number(rng) for _ in range(3000)]
    assert all(texts)
    assert set("".join(texts)) == set(CHARS)


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, two = (np.random.default_rng(3) for _ in range(2))
    assert [number(one) for _ in range(50)] == [number(two) for _ in range(50)]


@pytest.mark.parametrize("count", [1, 4, 11])
def test_so_many_digits(count: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        text = digits(rng, count)
        assert len(text) == count
        assert text.isdigit()


def test_amounts_and_dates_hold_digits_apart() -> None:
    rng = np.random.default_rng(2)
    lengths = set()
    for _ in range(300):
        assert amount(rng)[0].isdigit()
        parts = date(rng).replace("/", ".").replace("-", ".").split(".")
        assert "".join(parts).isdigit()
        lengths.add(tuple(len(part) for part in parts))
    assert lengths == set(itertools.product((1, 2), (1, 2), (2, 4)))
