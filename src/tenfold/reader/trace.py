"""A reading and how it came about, for those who draw or look closer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.image import Picture
from tenfold.preprocess.normalize import FIELD
from tenfold.reader.find import Finding, Found
from tenfold.reader.glyphs import glyph
from tenfold.reader.reading import Reading
from tenfold.reader.recognise import ReadPart

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Trace:
    """A reading and how it came about: what ``--explain`` and ``--annotate`` draw.

    Parameters
    ----------
    picture : Picture
        As opened, turned upright.
    finding : Finding
        Where the finder saw digits, and which ink.
    lines : list of list of ReadPart
        Each line's parts as they were cut out, and what was read in them.
    reading : Reading
    places : list of Found or None
        For each digit of the reading, where the finder saw it.
    shown : uint8 array, shape (28, 28), or None
        What the classifier saw of a digit that was read by itself.
    """

    picture: Picture
    finding: Finding
    lines: list[list[ReadPart]]
    reading: Reading
    places: list[Found | None]
    shown: Pixels | None

    def glyph(self, number: int) -> Pixels:
        """Return what the classifier sees of a digit, uint8 ``(28, 28)``; black where nothing."""
        place = self.places[number]
        framed = self.shown if place is None else glyph(self.picture.pixels, self.finding, place)
        return np.zeros((FIELD, FIELD), np.uint8) if framed is None else framed
