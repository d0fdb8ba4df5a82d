from __future__ import annotations

import numpy as np
import pytest

import tenfold
from tenfold.errors import ModelError
from tenfold.preprocess.segment import Piece
from tenfold.reader.touching import NOTHING, collapse, groups, open_speller, spell


def _piece(x: int, width: int, height: int = 40) -> Piece:
    return Piece(x, 0, width, height, np.ones((height, width), np.uint8), width * height)


def test_wide_pieces_and_close_neighbours_are_groups() -> None:
    line = [_piece(0, 20), _piece(40, 60), _piece(102, 25), _piece(150, 20)]
    assert groups(line, 40) == [(1, 2), (1, 3)]


def test_pieces_far_apart_are_no_group() -> None:
    assert groups([_piece(0, 20), _piece(40, 20)], 40) == []


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ([NOTHING, 3, 3, NOTHING], [1]),
        ([3, NOTHING, 3], [0, 2]),
        ([1, 2], [0, 1]),
        ([NOTHING], []),
    ],
)
def test_repeats_are_one_digit_unless_parted(symbols: list[int], expected: list[int]) -> None:
    frames = np.eye(11, dtype=np.float32)[symbols]
    assert collapse(frames) == expected


def test_a_word_shares_its_ink_between_its_digits() -> None:
    def speller(strips: np.ndarray) -> np.ndarray:
        frames = np.zeros((len(strips), strips.shape[2] // 2, 11), np.float32)
        frames[:, :, NOTHING] = 0.5
        frames[:, 8, 7] = 0.75  # 7 in columns 16 and 17 of the strip, 12 of the piece's 48
        frames[:, 20, 1] = 0.9  # 1 in columns 40 and 41, 36 of the piece's
        return frames

    piece = _piece(100, 48, 24)
    strip = np.zeros((28, 56), np.uint8)
    (seven, one), nothing = spell([piece, _piece(0, 4)], [strip, strip[:, :12]], speller)
    assert (int(seven.probabilities.argmax()), int(one.probabilities.argmax())) == (7, 1)
    assert seven.certainty == pytest.approx(0.75)
    assert (seven.piece.x, seven.piece.right, one.piece.x, one.piece.right) == (100, 125, 125, 148)
    assert nothing == []


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(ModelError, match=r"touching\.onnx: no ONNX model"):
        open_speller(b"no network", "touching.onnx")


@pytest.mark.parametrize("number", ["3000", "600", "200"])
def test_zeros_written_as_a_chain_are_read(number: str) -> None:
    import cv2

    page = np.full((160, 420), 245, np.uint8)
    x = 60
    for digit in number:
        if digit == "0":
            cv2.ellipse(page, (x + 24, 80), (26, 36), 0, 0, 360, 20, 5, cv2.LINE_AA)
            x += 48  # the next one begins on this one's right edge
        else:
            cv2.putText(page, digit, (x - 12, 116), cv2.FONT_HERSHEY_DUPLEX, 3.2, 20, 5)
            x += 44
    assert tenfold.read(page).text == number
