"""A training set of synthesised pictures, made from a data set of digits."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from tenfold.data.dataset import Dataset
from tenfold.errors import DataError
from tenfold.synthesis.degrade.mixtures import photograph
from tenfold.synthesis.glyphs import variants
from tenfold.synthesis.glyphs.distances import FRAME, DistanceFields, measure
from tenfold.synthesis.glyphs.non_digits import draw_non_digits
from tenfold.synthesis.glyphs.pens import render
from tenfold.synthesis.glyphs.rng import BatchRng
from tenfold.synthesis.glyphs.shapes import plain
from tenfold.synthesis.pages.alone import LoneMaker
from tenfold.synthesis.pages.hands import Stock

NO_DIGIT = "none"  # the class of things that are no digits
BATCH = 256  # a batch this small stays in the processor's cache, four times as fast as 2,000


def synthesise(
    source: Dataset,
    count: int,
    original: float,
    non_digits: float,
    seed: int,
    composed: float = 0.0,
) -> Dataset:
    """Make a training set from digits.

    Parameters
    ----------
    source : Dataset
        The digits, 28×28 with labels 0 to 9, all ten of them present.
    count : int
        How many pictures to make, rounded up to whole batches.
    original, non_digits : float
        Shares of them that are digits of the source as they are, and that are no digits. The rest
        are digits as other hands, pens and cameras would have given them.
    seed : int
        The same seed gives the same pictures.
    composed : float
        Share of them that are cut out of composed pictures: the hands of the pages, and print in
        the fonts of this machine.

    Returns
    -------
    Dataset
        With an eleventh class, "none". In no order.

    Raises
    ------
    DataError
        If the source has other sizes, classes, or lacks a digit.
    """
    if source.size != FRAME or len(source.classes) != 10 or not source.counts().all():
        raise DataError(
            f"{source.name}: synthesis starts from 28×28 pictures of all ten digits. Use MNIST."
        )
    maker = _Maker(source, seed)
    batches = -(-count // BATCH)
    images = np.empty((batches * BATCH, FRAME, FRAME), np.uint8)
    labels = np.empty(batches * BATCH, np.uint8)
    for batch in range(batches):
        rows = slice(batch * BATCH, (batch + 1) * BATCH)
        images[rows], labels[rows] = maker.batch(original, non_digits, composed)
    classes = (*source.classes, NO_DIGIT)
    return replace(source, images=images, labels=labels, classes=classes)


class _Maker:
    """Makes pictures batch by batch."""

    def __init__(self, source: Dataset, seed: int) -> None:
        self.images = torch.from_numpy(source.images)
        self.labels = torch.from_numpy(source.targets)
        self.fields: DistanceFields = measure(source.images)
        self.zeros = (self.labels == 0).nonzero()[:, 0]
        self.generator = Generator().manual_seed(seed)
        self.camera = np.random.default_rng(seed)
        self.source, self.seed = source, seed

    @cached_property
    def lone(self) -> LoneMaker:
        """Whoever wants no composed digits needs neither its fonts nor its time."""
        # All of the source: what is held out for validation is not in it.
        stock = Stock.of(self.source.images, self.source.targets, "test")
        return LoneMaker(stock, "train", self.seed)

    def batch(
        self, original: float, non_digits: float, composed: float
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        rows = torch.randint(len(self.labels), (BATCH,), generator=self.generator)
        kept, drawn, cut = (round(BATCH * share) for share in (original, non_digits, composed))
        same, other = rows[:kept], rows[kept : BATCH - drawn - cut]
        pictures = torch.cat([self._written(other), self._non_digits(drawn)]).numpy()
        spoilt = np.rint(photograph(pictures, self.camera) * 255).astype(np.uint8)
        none = torch.full((drawn,), 10, dtype=torch.uint8)
        labels = torch.cat([self.labels[same], self.labels[other], none]).numpy()
        lone = [self.lone.digit() for _ in range(cut)]
        return (
            np.concatenate([self.images[same].numpy(), spoilt, *(one[None] for one, _ in lone)]),
            np.append(labels, np.array([label for _, label in lone], np.uint8)),
        )

    def _written(self, rows: Tensor) -> Tensor:
        rng = BatchRng(len(rows), self.generator)
        shapes = variants.vary(plain(self.fields, rows), self.labels[rows], self.zeros, rng)
        return render(shapes, rng)

    def _non_digits(self, count: int) -> Tensor:
        rng = BatchRng(count, self.generator)
        return draw_non_digits(self.fields, self.images, self.labels, rng)
