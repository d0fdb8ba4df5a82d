"""Random numbers for whole batches, from one generator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class BatchRng:
    """Draws ``n`` numbers at a time.

    Parameters
    ----------
    n : int
        How many: one for each picture of a batch.
    generator : torch.Generator
        Where they come from; the same state gives the same numbers.

    Examples
    --------
    >>> rng = BatchRng(3, Generator().manual_seed(0))
    >>> rng.uniform(2, 4).shape, rng.chance(1.0).tolist()
    (torch.Size([3]), [True, True, True])
    """

    n: int
    generator: Generator

    def of(self, n: int) -> BatchRng:
        """Share the generator for another number of pictures."""
        return BatchRng(n, self.generator)

    def uniform(self, low: float, high: float) -> Tensor:
        """Evenly between two bounds, ``(n,)``."""
        return low + (high - low) * torch.rand(self.n, generator=self.generator)

    def normal(self, spread: float) -> Tensor:
        """Draw from a normal distribution around 0, ``(n,)``."""
        return spread * torch.randn(self.n, generator=self.generator)

    def ratio(self, low: float, high: float) -> Tensor:
        """Evenly on a logarithmic scale, ``(n,)``."""
        return self.uniform(math.log(low), math.log(high)).exp()

    def chance(self, share: float) -> Tensor:
        """Say true in a share of them, bool ``(n,)``."""
        return torch.rand(self.n, generator=self.generator) < share

    def sometimes(self, share: float, value: Tensor, otherwise: float) -> Tensor:
        """Take the value ``(n,)`` in a share of them, a constant in the rest."""
        return torch.where(self.chance(share), value, torch.tensor(otherwise))

    def whole(self, below: int) -> Tensor:
        """Whole numbers from 0, int64 ``(n,)``."""
        return torch.randint(below, (self.n,), generator=self.generator)

    def one(self, low: int, high: int) -> int:
        """Draw a single whole number, both bounds included."""
        return int(torch.randint(low, high + 1, (1,), generator=self.generator))

    def spot(self, low: float, high: float) -> Tensor:
        """Points in a square, ``(n, 2)``."""
        return torch.stack([self.uniform(low, high), self.uniform(low, high)], 1)

    def noise(self, *shape: int) -> Tensor:
        """Draw normal noise with spread 1, ``(n, *shape)``."""
        return torch.randn(self.n, *shape, generator=self.generator)

    def smooth(self, knots: int, size: int) -> Tensor:
        """Draw smooth noise with spread about 1, ``(n, size, size)``."""
        coarse = self.noise(1, knots, knots)
        fine = functional.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)
        return fine[:, 0]
