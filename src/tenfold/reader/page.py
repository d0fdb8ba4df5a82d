"""A page as the reader divides it into digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tenfold.preprocess.binarize import Ink
from tenfold.preprocess.segment import Piece

Field: TypeAlias = list[Piece]
Line: TypeAlias = list[Field]


@dataclass(frozen=True, slots=True)
class Page:
    """Ink without forms, and its lines.

    Parameters
    ----------
    ink : Ink
    lines : list of list of list of Piece
        From top to bottom; each of fields, from left to right, over whose ends no digit reaches;
        outside forms a line is one field. Pieces lie from left to right.
    height : float
        How high a digit is, in pixels; 0.0 without ink.
    ruled : Ink
        The ink with its rules: a digit's foot may lie on one.
    """

    ink: Ink
    lines: list[Line]
    height: float
    ruled: Ink
