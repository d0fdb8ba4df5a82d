"""Which curve makes a number's confidence honest? Fitted on composed validation pages.

    python benchmarks/fit_number_confidence.py --pages 600      # after training the line recogniser

Fits the logistic curve of `tenfold.reader.confidence` to whether the strings on validation pages
(composed_pages.py) were read rightly, and writes it into the bundled line recogniser's file, which
is its only result. reading_composed_pages.py says on test pages how honest it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tenfold
from common import err, new_parser
from composed_pages import Truth, compose, stock
from tenfold.evaluation.metrics.text import digits_of
from tenfold.files import write_whole
from tenfold.reader.confidence import PLAIN, features
from tenfold.reader.networks import LINE, bundled_line
from tenfold.reader.pipeline import ask_classifier
from tenfold.reader.reader import Reader
from tenfold.reader.settings import SETTINGS
from tenfold.reader.trace import Trace
from tenfold.synthesis.pages.pages import PageMaker
from tenfold.training.export import with_info

Floats = NDArray[np.float64]
STEPS = 50  # of Newton's method


def matched(reader: Reader, trace: Trace, truth: Truth) -> list[tuple[Floats, bool]]:
    """Return features of each part read, and whether its string is one of the page's."""
    rows = ask_classifier(trace.picture.pixels, trace.finding, trace.lines, reader.model, SETTINGS)
    wanted = Counter(digits_of(text) for line in truth.lines for text in line)
    wanted.update(digits_of("".join(line)) for line in truth.lines if len(line) > 1)
    found = []
    for parts, row in zip(trace.lines, rows, strict=True):
        for part in parts:
            own = [s for s in row if part.part.start <= s.box[0] + s.box[2] / 2 < part.part.end]
            if text := "".join(s.char for s in own if s.char.isdigit()):
                found.append((features(part, own), wanted[text] > 0))
    return found


def fit(x: Floats, y: Floats) -> Floats:
    """Fit a logistic curve by Newton's method, drawn to the plain one: x (n, 4), y (n,)."""
    prior = np.array(PLAIN)
    weights = prior
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (y - p) - (weights - prior)
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.eye(len(prior))
        weights = weights + np.linalg.solve(curve, gradient)
    return weights


def main() -> None:
    """Read validation pages, fit the curve and write it into the file."""
    parser = new_parser(__doc__)
    parser.add_argument("--pages", type=int, default=600, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    file = Path(tenfold.__file__).parent / "models" / LINE
    parser.add_argument("--to", type=Path, default=file, help="default: the bundled file")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    maker, reader = PageMaker(stock("validation"), "validation", given.seed), Reader()
    found: list[tuple[Floats, bool]] = []
    for _ in range(given.pages):
        page, truth = compose(maker)
        found += matched(reader, reader.trace(page.pixels), truth)
    x, y = np.array([row for row, _ in found]), np.array([right for _, right in found], float)
    weights = fit(x, y)
    print(f"{len(y):,} parts, {y.mean():.1%} right: {np.round(weights, 3).tolist()}")
    info = replace(bundled_line().info, string_calibration=tuple(weights.tolist()))
    write_whole(given.to, with_info(file.read_bytes(), info))
    err.print(f"Written to {given.to}")


if __name__ == "__main__":
    main()
