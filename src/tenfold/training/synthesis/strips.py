"""Strips: what the reader cuts out of lines to be read together, with the digits in them.

They come out of the reader's own steps (ink, layout, groups), so that the network that reads digits
that touch learns from what it will be given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.image import open_picture
from tenfold.preprocess.segment import merge, strip_of
from tenfold.reader.decode import line_height
from tenfold.reader.layout import lay_out
from tenfold.reader.touching import STRIDE, groups
from tenfold.training.synthesis import doodles, hands
from tenfold.training.synthesis.dice import Dice
from tenfold.training.synthesis.fields import measure
from tenfold.training.synthesis.lines import OTHER, Written, write_line
from tenfold.training.synthesis.pens import render
from tenfold.training.synthesis.scrawls import draw_scrawl
from tenfold.training.synthesis.shapes import drawn, plain

Pixels = NDArray[np.uint8]

HELD, STRAY = 0.7, 0.12  # of a digit's ink: more is in the strip, less is not; between is unclear
SINGLES = 0.4  # of the strips with one digit, or one thing that is none, are kept
SCRAWLS = 0.4  # of the things that are no digits; the others are letters and strokes
LONGEST = 360  # columns
BATCH = 1024  # digits drawn at once


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Digits that touch, uint8 ``(28, width)``, and which they are; none where nothing is one."""

    pixels: Pixels
    digits: tuple[int, ...]


class StripMaker:
    """Makes strips of lines written with a data set's digits.

    Parameters
    ----------
    source : Dataset
        Digits, 28×28 with labels 0 to 9.
    seed : int
        The same seed gives the same strips.
    """

    def __init__(self, source: Dataset, seed: int) -> None:
        self.images, self.labels = source.images, torch.from_numpy(source.targets)
        self.fields = measure(source.images)
        self.zeros = (self.labels == 0).nonzero()[:, 0]
        self.generator = torch.Generator().manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.stock: dict[int, list[Pixels]] = {symbol: [] for symbol in range(OTHER + 1)}

    def line(self) -> list[Strip]:
        """Write one line and return its strips, none or several."""
        return strips_of(write_line(self._symbol, self.rng), self.rng)

    def _symbol(self, symbol: int) -> Pixels:
        """Hand out one more of a digit, or of the things that are none."""
        if symbol == OTHER and self.rng.random() < SCRAWLS:
            return draw_scrawl(self.rng)
        while not self.stock[symbol]:
            if symbol == OTHER:
                self._draw_others()
            else:
                self._draw_digits()
        return self.stock[symbol].pop(int(self.rng.integers(len(self.stock[symbol]))))

    def _draw_digits(self) -> None:
        """Draw digits as they are in the data set and as other hands write them."""
        rows = torch.randint(len(self.labels), (BATCH,), generator=self.generator)
        dice = Dice(BATCH, self.generator)
        shapes = hands.vary(plain(self.fields, rows), self.labels[rows], self.zeros, dice)
        for row, picture in zip(rows.tolist(), _grey(render(shapes, dice)), strict=True):
            self.stock[int(self.labels[row])] += [self.images[row], picture]

    def _draw_others(self) -> None:
        """Draw letters, signs and strokes."""
        for draw in (doodles.letters, doodles.strokes):
            dice = Dice(BATCH // 2, self.generator)
            self.stock[OTHER] += list(_grey(render(drawn(self.fields, draw(dice)), dice)))


def _grey(pictures: torch.Tensor) -> Pixels:
    grey: Pixels = (pictures * 255).round().to(torch.uint8).numpy()
    return grey


def strips_of(written: Written, rng: Generator) -> list[Strip]:
    """Return the strips that the reader would make of a line, unclear ones left out."""
    picture = open_picture(written.picture[:, :, ::-1])
    page = lay_out(picture.pixels, find_ink(picture.pixels))
    sizes = np.maximum(1, written.masks.sum(axis=(1, 2)))
    strips = []
    for line in page.lines:
        pieces = [piece for field in line for piece in field]
        for first, last in groups(pieces, line_height(page, line)):
            piece = merge(pieces[first:last])
            window = written.masks[:, piece.y : piece.bottom, piece.x : piece.right]
            share = (window & (piece.mask > 0)).sum(axis=(1, 2)) / sizes
            inside = np.flatnonzero(share >= HELD)
            unclear = ((share > STRAY) & (share < HELD)).any() or not len(inside)
            if unclear or (len(inside) == 1 and rng.random() > SINGLES):
                continue
            pixels = strip_of(page.ink, piece)
            digits = tuple(written.digits[row] for row in inside if written.digits[row] != OTHER)
            # A frame for every digit and one to part it from the next: fewer cannot spell it.
            if 2 * len(digits) * STRIDE < pixels.shape[1] <= LONGEST:
                strips.append(Strip(pixels, digits))
    return strips
