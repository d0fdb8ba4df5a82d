"""A shape before any pen: a digit of MNIST, where it is cut, and the strokes added to it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor
from torch.nn import functional

from tenfold.synthesis.glyphs.distances import DistanceFields, look_up
from tenfold.synthesis.glyphs.polylines import FAR, distance, only


@dataclass(frozen=True, slots=True)
class Shapes:
    """A batch of shapes.

    Parameters
    ----------
    fields : DistanceFields
        The digits they start from.
    rows : int64 tensor, shape (n,)
        Which of them; -1 for none.
    place : float32 tensor, shape (n, 3)
        How large the digit is drawn, and where its middle goes: factor, x, y.
    cut : float32 tensor, shape (n, 3)
        A straight line; points with ``x·cut[0] + y·cut[1] > cut[2]`` are beyond it.
    beyond : float32 tensor, shape (n, 3)
        What becomes of the ink beyond the cut: moved by x and y, behind a gap of this width; an
        infinite gap leaves nothing.
    strokes : float32 tensor, shape (n, pieces, 4)
        Strokes added.
    """

    fields: DistanceFields
    rows: Tensor
    place: Tensor
    cut: Tensor
    beyond: Tensor
    strokes: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> Tensor:
        """Half the width of the digit's own pen, ``(n,)``."""
        return self.fields.width[self.rows.clamp(min=0)] * self.place[:, 0]

    def draw(self, chosen: Tensor, strokes: Tensor) -> Shapes:
        """Add strokes ``(n, pieces, 4)`` to the chosen ones, bool ``(n,)``."""
        return replace(self, strokes=torch.cat([self.strokes, only(chosen, strokes)], 1))

    def erase_strokes(self, chosen: Tensor) -> Shapes:
        """Take the strokes off the chosen ones again."""
        return replace(self, strokes=only(~chosen, self.strokes))

    def split(self, chosen: Tensor, cut: Tensor, beyond: Tensor) -> Shapes:
        """Cut the chosen ones, bool ``(n,)``."""
        at = chosen[:, None]
        return replace(
            self,
            cut=torch.where(at, cut, self.cut),
            beyond=torch.where(at, beyond, self.beyond),
        )

    def take(self, rows: Tensor) -> Shapes:
        """Pick some of the shapes, by int64 row numbers."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _BATCHED})

    def put(self, rows: Tensor, part: Shapes) -> Shapes:
        """Put changed shapes back into their rows."""
        more = part.strokes.shape[1] - self.strokes.shape[1]
        room = functional.pad(self.strokes, (0, 0, 0, max(more, 0)), value=FAR)
        part = replace(part, strokes=_pad(part.strokes, max(-more, 0)))
        whole = replace(self, strokes=room)
        changed = {}
        for name in _BATCHED:
            changed[name] = getattr(whole, name).clone()
            changed[name][rows] = getattr(part, name)
        return replace(self, **changed)

    def distances(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return distances from the outline, the centre line and the strokes, ``(n, h, w)``.

        ``points`` is ``(n, h, w, 2)``. The first is positive inside the ink; the others never are.
        """
        x, y = points.unbind(-1)
        across, down, offset = self.cut[:, :, None, None].unbind(1)
        side = across * x + down * y - offset
        gap = self.beyond[:, 2, None, None]
        moved = torch.where(side[..., None] > 0, points - self.beyond[:, None, None, :2], points)
        size = self.place[:, 0, None, None]
        source = (moved - self.place[:, None, None, 1:]) / size[..., None]
        rows = self.rows.clamp(min=0)
        # Ink ends where the gap begins; an endless gap leaves the near side alone.
        edge = torch.where(torch.isinf(gap), -side, (side - gap / 2).abs() - gap / 2)
        edge = torch.where(self.rows[:, None, None] < 0, -FAR, edge)
        outline = torch.minimum(look_up(self.fields.ink[rows], source) * size, edge)
        line = torch.minimum(look_up(self.fields.line[rows], source) * size, edge.clamp(max=0))
        return outline, line, -distance(self.strokes, points)


_BATCHED = tuple(f.name for f in fields(Shapes) if f.name != "fields")


def plain(digits: DistanceFields, rows: Tensor) -> Shapes:
    """Digits as they are in MNIST, by int64 row numbers ``(n,)``."""
    n = len(rows)
    return Shapes(
        digits,
        rows,
        place=torch.tensor([1.0, 0, 0]).repeat(n, 1),
        cut=torch.tensor([0.0, 0, FAR]).repeat(n, 1),
        beyond=torch.zeros(n, 3),
        strokes=torch.empty(n, 0, 4),
    )


def drawn(digits: DistanceFields, strokes: Tensor) -> Shapes:
    """Shapes of nothing but strokes ``(n, pieces, 4)``."""
    shapes = plain(digits, torch.full((len(strokes),), -1))
    return replace(shapes, strokes=strokes)


def _pad(strokes: Tensor, pieces: int) -> Tensor:
    return functional.pad(strokes, (0, 0, 0, pieces), value=FAR)
