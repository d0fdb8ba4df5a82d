from __future__ import annotations

import numpy as np
import pytest

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.image import Picture
from tenfold.preprocess.segment import Piece
from tenfold.reader.assemble import assemble, quality, refusals
from tenfold.reader.decode import Found
from tenfold.reader.page import Page

BLANK = np.zeros((100, 300), np.uint8)
INK = Ink(BLANK, BLANK, BLANK, 0.0, False)
PAGE = Page(INK, [], 40.0, INK)
PICTURE = Picture(BLANK, 2.0, 600, 200, "a.png")


def _found(digit: int, x: int, digitness: float = 0.99, certainty: float = 0.99) -> Found:
    chances = np.full(10, (1 - certainty) / 9, np.float32)
    chances[digit] = certainty
    piece = Piece(x, 10, 20, 40, np.ones((40, 20), np.uint8), 800)
    return Found(piece, np.zeros((28, 28), np.uint8), chances, digitness, True)


def test_reasons() -> None:
    line = [_found(3, 0), _found(4, 30, digitness=0.2), _found(5, 60, certainty=0.4)]
    assert refusals([line], PAGE, 0.5, 0.5) == [[None, "not a digit", "unsure"]]


def test_a_word_with_a_few_digits_in_it_is_a_word() -> None:
    word = [_found(0, 0), *(_found(4, 30 * i, digitness=0.1) for i in range(1, 6))]
    assert set(refusals([word], PAGE, 0.5, 0.5)[0]) == {"not a digit"}
    number = [_found(5, 0), _found(0, 30), _found(8, 60), _found(4, 90, digitness=0.1)]
    assert refusals([number], PAGE, 0.5, 0.5)[0] == [None, None, None, "not a digit"]


def test_a_stray_one_among_numbers_is_refused_but_not_a_column_of_ones() -> None:
    number = [_found(d, 30 * d) for d in range(4)]
    assert refusals([number, [_found(1, 0)], number], PAGE, 0.5, 0.5)[1] == ["not a digit"]
    assert refusals([[_found(1, 0)], [_found(1, 0)]], PAGE, 0.5, 0.5) == [[None], [None]]


def test_boxes_are_scaled_to_the_original() -> None:
    lines = [[_found(3, 5), _found(4, 40)]]
    texts, digits = assemble(lines, [[None, "unsure"]], PICTURE)
    assert [line.text for line in texts] == ["3"]
    assert digits[0].box == texts[0].box == (10, 20, 40, 80)
    assert [digit.line for digit in digits] == [0, 0]


def test_a_line_is_one_number_as_probable_as_all_its_digits() -> None:
    lines = [[_found(3, 5, certainty=0.9), _found(4, 40, certainty=0.8), _found(5, 75)]]
    texts, _ = assemble(lines, [[None, None, "unsure"]], PICTURE)
    (number,) = texts[0].numbers
    assert (number.text, number.box) == (texts[0].text, texts[0].box)
    assert number.confidence == pytest.approx(0.72)


def test_quality_is_that_of_the_marks() -> None:
    assert quality([[_found(1, 0, 1.0, 1.0)]], 40.0) == 1.0
    assert quality([], 40.0) == 0.0
