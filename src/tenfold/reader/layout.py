"""From ink to lines of pieces: forms, rules, dirt and picture edges left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.boxes import remove_boxes
from tenfold.preprocess.colour import drop_form_colour
from tenfold.preprocess.lines import digit_height, group_lines
from tenfold.preprocess.rules import is_frame, remove_rules
from tenfold.preprocess.segment import Piece, find_pieces
from tenfold.preprocess.showthrough import drop_show_through
from tenfold.reader.grid import lay_out_grid
from tenfold.reader.marks import EDGE_TALL, drop_hairlines, is_remnant, may_be_writing
from tenfold.reader.page import Page

Pixels = NDArray[np.uint8]

SMALL = 0.5  # digit heights: smaller pieces make no line, but may belong to a digit of one
ASIDE, ABOVE = 0.5, 0.2  # digit heights a small piece may lie off a digit of its line
HELD = 0.35  # of a box's height: what is this high inside it may be a digit
# Digit heights, marks, and share of a page's marks: what holds so many is a grid of its own.
GRID_SIDE, GRID_MARKS, GRID_SHARE = 4.0, 8, 0.4
GRID_RIM, GRID_CLOSED = 0.2, 0.8  # share of its sides within which, and along which, it has ink


def lay_out(pixels: Pixels, ink: Ink, one_line: bool = False) -> Page:
    """Find the lines of a page.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
        The picture; its colours may give a form away.
    ink : Ink
    one_line : bool
        Take everything as one line.
    """
    pieces = find_pieces(ink.mask)
    shown = drop_show_through(ink, pieces)
    if shown is not ink:
        ink, pieces = shown, find_pieces(shown.mask)
    grid_page = None if one_line else lay_out_grid(ink)
    if grid_page is not None:
        return grid_page
    page_height = len(ink.mask)
    if not pieces:
        return Page(ink, [], 0.0, ink)
    boxes = [piece for piece in pieces if is_frame(piece, 0.0) and _holds(piece, pieces)]
    height = digit_height([piece for piece in pieces if piece not in boxes], page_height)
    cleaned = drop_form_colour(pixels, ink, height)
    if cleaned is not ink:
        written = find_pieces(cleaned.mask)
        if written:
            pieces, height = written, digit_height(written, page_height)
        else:  # a form without writing is no form
            cleaned = ink
    unboxed = remove_boxes(cleaned, pieces)
    if unboxed is not cleaned and unboxed.mask.any():
        cleaned, pieces, boxes = unboxed, find_pieces(unboxed.mask), []
        height = digit_height(pieces, page_height)
    grid = _grid(pieces, height)
    frames = [piece for piece in pieces if is_frame(piece, height) or piece in boxes]
    cleaned = _without(cleaned, frames)
    ruled = cleaned
    cleaned = remove_rules(ruled, height)
    pieces = find_pieces(cleaned.mask)
    height = digit_height(pieces, page_height)
    pieces = [piece for piece in pieces if may_be_writing(piece, height, cleaned.mask)]
    pieces = drop_hairlines(pieces, height)
    if grid is not None:
        pieces = [piece for piece in pieces if _inside(piece, grid)]
    gone = ruled.mask - cleaned.mask
    if gone.any():
        pieces = [piece for piece in pieces if not is_remnant(piece, height, gone)]
    height = digit_height(pieces, page_height)
    lines = [pieces] if one_line and pieces else _lines(pieces, height)
    fields = [[sorted(line, key=lambda piece: piece.middle)] for line in lines]
    return Page(cleaned, fields, height, ruled)


def _holds(box: Piece, pieces: Sequence[Piece]) -> bool:
    """Tell whether something that may be a digit lies inside the box."""
    return any(
        _inside(piece, box) and HELD * box.height < piece.height < box.height for piece in pieces
    )


def _grid(pieces: Sequence[Piece], height: float) -> Piece | None:
    """Return the grid or frame that holds most of the page's marks, or None."""
    marks = [piece for piece in pieces if SMALL * height < piece.height < EDGE_TALL * height]
    for piece in sorted(pieces, key=lambda piece: -piece.width * piece.height):
        if min(piece.width, piece.height) < GRID_SIDE * height:
            return None
        held = sum(_inside(mark, piece) for mark in marks)
        if held >= max(GRID_MARKS, GRID_SHARE * len(marks)) and _is_closed(piece):
            return piece
    return None


def _is_closed(piece: Piece) -> bool:
    """Tell whether ink runs along all four sides of the box, which may lie askew."""
    rim_y, rim_x = (max(2, round(GRID_RIM * side)) for side in piece.mask.shape)
    sides = (
        piece.mask[:rim_y].any(axis=0),
        piece.mask[-rim_y:].any(axis=0),
        piece.mask[:, :rim_x].any(axis=1),
        piece.mask[:, -rim_x:].any(axis=1),
    )
    return min(float(side.mean()) for side in sides) >= GRID_CLOSED


def _inside(piece: Piece, grid: Piece) -> bool:
    x, y = piece.middle
    return grid.x <= x <= grid.right and grid.y <= y <= grid.bottom


def _without(ink: Ink, pieces: Sequence[Piece]) -> Ink:
    if not pieces:
        return ink
    mask = ink.mask.copy()
    for piece in pieces:
        box = mask[piece.y : piece.bottom, piece.x : piece.right]
        box[piece.mask > 0] = 0
    return replace(ink, mask=mask)


def _lines(pieces: list[Piece], height: float) -> list[list[Piece]]:
    """Group the larger pieces, then add to each line the small ones beside its digits."""
    large = [piece for piece in pieces if piece.height > SMALL * height]
    lines = group_lines(large, height)
    for piece in pieces:
        if piece.height > SMALL * height:
            continue
        distances = [min(_distance(piece, other, height) for other in line) for line in lines]
        if distances and min(distances) < np.inf:
            lines[int(np.argmin(distances))].append(piece)
    return lines


def _distance(piece: Piece, other: Piece, height: float) -> float:
    aside = max(other.x - piece.right, piece.x - other.right, 0)
    above = max(other.y - piece.bottom, piece.y - other.bottom, 0)
    near = aside < ASIDE * height and above < ABOVE * height
    return float(aside + above) if near else float("inf")
