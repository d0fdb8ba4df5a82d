from __future__ import annotations

from statistics import fmean

import pytest

from tenfold.evaluation.metrics.text import (
    by_source,
    character_error_rate,
    digits_of,
    edit_distance,
    exact_match,
)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("", "12", 2), ("12", "", 2), ("123", "23", 1), ("15", "51", 2), ("9", "9", 0)],
)
def test_edit_distance_by_hand(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edits


def test_digits_alone_are_kept_and_lines_that_have_any() -> None:
    assert digits_of("12.30-\n\nno 7 8") == "1230|78"
    assert digits_of("-\n") == ""


def test_the_character_error_rate_counts_the_line_separator() -> None:
    assert character_error_rate(["1|2"], ["12"]) == 1 / 3
    assert character_error_rate(["12"], ["1|2"]) == 1 / 2
    assert character_error_rate(["12|345", "6"], ["12|345", "7"]) == 1 / 7


def test_what_is_read_in_blank_images_counts() -> None:
    assert character_error_rate(["", ""], ["", "123"]) == 3
    assert character_error_rate([""], [""]) == 0


def test_every_source_counts_alike() -> None:
    sources, truths, texts = ["b", "a", "a"], ["12", "3456", "78"], ["13", "3456", "78"]
    assert by_source(exact_match, sources, truths, texts) == {"a": 1.0, "b": 0.0}
    errors = by_source(character_error_rate, sources, truths, texts)
    assert errors == {"a": 0.0, "b": 0.5}
    assert fmean(errors.values()) == 0.25
    assert character_error_rate(truths, texts) == 1 / 8
    assert exact_match([], []) == 0
