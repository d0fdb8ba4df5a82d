"""How well the reader reads composed test pages: separators, numbers apart, ink, struck out.

    .venv/bin/python benchmarks/composed.py --pages 600

The pages show hands, fonts and MNIST images (its test part) that neither training nor the choice
of settings has seen. ``--fit`` fits the curve of the number's confidence on validation pages and
writes it into the line recogniser's file.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

import common
import tenfold
from tenfold.reader.confidence import features
from tenfold.reader.networks import LINE, bundled_line
from tenfold.reader.pipeline import ask_classifier
from tenfold.reader.reader import Reader, Trace
from tenfold.reader.settings import SETTINGS
from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.pages import Page, PageMaker
from tenfold.synthesis.pages.scene import Scene
from tenfold.synthesis.pages.struck import strike
from tenfold.synthesis.pages.writing import Style

HEIGHT, WIDTH = 384, 512
APART = (1.3, 3.0)  # digit heights between two numbers of a line


@dataclass
class Truth:
    """What stands on a page."""

    kind: str
    lines: list[list[str]] = field(default_factory=list)
    struck: int = 0


def one_number(rng: Generator) -> str:
    """Write a number of which every mark is part of the text."""
    roll, d = rng.random(), numbers.digits
    count = int(min(rng.geometric(0.3), 8))
    if roll < 0.5:
        return d(rng, count)
    if roll < 0.7:
        return d(rng, int(rng.integers(1, 5))) + str(rng.choice([".", ","])) + d(rng, 2)
    if roll < 0.8:
        return "/".join([d(rng, 2), d(rng, 2), d(rng, 4)])
    if roll < 0.88:
        return d(rng, int(rng.integers(1, 3))) + "/" + d(rng, 2)
    if roll < 0.94:
        return d(rng, 2) + ":" + d(rng, 2)
    return "-" + d(rng, count)


@dataclass
class Pen:
    """What a line is written with, and where it begins."""

    scene: Scene
    face: str
    style: Style
    x: float
    y: float

    @property
    def room(self) -> int:
        """Digits that fit before the page ends."""
        return max(1, int((WIDTH - self.x) / self.style.height / 0.95) - 2)


def _numbers(pen: Pen) -> list[str]:
    """Draw numbers for a line, as many as fit."""
    rng = pen.scene.rng
    own = [one_number(rng)]
    while rng.random() < 0.3 and sum(map(len, own)) < 8:
        own.append(one_number(rng))
    if len(" ".join(own)) > pen.room:
        return [own[0][: pen.room].rstrip(".,/:-") or "7"]
    return own


def _hand(pen: Pen, truth: Truth) -> None:
    own = _numbers(pen)
    pen.scene.write(" ".join(own), pen.x, pen.y, pen.style)
    truth.lines.append(own)


def _print(pen: Pen, truth: Truth) -> None:
    scene, own = pen.scene, _numbers(pen)
    look = Style(pen.style.height, level=scene.level, wide=APART)
    writing.typeset(scene.canvas, scene.rng, pen.face, " ".join(own), pen.x, pen.y, look)
    truth.lines.append(own)


def _label(pen: Pen, truth: Truth) -> None:
    scene, h = pen.scene, pen.style.height
    size = h * scene.rng.uniform(0.6, 1.0)
    pen.x = scene.words(pen.face, size, pen.x, pen.y, 1, scene.level, 0.0) + 0.6 * h
    if pen.x + 4 * h < WIDTH:
        short = numbers.digits(scene.rng, min(5, pen.room))
        scene.write(short, pen.x, pen.y, pen.style)
        truth.lines.append([short])


def _struck(pen: Pen, truth: Truth) -> None:
    scene, rng, h = pen.scene, pen.scene.rng, pen.style.height
    before, own = len(scene.canvas.placed), []
    first = numbers.digits(rng, int(rng.integers(2, 5)))
    end = scene.write(first, pen.x, pen.y, pen.style)
    if rng.random() < 0.6:
        strike(scene.canvas, rng, scene.hand, pen.x, end, pen.y, pen.style)
        scene.canvas.strike(scene.canvas.placed[before:])
        truth.struck += len(first)
    else:
        own.append(first)
    if end + 5 * h < WIDTH:
        own.append(numbers.digits(rng, 3))
        scene.write(own[-1], end + 1.5 * h, pen.y, pen.style)
    if own:
        truth.lines.append(own)


def _display(pen: Pen, truth: Truth) -> None:
    scene, h = pen.scene, pen.style.height
    shown = numbers.digits(scene.rng, min(7, pen.room))
    style = Style(h)
    end = writing.display(scene.canvas, scene.rng, shown, pen.x + h * 0.4, pen.y, style)
    if scene.rng.random() < 0.7:
        scene.windows.append((pen.x, pen.y - 0.85 * h, end + 0.2 * h, pen.y + 0.85 * h))
    truth.lines.append([shown])


def _foreign(pen: Pen, _truth: Truth) -> None:
    rng = pen.scene.rng
    strokes = letters.foreign_number(rng, int(rng.integers(2, 7)))
    pen.scene.strokes(strokes, pen.x, pen.y, pen.style.height)


# Each kind of page with its share.
KINDS = {
    _hand: 0.44, _print: 0.1, _label: 0.14, _struck: 0.12, _display: 0.1, _foreign: 0.1,
}  # fmt: skip


def compose(maker: PageMaker) -> tuple[Page, Truth]:
    """Compose a page of one kind."""
    rng, shares = maker.rng, np.array(list(KINDS.values()))
    line = list(KINDS)[int(rng.choice(len(KINDS), p=shares))]
    scene = Scene(rng, maker.stock, maker.part, HEIGHT, WIDTH)
    scene.hand.pen = min(scene.hand.pen, 0.16)
    truth = Truth(line.__name__.strip("_"))
    h = scene.size(18, 60)
    style = scene.style(h)
    style.gap, style.wide = float(np.clip(style.gap, -0.04, 0.3)), APART
    face = printing.pick(rng, maker.part)
    y = h * rng.uniform(1.0, 1.6)
    while y < HEIGHT - h:
        line(Pen(scene, face, style, rng.uniform(0.3, 2.0) * h, y), truth)
        y += h * rng.uniform(1.6, 2.4)
        if rng.random() < 0.3:
            break
    if truth.kind in ("hand", "struck") and rng.random() < 0.3:
        scene.rules(h * rng.uniform(0.8, 2), rng.uniform(0, h), rng.random() < 0.4)
    return maker.take(scene, "cell" if scene.windows else truth.kind), truth


def stock(part: Part) -> Stock:
    """MNIST's test images for test pages, the held-out training images for validation pages."""
    data = tenfold.load_dataset("mnist", "test" if part == "test" else "train")
    return Stock.of(data.images, data.targets, part)


def fit(pages: int, seed: int) -> list[float]:
    """Fit the confidence of strings on validation pages by logistic regression."""
    maker = PageMaker(stock("validation"), "validation", seed)
    reader = Reader()
    rows, right = [], []
    for _ in range(pages):
        page, truth = compose(maker)
        trace = reader.trace(page.pixels)
        for row, line in zip(*_matched(trace, truth), strict=True):
            rows.append(row)
            right.append(line)
    x, y = np.array(rows), np.array(right, float)
    weights = np.array([0.0, 1.0, 0.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        prior = np.array([0.0, 1.0, 0.0, 0.0])
        gradient = x.T @ (y - p) - (weights - prior)
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.eye(4)
        weights = weights + np.linalg.solve(curve, gradient)
    print(f"{len(y):,} parts, {100 * y.mean():.1f} % right: {np.round(weights, 3).tolist()}")
    return [float(w) for w in weights]


def _matched(trace: Trace, truth: Truth) -> tuple[list[np.ndarray], list[bool]]:
    """Features of each part read, and whether its string is one of the page's."""
    rows = ask_classifier(
        trace.picture.pixels, trace.finding, trace.lines, Reader().model, SETTINGS
    )
    wanted: dict[str, int] = defaultdict(int)
    for line in truth.lines:
        for text in line:
            wanted["".join(c for c in text if c.isdigit())] += 1
        wanted["".join(c for text in line for c in text if c.isdigit())] += len(line) > 1
    features_, right = [], []
    for parts, row in zip(trace.lines, rows, strict=True):
        for part in parts:
            own = [s for s in row if part.part.start <= s.box[0] + s.box[2] / 2 < part.part.end]
            text = "".join(s.char for s in own if s.char.isdigit())
            if text:
                features_.append(features(part, own))
                right.append(wanted[text] > 0)
    return features_, right


def measure(pages: int, seed: int, part: Part) -> dict[str, float]:
    """Read composed pages and say how well."""
    maker = PageMaker(stock(part), part, seed)
    reader = Reader()
    count: dict[str, list[float]] = defaultdict(list)
    sure: list[tuple[float, bool]] = []
    hits = [0, 0, 0]  # struck out: found and true, found, true
    for _ in range(pages):
        page, truth = compose(maker)
        reading, kind = reader.read(page.pixels), truth.kind
        if kind == "foreign":
            count["other scripts refused"].append(not reading.text)
            continue
        got = [[number.text for number in line.numbers] for line in reading.lines]
        bare = ["".join(c for c in "".join(line) if c.isdigit()) for line in got]
        count[f"lines right: {kind}"].append(
            bare == ["".join(c for c in "".join(line) if c.isdigit()) for line in truth.lines]
        )
        for wanted in truth.lines:
            digits = "".join(c for c in "".join(wanted) if c.isdigit())
            if kind == "display":
                count["seven-segment"].append(digits in bare)
            elif digits in bare:
                line = got[bare.index(digits)]
                count["text with separators, of lines whose digits are right"].append(
                    "".join(line) == "".join(wanted)
                )
                count["numbers of a line kept apart"].append(
                    [_digits(t) for t in line] == [_digits(t) for t in wanted]
                )
            if kind != "display":
                count["text with separators"].append(wanted in got)
        true = {_digits(text) for line in truth.lines for text in line}
        for found_line in reading.lines:
            sure += [(n.confidence, _digits(n.text) in true) for n in found_line.numbers]
        ink = "printed" if kind in ("print", "display") else "handwritten"
        count["ink"] += [d.ink == ink for d in reading.digits if d.accepted]
        found = sum(d.refused == "struck out" for d in reading.digits)
        hits = [hits[0] + min(found, truth.struck), hits[1] + found, hits[2] + truth.struck]
    result = {name: float(np.mean(values)) for name, values in sorted(count.items())}
    result["struck out, precision"] = hits[0] / max(1, hits[1])
    result["struck out, recall"] = hits[0] / max(1, hits[2])
    result["ECE of the number's confidence"] = ece(sure)
    return result


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def ece(sure: list[tuple[float, bool]], bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal count."""
    ordered = sorted(sure)
    size = max(1, math.ceil(len(ordered) / bins))
    groups = [ordered[i : i + size] for i in range(0, len(ordered), size)]
    return sum(
        len(g)
        / len(ordered)
        * abs(float(np.mean([c for c, _ in g])) - float(np.mean([r for _, r in g])))
        for g in groups
    )


def main() -> None:
    """Measure, or fit the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", choices=["validation", "test"], default="test")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.fit:
        from dataclasses import replace

        from tenfold.training.export import with_info

        curve = fit(options.pages, options.seed)
        path = Path(tenfold.__file__).parent / "models" / LINE
        info = replace(bundled_line().info, string_calibration=tuple(curve))
        path.write_bytes(with_info(path.read_bytes(), info))
        return
    result = measure(options.pages, options.seed, options.part)
    for name, value in result.items():
        print(f"{name:60} {100 * value:6.2f} %")
    if options.part == "test":
        out = common.RESULTS / "composed.json"
        record = {"pages": options.pages, "seed": options.seed, "results": result}
        out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
