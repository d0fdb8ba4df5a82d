"""Digits by themselves, cut out of a picture as the reader cuts them out for the classifier.

The pages' hands and the machine's fonts at every size, on every paper and through every camera,
then found and framed by the code that reads. A few letters in print are among them: no digits.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.normalize import MARGIN, frame_own
from tenfold.synthesis.pages import printing
from tenfold.synthesis.pages.camera import CLEAR, clearness, lay, photograph, unfocused
from tenfold.synthesis.pages.hands import Hand, Part, Stock
from tenfold.synthesis.pages.paper import cheque, paper
from tenfold.synthesis.pages.strokes import Pixels, crop

PRINTED = 0.5  # of them are in print
SOFT = 0.4  # of the print is out of focus, or badly copied
LETTERS = 0.12  # of the print is letters
NO_DIGITS = "ACEFHJKLMNPRTUVWXYadefkmnpruvwx&%#?+"  # left out: what some font draws like a digit
NO_DIGIT = 10  # the label of what is none
HEIGHTS = (9.0, 70.0)  # pixels
A_HAND = 8  # digits in a row that one hand writes


class LoneMaker:
    """Draws lone digits; the same seed gives the same ones.

    Parameters
    ----------
    stock : Stock
    part : {"train", "validation", "test"}
    seed : int
    """

    def __init__(self, stock: Stock, part: Part, seed: int) -> None:
        self.stock, self.part = stock, part
        self.rng = np.random.default_rng((seed, ("train", "validation", "test").index(part)))
        self.hand, self.left = Hand(self.rng, stock, part), A_HAND

    def digit(self) -> tuple[Pixels, int]:
        """Draw one: uint8 ``(28, 28)``, white ink on black, and its label, 10 for a letter."""
        while True:
            label, ink, tall = self._printed() if self.rng.random() < PRINTED else self._written()
            framed = self._seen(ink, tall)
            if framed is not None:
                return framed, label

    def _written(self) -> tuple[int, Pixels, float]:
        self.left -= 1
        if self.left < 0:
            self.hand, self.left = Hand(self.rng, self.stock, self.part), A_HAND
        digit, tall = int(self.rng.integers(10)), _height(self.rng)
        return digit, self.hand.digit(digit, tall), tall

    def _printed(self) -> tuple[int, Pixels, float]:
        rng, tall = self.rng, _height(self.rng)
        face = printing.pick(rng, self.part)
        label = NO_DIGIT if rng.random() < LETTERS else int(rng.integers(10))
        char = str(rng.choice(list(NO_DIGITS))) if label == NO_DIGIT else str(label)
        ink = crop(printing.text(face, char, tall / printing.cap(face))[0])
        if rng.random() < SOFT:
            ink = printing.softened(ink, tall * rng.uniform(*printing.BLURRED))
        return label, ink, tall

    def _seen(self, ink: Pixels, tall: float) -> Pixels | None:
        """Photograph it, find it and frame it; None where nobody could read it."""
        rng = self.rng
        rim = int(MARGIN * max(ink.shape) * rng.uniform(0.8, 1.2)) + 1
        cover = np.pad(ink, rim)
        sheet = cheque if rng.random() < 0.3 else paper
        scene = unfocused(rng, lay(rng, cover, sheet(rng, *cover.shape)), tall)
        picture = photograph(rng, scene, min(1.0, tall / 30))
        if clearness(picture, cover, tall) < CLEAR:
            return None
        near = cv2.GaussianBlur(cover, (0, 0), max(0.4, 0.03 * tall)) > 255 / 4
        return frame_own(find_ink(picture), near)


def _height(rng: Generator) -> float:
    low, high = np.log(HEIGHTS)
    return float(np.exp(rng.uniform(low, high)))
