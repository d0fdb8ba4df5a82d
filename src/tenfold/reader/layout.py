"""From ink to lines of pieces: forms, rules, dirt and picture edges left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.colour import drop_form_colour
from tenfold.preprocess.lines import digit_height, group_lines
from tenfold.preprocess.rules import is_frame, remove_rules
from tenfold.preprocess.segment import Piece, find_pieces

Pixels = NDArray[np.uint8]

SPECK = 0.22  # digit heights: smaller marks are no digits
SMALL = 0.5  # digit heights: smaller pieces make no line, but may belong to a digit of one
BAR_LONG, BAR_THICK = 1.8, 0.5  # digit heights: no digit is so long and thin
TALLEST, LONGEST = 2.5, 14.0  # digit heights of a piece, however many digits touch in it
ASIDE, ABOVE = 0.5, 0.2  # digit heights a small piece may lie off a digit of its line
EDGE_TALL, EDGE_LONG = 1.6, 5.0  # digit heights: what is larger and touches the picture's edge
HELD = 0.35  # of a box's height: what is this high inside it may be a digit
# Digit heights, marks, and share of a page's marks: what holds so many is a grid of its own.
GRID_SIDE, GRID_MARKS, GRID_SHARE = 4.0, 8, 0.4
GRID_RIM, GRID_CLOSED = 0.2, 0.8  # share of its sides within which, and along which, it has ink
REMNANT, BOUNDED = 0.75, 0.2  # digit heights, and share of its outline along rules taken away
EDGE_SHARE = 0.6  # of its length: what touches the edge for longer is the table or a shadow


@dataclass(frozen=True, slots=True)
class Page:
    """Ink without forms, and its lines.

    Parameters
    ----------
    ink : Ink
    lines : list of list of Piece
        From top to bottom, each from left to right.
    height : float
        How high a digit is, in pixels; 0.0 without ink.
    ruled : Ink
        The ink with its rules: a digit's foot may lie on one.
    """

    ink: Ink
    lines: list[list[Piece]]
    height: float
    ruled: Ink


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
    page_height = len(ink.mask)
    pieces = find_pieces(ink.mask)
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
    grid = _grid(pieces, height)
    frames = [piece for piece in pieces if is_frame(piece, height) or piece in boxes]
    cleaned = _without(cleaned, frames)
    ruled = cleaned
    cleaned = remove_rules(ruled, height)
    pieces = find_pieces(cleaned.mask)
    height = digit_height(pieces, page_height)
    pieces = [piece for piece in pieces if _may_be_writing(piece, height, cleaned.mask)]
    if grid is not None:
        pieces = [piece for piece in pieces if _inside(piece, grid)]
    gone = ruled.mask - cleaned.mask
    if gone.any():
        pieces = [piece for piece in pieces if not _is_remnant(piece, height, gone)]
    height = digit_height(pieces, page_height)
    lines = [pieces] if one_line and pieces else _lines(pieces, height)
    lines = [sorted(line, key=lambda piece: piece.middle) for line in lines]
    return Page(cleaned, lines, height, ruled)


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


def _may_be_writing(piece: Piece, height: float, mask: Pixels) -> bool:
    """Leave out specks, blocks, and what only the picture's edge shows."""
    longest = max(piece.width, piece.height)
    if longest < SPECK * height or piece.height > TALLEST * height:
        return False
    if piece.width > LONGEST * height or is_frame(piece, height):
        return False
    if longest > BAR_LONG * height and min(piece.width, piece.height) < BAR_THICK * height:
        return False
    touching = _edge_share(piece, mask)
    if touching == 0.0:
        return True
    large = piece.height > EDGE_TALL * height or piece.width > EDGE_LONG * height
    return not large and touching < EDGE_SHARE


def _is_remnant(piece: Piece, height: float, gone: Pixels) -> bool:
    """Tell what rules left behind where they crossed: small, and bounded by them."""
    if piece.height >= REMNANT * height:
        return False
    rows = slice(max(0, piece.y - 1), piece.bottom + 1)
    columns = slice(max(0, piece.x - 1), piece.right + 1)
    pad = ((min(1, piece.y), 1), (min(1, piece.x), 1))
    near = np.pad(piece.mask, pad)[: gone[rows].shape[0], : gone[:, columns].shape[1]]
    outline = np.asarray(cv2.dilate(near, np.ones((3, 3), np.uint8)), np.uint8) - near
    return int((outline & gone[rows, columns]).sum()) > BOUNDED * int(outline.sum())


def _edge_share(piece: Piece, mask: Pixels) -> float:
    """Share of the piece's length along which it touches the picture's edge."""
    below, beyond = len(mask) - piece.bottom, mask.shape[1] - piece.right
    shares = [
        (piece.mask[:, 0].mean(), piece.x),
        (piece.mask[:, -1].mean(), beyond),
        (piece.mask[0].mean(), piece.y),
        (piece.mask[-1].mean(), below),
    ]
    return (
        max(float(share) for share, away in shares if away <= 1)
        if min(away for _, away in shares) <= 1
        else 0.0
    )


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
