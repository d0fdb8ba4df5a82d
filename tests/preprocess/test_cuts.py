from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.cuts import cut
from tenfold.preprocess.segment import Piece, find_pieces, merge


@pytest.mark.parametrize("text", ["00", "38", "505"])
def test_touching_digits_are_cut_where_they_touch(hand: ModuleType, text: str) -> None:
    page = hand.write(text, gap=-0.08, height=80, pen=6)
    whole = merge(find_pieces(find_ink(page).mask))
    atoms = cut(whole, 80, 6)
    assert len(atoms) > len(text)
    assert atoms[0].before == 0.0
    assert all(atom.before > 0 for atom in atoms[1:])
    edges = [atom.piece.x for atom in atoms]
    for number in range(1, len(text)):
        between = whole.width * number / len(text) + whole.x
        assert min(abs(edge - between) for edge in edges) < 16


def test_cutting_loses_no_ink(hand: ModuleType) -> None:
    whole = merge(find_pieces(find_ink(hand.write("64", gap=-0.1)).mask))
    atoms = cut(whole, 60, 5)
    assert sum(atom.piece.area for atom in atoms) == whole.area
    assert merge([atom.piece for atom in atoms]).area == whole.area


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (2, 5)])
def test_slivers_and_specks_are_cut_without_harm(size: tuple[int, int]) -> None:
    mask = np.ones(size, np.uint8)
    piece = Piece(0, 0, size[1], size[0], mask, mask.size)
    assert sum(atom.piece.area for atom in cut(piece, 20, 1)) == mask.size
