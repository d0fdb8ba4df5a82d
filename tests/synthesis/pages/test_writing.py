from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest

from tenfold.signature import CHARS, HAND, PRINT, RUNNING, SIGN, SIGNS, STRUCK
from tenfold.synthesis.pages import printing, signs
from tenfold.synthesis.pages.canvas import Canvas
from tenfold.synthesis.pages.hands import Hand, Stock
from tenfold.synthesis.pages.struck import strike
from tenfold.synthesis.pages.writing import Style, display, sign, typeset, write

STYLE = Style(30, gap=0.15)


def _line(seed: int, stock: Stock, text: str, style: Style = STYLE) -> tuple[Canvas, float]:
    rng = np.random.default_rng(seed)
    canvas = Canvas(90, 900)
    return canvas, write(canvas, rng, Hand(rng, stock, "train"), text, 20, 45, style)


def test_a_number_by_hand_is_spelled_by_its_marks(stock: Stock) -> None:
    text = "10.234,5-67/8 (9)=%"
    for seed in range(6):
        canvas, end = _line(seed, stock, text)
        assert "".join(mark.char for mark in canvas.placed) == text.replace(" ", "")
        for mark in canvas.placed:
            assert mark.kind == (HAND if mark.char.isdigit() else SIGN)
        inked = np.flatnonzero(canvas.ink.max(axis=0))
        assert end == pytest.approx(inked[-1], abs=15)
        digits = [mark.middle for mark in canvas.placed if mark.char.isdigit()]
        assert digits == sorted(digits)


def test_the_same_seed_writes_the_same(stock: Stock) -> None:
    (one, first), (two, second) = (_line(4, stock, "405-17") for _ in range(2))
    np.testing.assert_array_equal(one.ink, two.ink)
    assert first == second


def test_digits_touch_where_the_gap_says_so(stock: Stock) -> None:
    def length(gap: float) -> float:
        return float(np.mean([_line(n, stock, "888888", Style(30, gap))[1] for n in range(6)]))

    assert length(-0.15) < length(0.1) < length(0.5)


@pytest.mark.parametrize("char", SIGNS)
def test_every_sign_can_be_written(char: str, stock: Stock) -> None:
    assert char in signs.STROKES
    for seed in range(6):
        rng = np.random.default_rng(seed)
        canvas = Canvas(90, 120)
        end = sign(canvas, rng, Hand(rng, stock, "train"), char, 30, 45, STYLE)
        (mark,) = canvas.placed
        assert (mark.char, mark.kind) == (char, SIGN)
        assert 30 < mark.middle < end
        assert canvas.ink.max() > 100


def test_print_stands_in_words_or_by_itself() -> None:
    face = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    for kind in (PRINT, RUNNING):
        canvas = Canvas(80, 600)
        rng = np.random.default_rng(0)
        typeset(canvas, rng, face, "No 408,5 a.", 10, 40, Style(30), kind)
        marks = [(mark.char, mark.kind) for mark in canvas.placed]
        assert marks == [("4", kind), ("0", kind), ("8", kind), (",", SIGN), ("5", kind)]
        (zero,) = (mark for mark in canvas.placed if mark.char == "0")
        assert zero.box[3] - zero.box[1] == pytest.approx(30, abs=5)
    assert 0.2 < printing.cap(face) < 1


def test_a_display_shows_its_text() -> None:
    canvas = Canvas(80, 400)
    display(canvas, np.random.default_rng(1), "12:80.5", 10, 40, Style(40))
    assert "".join(mark.char for mark in canvas.placed) == "12:80.5"
    assert set("".join(mark.char for mark in canvas.placed)) <= set(CHARS)


def test_striking_out_covers_the_number(stock: Stock) -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        canvas = Canvas(90, 300)
        strike(canvas, rng, Hand(rng, stock, "train"), 60, 200, 45, STYLE)
        columns = np.flatnonzero(canvas.ink.max(axis=0))
        assert columns[0] < 70
        assert columns[-1] > 190
        canvas.strike(canvas.placed)
        assert not any(mark.kind != STRUCK for mark in canvas.placed)


def test_some_numbers_are_struck_out_by_one_line_from_corner_to_corner(stock: Stock) -> None:
    lines = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        canvas = Canvas(90, 300)
        strike(canvas, rng, Hand(rng, stock, "train"), 60, 200, 45, STYLE)
        rows = [np.flatnonzero(canvas.ink[:, at : at + 12].max(axis=1)) for at in (70, 178)]
        thin = all(len(own) and np.ptp(own) < 28 for own in rows)
        lines += thin and abs(float(rows[0].mean() - rows[1].mean())) > 15
    assert 8 <= lines <= 25
