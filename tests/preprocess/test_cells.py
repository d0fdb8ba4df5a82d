from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tenfold.preprocess.binarize import Ink, find_ink
from tenfold.preprocess.cells import cell_pieces, ink_by_cell, number_cells, remove_mesh
from tenfold.preprocess.mesh import Mesh, find_mesh
from tenfold.preprocess.segment import Piece

Pixels = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
ROWS = [["2", "3", "5"], ["7", "", "4"], ["8", "6", "9"]]


def _parted(page: Pixels) -> tuple[Ink, list[list[Piece]], int]:
    ink = find_ink(page)
    mesh = find_mesh(ink)
    assert isinstance(mesh, Mesh)
    cells = number_cells(mesh, ink.mask.shape)
    cleaned = remove_mesh(ink_by_cell(ink, mesh, cells), mesh)
    return cleaned, *cell_pieces(cleaned.mask, mesh, cells)


@pytest.mark.parametrize("thickness", [1, 3, 6])
def test_rules_go_and_digits_stay(hand: ModuleType, thickness: int) -> None:
    _, cells, parted = _parted(hand.grid(ROWS, thickness=thickness, cell=(70, 70)))
    assert [len(cell) for cell in cells] == [1, 1, 1, 1, 0, 1, 1, 1, 1]
    assert parted == 0


def test_a_digit_across_a_rule_stays_whole_and_in_its_cell(hand: ModuleType) -> None:
    page = hand.grid(ROWS, cell=(70, 70), offset=(0, 16))
    _, cells, _ = _parted(page)
    tall = [max((piece.height for piece in cell), default=0) for cell in cells]
    assert min(tall[:4] + tall[5:]) > 38
    assert tall[4] < 15


def test_a_faint_pencil_stays_beside_bold_print(hand: ModuleType) -> None:
    bold = hand.grid([["2", "", "5"], ["", "", "4"], ["8", "", "9"]], cell=(70, 70), rule=60)
    faint = hand.grid([["", "3", ""], ["7", "6", ""], ["", "6", ""]], cell=(70, 70))
    page = np.minimum(bold, (235 - 0.3 * (235.0 - faint)).astype(np.uint8))
    _, cells, _ = _parted(page)
    assert all(any(piece.height > 30 for piece in cell) for cell in cells)
