"""How well does a network learn from few pictures of one's own, with the settings chosen for it?

    python benchmarks/few_pictures.py                          # some minutes on an idle machine
    python benchmarks/few_pictures.py --counts 100 --seeds 1   # a first look

MNIST's first training images, as many of each digit, stand for somebody's own. Three learn from
them and read MNIST's test images: recipe mnist as it is, which was made for 60,000; the settings
that `tenfold train --data mine` chooses; and the nearest neighbour. Validation accuracy is what
cross-fitting said before the test images were looked at. Result: results/few_pictures.json.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from common import RESULTS, err, new_parser, new_result, print_table, write_result
from tenfold import train
from tenfold.data.registry import load_splits
from tenfold.data.splits import Splits


def of_each(splits: Splits, count: int, tested: int) -> Splits:
    """Return the first training images, as many of each digit, under a name of their own."""
    labels = splits.train.targets
    rows = [np.flatnonzero(labels == digit)[: count // 10] for digit in range(10)]
    learned = splits.train.take(np.sort(np.concatenate(rows)))
    test = splits.test.take(np.arange(min(tested, len(splits.test))))
    return Splits(replace(learned, name="mine"), replace(test, name="mine"), own_test=True)


def measured(splits: Splits, recipe: str | None, seeds: int) -> dict[str, Any]:
    """Train once a seed; return means of accuracy and seconds."""
    accuracies, validations, seconds = [], [], []
    for seed in range(seeds):
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            run = train(splits, recipe, seed=seed, out=Path(folder) / "run", device="cpu")
        accuracies.append(run.evaluation.accuracy)
        seconds.append(time.perf_counter() - started)
        if run.validation is not None:
            validations.append(run.validation.accuracy)
        err.print(f"{recipe or 'chosen'}, seed {seed}: {accuracies[-1]:.1%}, {seconds[-1]:.0f} s")
    return {
        "accuracies": accuracies,
        "accuracy": statistics.mean(accuracies),
        "validation": statistics.mean(validations) if validations else None,
        "seconds": statistics.mean(seconds),
        "epochs": run.recipe.epochs,
        "batch": run.recipe.batch,
    }


def nearest(splits: Splits) -> float:
    """Return the nearest neighbour's accuracy."""
    neighbour = KNeighborsClassifier(1).fit(
        splits.train.images.reshape(len(splits.train), -1), splits.train.targets
    )
    rows = splits.test.images.reshape(len(splits.test), -1)
    return float(neighbour.score(rows, splits.test.targets))


def main() -> None:
    """Measure, print the table and write the results."""
    parser = new_parser(__doc__, RESULTS / "few_pictures.json")
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 400, 2000], help="images")
    parser.add_argument("--seeds", type=int, default=3, help="default %(default)s")
    parser.add_argument("--tested", type=int, default=10_000, help="test images")
    given = parser.parse_args()
    mnist = load_splits("mnist")
    results: dict[str, Any] = {}
    for count in given.counts:
        splits = of_each(mnist, count, given.tested)
        results[str(count)] = {
            "mnist": measured(splits, "mnist", given.seeds),
            "chosen": measured(splits, None, given.seeds),
            "nearest": nearest(splits),
        }
    result = new_result(
        __doc__,
        ["tenfold", "torch", "numpy", "scikit-learn"],
        {"counts": given.counts, "seeds": given.seeds, "tested": given.tested},
        results,
    )
    columns = ["images", "recipe mnist", "chosen", "its validation", "1-NN", "chosen, s"]
    rows = [
        [
            count,
            f"{found['mnist']['accuracy']:.1%}",
            f"{found['chosen']['accuracy']:.1%}",
            "" if found["chosen"]["validation"] is None else f"{found['chosen']['validation']:.1%}",
            f"{found['nearest']:.1%}",
            f"{found['chosen']['seconds']:.0f}",
        ]
        for count, found in results.items()
    ]
    print_table("Few pictures of one's own", columns, rows, [result.describe()])
    write_result(given.out, result)


if __name__ == "__main__":
    main()
