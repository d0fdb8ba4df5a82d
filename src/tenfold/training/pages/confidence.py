"""Make a number's confidence honest: a logistic curve, fitted on composed validation pages.

Pages are read as the reader does, with the new line recogniser; whether each string is one of its
page's is what the curve learns (Platt 1999). `tenfold.reader.confidence` says what it sees. It
travels in the line recogniser's file.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from tenfold.evaluation.metrics.text import digits_of
from tenfold.reader.confidence import PLAIN, features
from tenfold.reader.networks import LineRecogniser, bundled_finder, bundled_model
from tenfold.reader.pipeline import ask_classifier, best_turn, grey_of, look, read_lines
from tenfold.reader.settings import SETTINGS
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.numbered import Truth, compose
from tenfold.synthesis.pages.pages import PageMaker

Floats = NDArray[np.float64]
SEED = 0  # of what is fitted on: always the same pages


def fit_number_confidence(content: bytes, stock: Stock, count: int) -> tuple[float, ...]:
    """Fit the curve for a line recogniser's model file.

    Finder and classifier are those that come with tenfold.

    Parameters
    ----------
    content : bytes
        The file.
    stock : Stock
        Digits for validation pages.
    count : int
        How many pages.

    Returns
    -------
    tuple of float
        The curve's four weights, for the file's ``string_calibration``.
    """
    recogniser = LineRecogniser(content, "the new model")
    maker = PageMaker(stock, "validation", SEED)
    found: list[tuple[Floats, bool]] = []
    for _ in range(count):
        page, truth = compose(maker)
        found += _matched(page.pixels, truth, recogniser)
    x = np.array([row for row, _ in found]).reshape(-1, len(PLAIN))
    return tuple(fit_curve(x, np.array([right for _, right in found], float)).tolist())


def _matched(
    pixels: NDArray[np.uint8], truth: Truth, recogniser: LineRecogniser
) -> list[tuple[Floats, bool]]:
    """Return what the curve sees of each part read, and whether its string is one of the page's."""
    grey, finder = grey_of(pixels), bundled_finder()
    seen = look(grey, finder, SETTINGS)
    if degrees := best_turn(grey, seen, finder, SETTINGS):
        pixels = np.ascontiguousarray(np.rot90(pixels, -degrees // 90))
        grey = grey_of(pixels)
        seen = look(grey, finder, SETTINGS)
    lines, *_ = read_lines(grey, seen, recogniser, SETTINGS, one_line=False, ink="auto")
    if not any(part.symbols for line in lines for part in line):
        return []  # the reader takes it for a lone digit, if for anything
    rows = ask_classifier(pixels, seen, lines, bundled_model(), SETTINGS)
    wanted = Counter(digits_of(text) for line in truth.lines for text in line)
    wanted.update(digits_of("".join(line)) for line in truth.lines if len(line) > 1)
    found = []
    for parts, row in zip(lines, rows, strict=True):
        for part in parts:
            own = [s for s in row if part.part.start <= s.box[0] + s.box[2] / 2 < part.part.end]
            if text := "".join(s.char for s in own if s.char.isdigit()):
                found.append((features(part, own), wanted[text] > 0))
    return found


def fit_curve(x: Floats, y: Floats) -> Floats:
    """Fit a logistic curve that is drawn to the one without a fit.

    Parameters
    ----------
    x : float array, shape (n, 4)
        What it sees, as `tenfold.reader.confidence.features` gives it.
    y : float array, shape (n,)
        1 where the string is right, else 0.

    Returns
    -------
    float array, shape (4,)
        The weights of highest posterior density, where those of `PLAIN` are expected with a
        standard deviation of 1.

    Examples
    --------
    >>> bool((fit_curve(np.zeros((0, 4)), np.zeros(0)) == PLAIN).all())
    True
    """
    plain = np.array(PLAIN)

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits, off = x @ weights, weights - plain
        value = np.logaddexp(0, logits).sum() - y @ logits + off @ off / 2
        return float(value), x.T @ (expit(logits) - y) + off

    fitted: Floats = minimize(loss, plain, jac=True).x
    return fitted
