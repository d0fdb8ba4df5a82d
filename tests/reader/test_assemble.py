from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tenfold.preprocess.image import Picture
from tenfold.reader.assemble import Limits, box_of, left_out, line_of
from tenfold.reader.find import Found
from tenfold.reader.recognise import Symbol
from tenfold.reader.settings import SETTINGS
from tenfold.signature import DIGIT_KINDS, HAND, PRINT, RUNNING, STRUCK

PICTURE = Picture(np.zeros((100, 400), np.uint8), 2.0, 800, 200, "a.png")
LIMITS = Limits(0.5, 0.25)


def _symbols(text: str, **changes: float) -> list[Symbol]:
    """Characters 20 wide and 30 high, signs 6 wide; a space moves on by 40 pixels."""
    out, x = [], 10.0
    for char in text:
        if char == " ":
            x += 40
            continue
        chances = np.zeros(10, np.float32)
        if char.isdigit():
            chances[int(char)] = 1
        wide = 20.0 if char.isdigit() else 6.0
        values = {"confidence": 0.9, "support": 0.9} | changes
        out.append(
            Symbol(char, (x, 30, wide, 30), chances, values["confidence"], values["support"], HAND)
        )
        x += wide + 4
    return out


def _line(text: str, symbols: list[Symbol] | None = None) -> tuple[str, list[str]]:
    symbols = symbols or _symbols(text)
    line, _, marks = line_of(symbols, [0.99] * len(symbols), 0, LIMITS, SETTINGS, PICTURE)
    return "" if line is None else line.text, [mark.text for mark in marks if not mark.in_text]


@pytest.mark.parametrize(
    ("written", "text", "out"),
    [
        ("12.50", "12.50", []),
        ("-4", "-4", []),
        ("12/05/2023", "12/05/2023", []),
        ("7/10", "7/10", []),
        ("150.000.-", "150.000", [".", "-"]),
        ("(020)7946", "0207946", ["(", ")"]),
        ("45%", "45", ["%"]),
        ("3 4", "3 4", []),
        ("3 -4", "3 -4", []),
        ("3+4=7", "347", ["+", "="]),
        ("1.,2", "12", [".", ","]),
    ],
)
def test_marks_between_digits_stay_where_they_belong(
    written: str, text: str, out: list[str]
) -> None:
    assert _line(written) == (text, out)


def test_a_doubtful_mark_is_listed_and_left_out() -> None:
    symbols = _symbols("1.5")
    dot = symbols[1]
    symbols[1] = Symbol(dot.char, dot.box, dot.probabilities, 0.4, 1.0, HAND)
    assert _line("", symbols) == ("15", ["."])


@pytest.mark.parametrize(("confidence", "text"), [(0.44, "15"), (0.46, "1.5")])
def test_a_mark_is_part_of_a_number_if_it_is_surer_than_not(confidence: float, text: str) -> None:
    symbols = _symbols("1.5")
    symbols[1] = replace(symbols[1], confidence=confidence)
    assert _line("", symbols)[0] == text


@pytest.mark.parametrize(("confidence", "text"), [(0.44, "4"), (0.46, "-4")])
def test_a_minus_before_a_number_is_part_of_it_if_it_is_surer_than_not(
    confidence: float, text: str
) -> None:
    symbols = _symbols("-4")
    symbols[0] = replace(symbols[0], confidence=confidence)
    assert _line("", symbols)[0] == text


@pytest.mark.parametrize(("gap", "text"), [(0.7, "34"), (0.8, "3 4")])
def test_a_gap_wider_than_a_digit_parts_two_numbers(gap: float, text: str) -> None:
    symbols = _symbols("34")
    x, y, width, height = symbols[0].box
    symbols[1] = replace(symbols[1], box=(x + width + gap * height, y, width, height))
    assert _line("", symbols)[0] == text


def test_numbers_have_boxes_and_the_confidence_of_their_string() -> None:
    symbols = _symbols("40 718")
    line, digits, _ = line_of(symbols, [0.9, 0.9, 0.5, 0.5, 0.5], 3, LIMITS, SETTINGS, PICTURE)
    assert line is not None
    assert [number.text for number in line.numbers] == ["40", "718"]
    assert line.numbers[0].confidence == pytest.approx(0.81)
    assert line.numbers[1].confidence == pytest.approx(0.125)
    assert line.numbers[0].box == (20, 60, 88, 60)
    assert {digit.line for digit in digits} == {3}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"confidence": 0.3}, "unsure"), ({"support": 0.1}, "not a digit"), ({}, None)],
)
def test_what_is_unsure_or_no_digit_is_refused(
    changes: dict[str, float], reason: str | None
) -> None:
    line, digits, _ = line_of(_symbols("7", **changes), [0.9], 0, LIMITS, SETTINGS, PICTURE)
    assert digits[0].refused == reason
    assert (line is None) == (reason is not None)
    assert digits[0].line == (None if reason else 0)


@pytest.mark.parametrize(("confidence", "text"), [(0.24, "12"), (0.18, "1")])
def test_a_doubtful_digit_stays_in_a_number_and_alone_does_not(
    confidence: float, text: str
) -> None:
    symbols = _symbols("12")
    symbols[1] = replace(symbols[1], confidence=confidence)
    assert _line("", symbols)[0] == text
    assert _line("", symbols[1:])[0] == ""
    x, y, width, height = symbols[1].box
    symbols[1] = replace(symbols[1], box=(x + height, y, width, height))
    assert _line("", symbols)[0] == " ".join(text)  # of the same piece
    symbols[1] = replace(symbols[1], box=(x + 3 * height, y, width, height))
    assert _line("", symbols)[0] == "1"


@pytest.mark.parametrize(
    ("kind", "reason", "ink"),
    [
        (STRUCK, "struck out", "handwritten"),
        (RUNNING, "printed", "printed"),
        (PRINT, "printed", "printed"),
        (HAND, "handwritten", "handwritten"),
    ],
)
def test_what_is_left_out_says_why(kind: int, reason: str, ink: str) -> None:
    kinds = np.zeros(len(DIGIT_KINDS), np.float32)
    kinds[DIGIT_KINDS.index(kind)] = 1
    chances = np.full(10, 0.05, np.float32)
    chances[3] = 0.55
    digit = left_out(Found(10, 20, 20, 30, 0.8, chances, kinds, 0), PICTURE)
    assert (digit.digit, digit.refused, digit.ink, digit.line) == (3, reason, ink, None)
    assert digit.box == (20, 40, 40, 60)


def test_boxes_stay_inside_the_picture() -> None:
    x, y, width, height = box_of((-5, 90, 500, 40), PICTURE)
    assert (x, y) == (0, 180)
    assert (x + width, y + height) == (800, 200)
