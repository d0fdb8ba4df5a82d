"""The reader's few settings, each with its reason; chosen on composed validation pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How the reader works.

    Parameters
    ----------
    sides : tuple of int
        Long sides at which the finder sees a picture: a digit of a hand's size on a page is small
        in the first, one that fills the picture suits the last.
    fine_side, fine_below : int, float
        The largest side, tried only where digits found at the next one are lower than so many
        pixels there, or none was found: it costs as much as all the others together.
    least_score, overlap : float
        The finder's least score of a digit, and the intersection over union of two that are one.
    gap : float
        Digit heights of paper that part a line into pieces read each by itself.
    apart : float
        Digit heights of paper between two numbers of a line: more than a digit's width.
    heights : tuple of float
        Of normal size, at which a piece is shown to the line recogniser.
    least_support : float
        Probability of digit ink that the finder must see where the recogniser reads a digit.
    """

    sides: tuple[int, ...] = (768, 384, 192)
    fine_side: int = 1536
    fine_below: float = 16.0
    least_score: float = 0.3
    overlap: float = 0.45
    gap: float = 2.0
    apart: float = 0.75
    heights: tuple[float, ...] = (1.0, 0.84, 1.18)
    least_support: float = 0.25


SETTINGS = Settings()
