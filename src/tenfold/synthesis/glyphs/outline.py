"""Where the ink of a digit lies, row by row: what a stroke is to be joined to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from tenfold.synthesis.glyphs.distances import FRAME
from tenfold.synthesis.glyphs.polylines import FAR
from tenfold.synthesis.glyphs.shapes import Shapes

_AXIS = torch.arange(float(FRAME)) - (FRAME - 1) / 2  # pixel centres


@dataclass(frozen=True, slots=True)
class Outline:
    """The ink of n digits, in pixels from the middle of the frame.

    Parameters
    ----------
    left, right, middle : float32 tensor, shape (n, 28)
        First, last and mean x of each row's ink; 0 in rows without any.
    top, bottom, width : float32 tensor, shape (n,)
        First and last y, and the widest extent.
    """

    left: Tensor
    right: Tensor
    middle: Tensor
    top: Tensor
    bottom: Tensor
    width: Tensor

    @property
    def height(self) -> Tensor:
        """From top to bottom, ``(n,)``."""
        return self.bottom - self.top

    def point(self, share: Tensor, edge: Literal["left", "right", "middle"]) -> Tensor:
        """Find the point ``(n, 2)`` at this share of the height (0 top, 1 bottom), on one edge."""
        y = self.top + share * self.height
        row = (y + (FRAME - 1) / 2).round().long().clamp(0, FRAME - 1)
        xs: Tensor = getattr(self, edge)
        return torch.stack([xs.gather(1, row[:, None])[:, 0], y], 1)


def find_outline(shapes: Shapes) -> Outline:
    """Find the outline of the digits themselves, wherever they are placed."""
    ink = shapes.fields.ink[shapes.rows.clamp(min=0)][:, 1::2, 1::2] > 128  # n, 28, 28
    rows = ink.any(2)
    first = torch.where(ink, _AXIS, FAR).amin(2)
    last = torch.where(ink, _AXIS, -FAR).amax(2)
    return Outline(
        left=torch.where(rows, first, 0.0),
        right=torch.where(rows, last, 0.0),
        middle=(ink * _AXIS).sum(2) / ink.sum(2).clamp(min=1),
        top=torch.where(rows, _AXIS, FAR).amin(1),
        bottom=torch.where(rows, _AXIS, -FAR).amax(1),
        width=last.amax(1) - first.amin(1),
    )
