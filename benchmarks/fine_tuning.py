"""How much does fine-tuning on a few samples gain, and how much does it lose elsewhere?

    export TENFOLD_DATA=…
    python benchmarks/fine_tuning.py                       # all of it, five seeds: an hour or more
    python benchmarks/fine_tuning.py --seeds 2 --hands 3   # less
    python benchmarks/fine_tuning.py --part car_a          # lines: 100 amounts, the rest measured

Sources are those of ``real/`` with at least 100 pictures of which the bundled classifier misreads
at least ten, and composed hands (of shapes, digits and fonts that no network learned from) of
which it misreads at least 1.5 %. Of each, 5, 10 and 50 pictures in all, drawn anew for each seed,
teach; the others of the source are measured before and after, as the network alone reads them
framed. "Lost elsewhere" are the composed reference set and, after learning from a source of
``real/``, all other pictures of these sources. Networks are refused as the command refuses them
(--allow 0.1); a refused one, and one that went no way at all, counts as the old network. No
network is kept, and nothing is chosen by these figures. Lines are measured as one strip each,
digits alone.
Result: results/fine_tuning.json; with --part, the other part stays.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from common import RESULTS, err, load_result, new_parser, new_result, print_table, write_result
from tenfold.data.dataset import Dataset
from tenfold.data.mnist import load_mnist
from tenfold.errors import DataError
from tenfold.evaluation.test_sets import load_table
from tenfold.export.read import read_network
from tenfold.finetune import classifier, line_recogniser, reference, table
from tenfold.finetune.reference import Sizes
from tenfold.finetune.verdict import ForgottenError, hold_to
from tenfold.model import open_model
from tenfold.preprocess.normalize import FIELD, frame_glyph
from tenfold.reader.ctc import best_path
from tenfold.reader.networks import LineRecogniser, bundled_content, bundled_model
from tenfold.samples.framing import frame_picture
from tenfold.signature import DIGITS
from tenfold.synthesis.pages.hands import Hand, Stock

Pixels = NDArray[np.uint8]

COUNTS = (5, 10, 50)  # samples in all
PICTURES, ERRORS = 100, 10
WRITTEN, HEIGHT, CANDIDATES, MISREAD = 30, 48.0, 24, 0.015  # of a composed hand
ALLOW = 0.1
AMOUNTS = 100


def real_pictures(data: Path, cache: Path | None) -> dict[str, Dataset]:
    """Frame the pictures of the large sources of ``real/``, as ``tenfold fine-tune`` does."""
    if cache is None or not cache.is_file():
        wanted = load_table(data / "real" / "labels.csv").rows
        many = Counter(row.source for row in wanted)
        rows = [row for row in wanted if many[row.source] >= PICTURES]
        glyphs: list[Pixels] = []
        for row in track(rows, "framing", console=err):
            try:
                glyphs.append(frame_picture(row.file, str(row.file)))
            except DataError:  # no ink is found: nothing can be read either
                glyphs.append(np.zeros((FIELD, FIELD), np.uint8))
        arrays: dict[str, Any] = {
            "g": np.stack(glyphs),
            "l": np.array([int(row.truth) for row in rows]),
            "s": np.array([row.source for row in rows]),
        }
        if cache is not None:
            np.savez(cache, **arrays)
    else:
        arrays = dict(np.load(cache))
    return {
        str(name): Dataset(
            arrays["g"][arrays["s"] == name],
            arrays["l"][arrays["s"] == name].astype(np.uint8),
            str(name),
            "all",
        )
        for name in np.unique(arrays["s"])
    }


def composed_hands(count: int) -> dict[str, Dataset]:
    """Write digits in hands that no network learned from; those that are misread."""
    train = load_mnist().train
    stock = Stock.of(train.images, train.targets, "validation")
    found: dict[str, Dataset] = {}
    labels = np.repeat(np.arange(10, dtype=np.uint8), WRITTEN)
    for number in range(CANDIDATES):
        hand = Hand(np.random.default_rng((7, number)), stock, "validation")
        inked = [np.pad(hand.digit(int(digit), HEIGHT), 4) for digit in labels]
        glyphs = np.stack([frame_glyph(each, (each > 0).astype(np.uint8)) for each in inked])
        if (bundled_model().predict(glyphs) != labels).mean() >= MISREAD:
            found[f"hand {number}"] = Dataset(glyphs, labels, f"hand {number}", "all")
        if len(found) == count:
            break
    return found


def measure_digits(
    real: dict[str, Dataset],
    hands: dict[str, Dataset],
    seeds: int,
    counts: tuple[int, ...],
    sizes: Sizes,
    minutes: float,
) -> dict[str, Any]:
    """Teach and measure; return a row for each source and count."""
    old, network = bundled_model(), read_network(bundled_content(), "bundled")
    sets = reference.glyphs(network.info, sizes, None, err.print)
    right = {name: old.predict(each.images) == each.targets for name, each in real.items()}
    taught = {name: each for name, each in real.items() if (~right[name]).sum() >= ERRORS}
    jobs = [
        (name, data, count, seed)
        for seed in range(seeds)
        for count in counts
        for name, data in (taught | hands).items()
    ]
    runs: dict[tuple[str, int], list[dict[str, float]]] = {}
    started = time.monotonic()
    for name, data, count, seed in track(jobs, "teaching", console=err):
        if time.monotonic() - started > 60 * minutes:
            break
        order = np.random.default_rng((seed, count)).permutation(len(data))
        own, rest = data.take(order[:count]), data.take(order[count:])
        new, refused = old, 0.0
        adapted = classifier.adapt(network, own, sets, seed, ALLOW, lambda _: None)
        try:
            hold_to(adapted.own, adapted.reference, ALLOW)
            if adapted.alpha and adapted.own.change > 0:  # else nothing would be written
                new = open_model(adapted.content, "new", threads=1)
        except ForgottenError:
            refused = 1.0
        before, after = (float((m.predict(rest.images) == rest.targets).mean()) for m in (old, new))
        others = [each for other, each in real.items() if other != name and name in real]
        elsewhere = [
            float((new.predict(each.images) == each.targets).mean())
            - float(right[each.name].mean())
            for each in others
        ]
        runs.setdefault((name, count), []).append({
            "before": before,
            "after": after,
            "alpha": adapted.alpha,
            "refused": refused,
            "reference": 0.0 if new is old else adapted.reference.change,
            "elsewhere": fmean(elsewhere) if elsewhere else 0.0,
        })  # fmt: skip
    return {
        f"{name}, {count}": {key: fmean(run[key] for run in own) for key in own[0]}
        | {"seeds": len(own), "measured": len((taught | hands)[name]) - count}
        for (name, count), own in runs.items()
    }


def measure_lines(data: Path, sizes: Sizes, most: int | None) -> dict[str, Any]:
    """Teach the line recogniser 100 amounts of ORAND-CAR-A and measure it on the others."""
    rows = load_table(data / "car_a" / "labels.csv").rows
    order = np.random.default_rng(0).permutation(len(rows))
    chosen = [rows[k] for k in order[: AMOUNTS + (len(rows) if most is None else most)]]
    opened = [
        table.open_line(row.file, row.truth)
        for row in track(chosen, "opening amounts", console=err)
    ]
    own, rest = opened[:AMOUNTS], opened[AMOUNTS:]
    network = read_network(bundled_content("line.onnx"), "bundled")
    strips, held = reference.strips(sizes.for_lines(), None, err.print)
    adapted = line_recogniser.adapt(
        network, own, strips, held, 0, ALLOW, err.print, pages=0, name="car_a"
    )
    found = {}
    for name, content in (("before", network.content), ("after", adapted.content)):
        recogniser = LineRecogniser(content, name, threads=1)
        hits = [read_digits(recogniser, line) == line.text for line in rest]
        found[name] = fmean(hits)
    try:
        hold_to(adapted.own, adapted.reference, ALLOW)
        refused = 0.0
    except ForgottenError:
        refused = 1.0
    return found | {
        "alpha": adapted.alpha, "refused": refused, "taught": len(own), "measured": len(rest),
        "own before": adapted.own.before, "own after": adapted.own.after,
        "reference": adapted.reference.change, "reference interval": adapted.reference.interval,
        "reference before": adapted.reference.before, "characters": adapted.reference.count,
    }  # fmt: skip


def read_digits(recogniser: LineRecogniser, line: table.Line) -> str:
    """Return the digits of a line shown once, as one strip."""
    strip = line.strip()
    logits = recogniser(line_recogniser.batch_of([strip], [""], []).strips)[0][
        : strip.shape[1] // 2
    ]
    return "".join(char for char in best_path(logits) if char in DIGITS)


def show(results: dict[str, Any]) -> None:
    """Print what was measured."""
    digits = results.get("digits", {})
    rows = [
        [
            name, f"{100 * r['before']:.1f}", f"{100 * r['after']:.1f}",
            f"{100 * (r['after'] - r['before']):+.1f}", f"{100 * r['reference']:+.2f}",
            f"{100 * r['elsewhere']:+.2f}", f"{r['alpha']:.2f}", f"{r['refused']:.1f}",
        ]
        for name, r in digits.items()
    ]  # fmt: skip
    for count in COUNTS:
        own = [r for name, r in digits.items() if name.endswith(f", {count}")]
        if own:
            left = fmean((1 - r["after"]) / max(1e-9, 1 - r["before"]) for r in own)
            gain = fmean(r["after"] - r["before"] for r in own)
            lost = fmean(r["reference"] for r in own)
            rows.append([f"mean, {count}", "", f"{100 * left:.0f} % left", f"{100 * gain:+.2f}",
                         f"{100 * lost:+.3f}", "", "", ""])  # fmt: skip
    head = ["source, samples in all", "before %", "after %", "gain", "reference", "elsewhere",
            "alpha", "refused"]  # fmt: skip
    print_table("Fine-tuning the classifier; gains and losses in points", head, rows)
    if "car_a" in results:
        print_table("Fine-tuning the line recogniser on car_a", ["", "value"],
                    [[key, str(value)] for key, value in results["car_a"].items()])  # fmt: skip


def main(arguments: argparse.Namespace) -> None:
    """Measure and write."""
    data, sizes = Path(os.environ["TENFOLD_DATA"]), Sizes.of(arguments.reference)
    before = load_result(arguments.out) if arguments.out.is_file() else None
    results = dict(before.results) if before else {}
    setting = dict(before.setting) if before else {}
    if arguments.part in (None, "digits"):
        real = real_pictures(data, arguments.framed)
        hands = composed_hands(arguments.hands)
        counts = tuple(arguments.counts)
        measured = measure_digits(real, hands, arguments.seeds, counts, sizes, arguments.minutes)
        results["digits"] = measured
        setting |= {"counts": COUNTS, "reference": arguments.reference, "allow": ALLOW}
    if arguments.part in (None, "car_a"):
        results["car_a"] = measure_lines(data, sizes, arguments.most)
        setting["car_a"] = {"reference": arguments.reference, "most": arguments.most, "seeds": 1}
    setting["runs"] = [*setting.get("runs", []), shlex.join(sys.argv[1:])]
    result = new_result(__doc__, ["torch", "onnxruntime", "numpy"], setting, results)
    write_result(arguments.out, result)
    show(result.results)


if __name__ == "__main__":
    parser = new_parser(__doc__, RESULTS / "fine_tuning.json")
    parser.add_argument("--part", choices=["digits", "car_a"], help="only this part")
    parser.add_argument("--seeds", type=int, default=5, help="draws of samples (default 5)")
    parser.add_argument(
        "--counts", type=int, nargs="+", choices=COUNTS, default=COUNTS, help="samples of each"
    )
    parser.add_argument("--hands", type=int, default=8, help="composed hands (default 8)")
    parser.add_argument(
        "--reference", type=int, default=20_000, help="pictures of the reference set"
    )
    parser.add_argument("--minutes", type=float, default=1e9, help="teach no longer than this")
    parser.add_argument("--most", type=int, help="amounts measured at most")
    parser.add_argument("--framed", type=Path, help="a file that keeps the framed pictures")
    main(parser.parse_args())
