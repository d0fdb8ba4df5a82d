"""Lay out a page that is a grid of cells: a sudoku, a table, a form with rows of boxes."""

from __future__ import annotations

import numpy as np

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.cells import cell_pieces, ink_by_cell, number_cells, remove_mesh
from tenfold.preprocess.lines import digit_height
from tenfold.preprocess.mesh import Mesh, find_mesh
from tenfold.preprocess.segment import Piece, find_pieces
from tenfold.reader.marks import EDGE_TALL, bounded_share, is_remnant, may_be_writing
from tenfold.reader.page import Page

MARK = 0.5  # digit heights: smaller marks do not count
FEWEST, SHARE = 4, 0.4  # marks in cells, and their share of the page's, that make it a grid
FILLED = 0.08  # share of cells with marks: of squared paper far fewer have any
SLIVER = 0.3  # of its outline along a rule taken away: the blurred edge of the rule
PARTED = 0.3  # share of the marks that rules part: squared paper is written across


def lay_out_grid(ink: Ink) -> Page | None:
    """Return the page with a field for each cell, or None where no grid holds most marks."""
    mesh = find_mesh(ink)
    if mesh is None:
        return None
    numbers = number_cells(mesh, ink.mask.shape)
    ruled = ink_by_cell(ink, mesh, numbers)
    cleaned = remove_mesh(ruled, mesh)
    cells, parted = cell_pieces(cleaned.mask, mesh, numbers)
    pieces = [piece for cell in cells for piece in cell]
    height = digit_height(pieces, len(ink.mask))
    gone = ruled.mask - cleaned.mask
    kept = [
        [
            piece
            for piece in cell
            if may_be_writing(piece, height, cleaned.mask)
            and not is_remnant(piece, height, gone)
            and bounded_share(piece, gone) < SLIVER
        ]
        for cell in cells
    ]
    height = digit_height([piece for cell in kept for piece in cell], len(ink.mask))
    if not _is_grid(mesh, kept, parted, ink, height):
        return None
    columns = mesh.shape[1]
    rows = [kept[start : start + columns] for start in range(0, len(kept), columns)]
    fields = [
        [sorted(cell, key=lambda piece: piece.middle) for cell in row if cell] for row in rows
    ]
    return Page(cleaned, [row for row in fields if row], height, ruled)


def _is_grid(mesh: Mesh, cells: list[list[Piece]], parted: int, ink: Ink, height: float) -> bool:
    marks = sum(_is_mark(piece, height) for cell in cells for piece in cell)
    filled = sum(any(_is_mark(piece, height) for piece in cell) for cell in cells)
    if marks < FEWEST or filled < FILLED * len(cells) or parted > PARTED * marks:
        return False
    low, high = mesh.corners.min(axis=(0, 1)), mesh.corners.max(axis=(0, 1))
    outside = sum(
        _is_mark(piece, height) and not bool(np.all((low <= piece.middle) & (piece.middle <= high)))
        for piece in find_pieces(ink.mask)
    )
    return marks >= SHARE * (marks + outside)


def _is_mark(piece: Piece, height: float) -> bool:
    return MARK * height < piece.height < EDGE_TALL * height
