"""How sure a whole string is: the probability that all of a number is right.

The line recogniser's probability of a string already sees digits dropped, added and joined. What
the classifier and the finder saw is taken into account, and a logistic curve fitted on composed
validation pages makes it honest (Platt 1999); its parameters travel in the line recogniser's file.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenfold.reader.recognise import ReadPart, Symbol

Floats = NDArray[np.float64]

PLAIN = (0.0, 1.0, 0.0, 0.0)  # without a fitted curve


def features(part: ReadPart, symbols: Sequence[Symbol]) -> Floats:
    """Return what the curve sees: 1, log-odds of the string, doubts of finder and classifier."""
    log_probability = part.spelled.log_probability
    before = {id(symbol.found): symbol.confidence for symbol in part.symbols if symbol.found}
    for symbol in symbols:
        if symbol.found is not None:
            was = before.get(id(symbol.found), 1.0)
            log_probability += min(0.0, float(np.log((symbol.confidence + 1e-6) / (was + 1e-6))))
    sure = float(np.clip(np.exp(log_probability), 1e-6, 1 - 1e-6))
    digits = [symbol for symbol in symbols if symbol.char.isdigit()]
    support = min((symbol.support for symbol in digits), default=1.0)
    unread = sum(
        f.score for f in part.part.found if all(symbol.found is not f for symbol in symbols)
    )
    return np.array([1.0, np.log(sure / (1 - sure)), np.log(support + 1e-3), unread])


def probability(
    part: ReadPart, symbols: Sequence[Symbol], calibration: Sequence[float] = ()
) -> float:
    """Probability that all of a part was read rightly, 0 to 1.

    Parameters
    ----------
    part : ReadPart
    symbols : sequence of Symbol
    calibration : sequence of float
        The curve in the line recogniser's file.
    """
    curve = np.array(calibration or PLAIN)
    return float(1 / (1 + np.exp(-np.clip(curve @ features(part, symbols), -30, 30))))


def shares(
    parts: Sequence[ReadPart], symbols: Sequence[Symbol], calibration: Sequence[float] = ()
) -> list[float]:
    """For each symbol of a line, the root of its part's probability that is its share of it."""
    if not parts:
        return [symbol.confidence for symbol in symbols]
    middles = [symbol.box[0] + symbol.box[2] / 2 for symbol in symbols]
    out = [1.0] * len(symbols)
    for part in parts:
        own = [k for k, x in enumerate(middles) if part.part.start <= x < part.part.end]
        if own:
            sure = probability(part, [symbols[k] for k in own], calibration)
            share = sure ** (1 / len(own))
            for k in own:
                out[k] = min(out[k], share)
    return out
