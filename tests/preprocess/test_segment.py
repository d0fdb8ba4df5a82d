from __future__ import annotations

from types import ModuleType

import numpy as np

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.segment import MOST_PIECES, find_pieces, glyph_of, merge


def test_pieces_come_from_left_to_right_with_their_boxes(hand: ModuleType) -> None:
    pieces = find_pieces(find_ink(hand.write("273")).mask)
    assert len(pieces) == 3
    assert [piece.x for piece in pieces] == sorted(piece.x for piece in pieces)
    for piece in pieces:
        assert piece.mask.shape == (piece.height, piece.width)
        assert piece.mask.any(axis=1).all()
        assert piece.area == int(piece.mask.sum())


def test_grain_is_left_out_and_textures_are_bounded() -> None:
    mask = np.zeros((300, 300), np.uint8)
    mask[::3, ::3] = 1
    assert find_pieces(mask) == []
    mask = np.kron(np.indices((110, 110)).sum(axis=0) % 2 == 0, np.ones((3, 3))).astype(np.uint8)
    mask[2::3] = 0
    mask[:, 2::3] = 0
    assert len(find_pieces(mask)) <= MOST_PIECES


def test_merging_keeps_all_ink(hand: ModuleType) -> None:
    ink = find_ink(hand.write("28"))
    pieces = find_pieces(ink.mask)
    whole = merge(pieces)
    assert whole.area == sum(piece.area for piece in pieces) == int(whole.mask.sum())
    assert whole.x == pieces[0].x
    assert whole.right == pieces[1].right


def test_a_glyph_at_the_very_edge_is_framed() -> None:
    page = np.full((30, 30), 255, np.uint8)
    page[:, :5] = 0
    ink = find_ink(page)
    glyph = glyph_of(ink, merge(find_pieces(ink.mask)))
    assert glyph.shape == (28, 28)
    assert glyph.max() == 255
