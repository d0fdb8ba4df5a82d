"""How sure is a value among those that are expected? Fits `tenfold.reader.decode.Trust`.

    python benchmarks/fit_doubt.py --strips 350

Composed strips of the validation set are decoded under promises that are kept (the right number of
digits, a list with the number in it, its checksum) and broken (a digit more or less, a list without
it). Printed are, for broken promises of a few frequencies, what has the least negative
log-likelihood of whether the likeliest value is right, and of today's trust also how often values
are right, by what was said of them.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from common import new_parser
from reading_composed_pages import stock
from tenfold.reader.ctc import frames_of
from tenfold.reader.decode import TRUST, Decoded, Trust, decode
from tenfold.reader.expect import Expect
from tenfold.reader.networks import bundled_line
from tenfold.synthesis.pages.strips import StripMaker

Floats = NDArray[np.float64]
BROKEN = (0.02, 0.05, 0.1)
DOUBTS, FAILS, TEMPERS = (0.02, 0.05, 0.1), (0.005, 0.02, 0.05), (0.5, 0.6, 0.7, 0.8, 1.0)
LISTED = 40  # other values of a list
EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 1.0)


def promises(text: str, rng: np.random.Generator) -> Iterator[tuple[str, Expect, bool]]:
    """Yield promises about a number: their kind, what is expected, and whether it is kept."""
    count = len(text)
    for digits in range(max(1, count - 1), count + 2):
        yield "digits", Expect.of(digits=digits), digits == count
    others = {f"{value:0{count}d}" for value in rng.integers(0, 10**count, LISTED)} - {text}
    yield "list", Expect.of(one_of=sorted(others | {text})), True
    yield "list", Expect.of(one_of=sorted(others)), False
    checked = Expect.of(digits=count, checksum="luhn")
    yield "checksum", checked, checked.accepts(text)


def seen(strips: int, seed: int) -> Iterator[tuple[str, Decoded, bool]]:
    """Yield for each promise its kind and if kept, what was decoded, and whether that is right."""
    maker = StripMaker(stock("validation"), "validation", seed)
    rng = np.random.default_rng(seed)
    left = strips
    while left:
        strip = maker.strip()
        if not (strip.text.isdigit() and 2 <= len(strip.text) <= 10):
            continue
        left -= 1
        (frames,) = frames_of([strip.pixels], bundled_line())
        for kind, expect, kept in promises(strip.text, rng):
            decoded = decode([frames], expect)
            if decoded:
                yield f"{kind} {kept}", decoded, decoded[0].text == strip.text


def loss(said: Floats, right: Floats, weight: Floats) -> float:
    """Return the mean negative log-likelihood."""
    said = np.clip(said, 1e-5, 1 - 1e-5)
    logs = np.where(right > 0, np.log(said), np.log(1 - said))
    return float(-np.average(logs, weights=weight))


def main() -> None:
    """Print one JSON object for each frequency of broken promises."""
    parser = new_parser(__doc__)
    parser.add_argument("--strips", type=int, default=350)
    parser.add_argument("--seed", type=int, default=78)
    arguments = parser.parse_args()
    found = list(seen(arguments.strips, arguments.seed))
    right = np.array([own for *_, own in found], float)
    kinds = np.array([kind for kind, *_ in found])
    counts = np.array([(kinds == kind).sum() for kind in kinds])
    is_kept = np.array([kind.endswith("True") for kind in kinds])

    def told(trust: Trust) -> Floats:
        return np.array([decoded.posterior(trust=trust)[0][1] for _, decoded, _ in found])

    tried = [Trust(*own) for own in itertools.product(DOUBTS, FAILS, TEMPERS)]
    chances = {trust: told(trust) for trust in [*tried, TRUST]}
    for broken in BROKEN:
        weight = np.where(is_kept, 1 - broken, broken) / counts
        losses = {trust: loss(said, right, weight) for trust, said in chances.items()}
        best = min(losses, key=lambda trust: losses[trust])
        own = chances[TRUST]
        bins = [
            [low, high, int(at.sum()), round(float(np.average(right[at], weights=weight[at])), 3)]
            for low, high in itertools.pairwise(EDGES)
            if (at := (own > low) & (own <= high)).any()
        ]
        record = {
            "broken": broken, "best": asdict(best), "loss": losses[best], "now": losses[TRUST],
            "said from, to, how many, right": bins,
        }  # fmt: skip
        sys.stdout.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
