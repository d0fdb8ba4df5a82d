"""How well does the reader read composed pages: separators, numbers apart, ink, struck out?

    python benchmarks/reading_composed_pages.py --pages 100       # a minute

The pages (`tenfold.synthesis.pages.numbered`) show hands, fonts and MNIST images (its test set)
that neither training nor the choice of settings has seen. The character error rate is that of
`tenfold.evaluation.metrics.text`, as in `tenfold evaluate`; in the mean over kinds every kind of
page counts alike. So few numbers show some calibration error however honest their confidence is:
that is given beside it. Result: results/reading_composed_pages.json; not with --part validation.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean

import cv2
import numpy as np

import tenfold
from common import RESULTS, new_parser, new_result, print_table, write_result
from tenfold.evaluation.metrics.calibration import expected_calibration_error
from tenfold.evaluation.metrics.text import by_source, character_error_rate, digits_of
from tenfold.reader.reader import Reader
from tenfold.reader.reading import Reading
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.numbered import Truth, compose
from tenfold.synthesis.pages.pages import PageMaker

TEXT = "text with separators"
DRAWS = 200  # of what may be right by chance
TEXT_OF_RIGHT = f"{TEXT}, of lines whose digits are right"


class Tally:
    """What was seen on the pages read so far."""

    def __init__(self) -> None:
        self.shares: dict[str, list[bool]] = defaultdict(list)
        self.sure: list[tuple[float, bool]] = []  # each number's confidence, and whether it is so
        self.struck = [0, 0, 0]  # found and true, found, true
        self.texts: list[tuple[str, str, str]] = []  # kind, true, read

    def add(self, reading: Reading, truth: Truth) -> None:
        """Count a page."""
        true = {digits_of(text) for line in truth.lines for text in line}
        for line in reading.lines:
            self.sure += [(n.confidence, digits_of(n.text) in true) for n in line.numbers]
        if truth.kind == "foreign":  # nothing is to be read
            read = min(len(digits_of(reading.text)), truth.foreign)
            own = [False] * read + [True] * (truth.foreign - read)
            self.shares["other scripts: digits refused"] += own
            self.shares["other scripts: pages without any reading"].append(not read)
            return
        lines = "\n".join(" ".join(line) for line in truth.lines)
        self.texts.append((truth.kind, digits_of(lines), digits_of(reading.text)))
        self._add_lines(reading, truth)
        ink = "printed" if truth.kind in ("print", "display") else "handwritten"
        self.shares["ink"] += [d.ink == ink for d in reading.digits if d.accepted]
        found = sum(d.refused == "struck out" for d in reading.digits)
        counts = (min(found, truth.struck), found, truth.struck)
        self.struck = [a + b for a, b in zip(self.struck, counts, strict=True)]

    def _add_lines(self, reading: Reading, truth: Truth) -> None:
        got = [[number.text for number in line.numbers] for line in reading.lines]
        bare = [digits_of("".join(line)) for line in got]
        wanted = [digits_of("".join(line)) for line in truth.lines]
        self.shares[f"lines right: {truth.kind}"].append(bare == wanted)
        for line, digits in zip(truth.lines, wanted, strict=True):
            if truth.kind == "display":
                self.shares["seven-segment"].append(digits in bare)
                continue
            self.shares[TEXT].append(line in got)
            if digits in bare:
                own = got[bare.index(digits)]
                self.shares[TEXT_OF_RIGHT].append("".join(own) == "".join(line))
                self.shares["numbers of a line kept apart"].append(
                    [digits_of(text) for text in own] == [digits_of(text) for text in line]
                )

    def figures(self) -> dict[str, float]:
        """Return what was counted, as shares of 1."""
        kinds, truths, texts = zip(*self.texts, strict=True)
        hits, found, true = self.struck
        confidence, right = (np.array(column) for column in zip(*self.sure, strict=True))
        rate = character_error_rate
        return {name: float(np.mean(own)) for name, own in sorted(self.shares.items())} | {
            "character error rate": rate(truths, texts),
            "character error rate, mean over kinds": fmean(
                by_source(rate, kinds, truths, texts).values()
            ),
            "struck out, precision": hits / max(1, found),
            "struck out, recall": hits / max(1, true),
            "ECE of the number's confidence": expected_calibration_error(confidence, right),
            "ECE that an honest confidence would show": _by_chance(confidence),
        }


def _by_chance(confidence: np.ndarray) -> float:
    """Return the mean calibration error of numbers that are right exactly as often as is said."""
    rng = np.random.default_rng(0)
    draws = (rng.random(len(confidence)) < confidence for _ in range(DRAWS))
    return fmean(expected_calibration_error(confidence, right) for right in draws)


def stock(part: Part) -> Stock:
    """MNIST's test images for test pages, the held-out training images for validation pages."""
    data = tenfold.load_dataset("mnist", "test" if part == "test" else "train")
    return Stock.of(data.images, data.targets, part)


def measure(pages: int, seed: int, part: Part) -> dict[str, float]:
    """Read composed pages and say how well."""
    maker = PageMaker(stock(part), part, seed)
    reader, tally = Reader(), Tally()
    for _ in range(pages):
        page, truth = compose(maker)
        tally.add(reader.read(page.pixels), truth)
    return tally.figures()


def main() -> None:
    """Measure, print the table and write the results."""
    parser = new_parser(__doc__, RESULTS / "reading_composed_pages.json")
    parser.add_argument("--pages", type=int, default=600, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", choices=["validation", "test"], default="test")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    figures = measure(given.pages, given.seed, given.part)
    setting = {"pages": given.pages, "seed": given.seed, "part": given.part}
    packages = ["tenfold", "onnxruntime", "numpy", "opencv-python-headless"]
    result = new_result(__doc__, packages, setting, figures)
    rows = [[name, f"{share:.2%}"] for name, share in figures.items()]
    title = f"{given.pages} composed {given.part} pages"
    print_table(title, ["", "share"], rows, [result.describe()])
    if given.part == "test":
        write_result(given.out, result)


if __name__ == "__main__":
    main()
