"""How long does the tutorial's training take, beside Keras 3 on three backends and plain torch?

    python benchmarks/time_of_tutorial.py        # 150 epochs × 3 rounds, five seeds: 12 minutes
    python benchmarks/time_of_tutorial.py --epochs 10 --rounds 1 --seeds 0   # a look in a minute
    python benchmarks/time_of_tutorial.py --only tenfold keras-jax

The same work for all: scikit-learn's digits, the first 1,597, the network of 53,002 weights,
log-cosh, RMSprop at 0.001, batches of 10, on the processor alone. Every run is a process of its
own, so that no contender finds the machine warmed by another, and the contenders take turns within
each round. Each Keras lives in a virtual environment that this script makes once below --venvs (one
that cannot be installed gets a row that says why); plain torch is the torch that tenfold runs on.
The first epoch, which traces and compiles, is left out of the time for all and given beside it.
Result: results/time_of_tutorial.json.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

from common import RESULTS, new_result, out, print_table, summary, write_result
from contenders import (
    Contender,
    Record,
    comparison_parser,
    keras_on_each_backend,
    peer,
    run_contender,
    take_turns,
)

FULL = 150  # the tutorial's epochs

CONTENDERS = (
    Contender("tenfold", "tenfold, recipe tutorial", peer("tutorial", "with_tenfold.py")),
    *keras_on_each_backend(peer("tutorial", "with_keras.py")),
    Contender("torch", "plain torch, DataLoader", peer("tutorial", "with_torch.py")),
)


def reckon(contender: Contender, runs: list[Record], ours: float | None) -> dict[str, object]:
    """Return a contender's figures, ready for JSON."""
    seconds = [run["seconds"] for run in runs]
    median = statistics.median(seconds)
    return {
        "name": contender.name,
        "title": contender.title,
        "versions": runs[0]["versions"],
        "threads": runs[0]["threads"],
        "seconds": seconds,
        "median_seconds": median,
        "ratio_to_tenfold": median / ours if ours else None,
        "first_epoch_seconds": [run["first_epoch_seconds"] for run in runs],
        "test_accuracy": [run["test_accuracy"] for run in runs],
        "test_loss": [run["test_loss"] for run in runs],
    }


def time_row(figures: dict[str, Any], epochs: int) -> list[str]:
    """Write a contender's figures as a row of the first table."""
    ratio = figures["ratio_to_tenfold"]
    row = [
        figures["title"],
        f"{figures['median_seconds']:.1f}",
        f"{min(figures['seconds']):.1f}–{max(figures['seconds']):.1f}",
        "" if ratio is None else f"{ratio:.2f}×",
        f"{statistics.median(figures['first_epoch_seconds']):.1f}",
        f"{statistics.fmean(figures['test_accuracy']):.1%}",
        f"{statistics.fmean(figures['test_loss']):.4f}",
    ]
    if epochs != FULL:
        row.insert(3, f"{figures['median_seconds'] * FULL / epochs:.1f}")
    return row


def compare_times(
    contenders: list[Contender], results: dict[str, list[Record] | str], epochs: int, rounds: int
) -> list[dict[str, object]]:
    """Print the table of times and return its figures."""
    ours = results.get("tenfold")
    median = None
    if isinstance(ours, list) and ours:
        median = statistics.median(run["seconds"] for run in ours)
    columns = ["", "seconds", "range", "to tenfold", "first epoch", "accuracy", "loss"]
    notes = [
        f"Seconds: the fit alone, {epochs} epochs at batch 10, median of {rounds}. The first epoch",
        "counts as an average one; what it really took, compilation included, stands beside.",
    ]
    if epochs != FULL:
        columns.insert(3, f"scaled to {FULL}")
        notes.append(
            f"Not a full run: the column 'scaled to {FULL}' is {epochs} epochs' time × "
            f"{FULL / epochs:g}."
        )
    rows: list[list[str]] = []
    figures: list[dict[str, object]] = []
    for contender in contenders:
        runs = results[contender.name]
        if isinstance(runs, str):
            rows.append([contender.title, *["–"] * (len(columns) - 1)])
            notes.append(f"{contender.title} {runs}")
            figures.append({"name": contender.name, "title": contender.title, "problem": runs})
            continue
        row = reckon(contender, runs, median)
        figures.append(row)
        rows.append(time_row(row, epochs))
        versions = [f"{name} {number}" for name, number in runs[0]["versions"].items()]
        notes.append(f"{contender.title}: {', '.join(versions)}; threads: {runs[0]['threads']}")
    print_table("The tutorial's training", columns, rows, notes)
    return figures


def measure_accuracy(runs: list[Record], epochs: int, seeds: int) -> dict[str, object]:
    """Train tenfold's tutorial over so many seeds, print it beside SVC, and return the figures."""
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    by_seed = {run["seed"]: run for run in runs}
    for seed in range(seeds):
        if seed not in by_seed:
            arguments = [f"--epochs={epochs}", f"--seed={seed}"]
            by_seed[seed] = run_contender(CONTENDERS[0], Path(sys.executable), arguments)
    accuracies = [by_seed[seed]["test_accuracy"] for seed in range(seeds)]
    ours = summary(accuracies)
    data, target = load_digits(return_X_y=True)
    rows = [
        [
            f"tenfold, recipe tutorial, {epochs} epochs, {seeds} seeds",
            f"{ours['mean']:.2%}",
            f"{ours['deviation']:.2%}",
            f"{ours['min']:.1%}–{ours['max']:.1%}",
        ]
    ]
    peers = {}
    for title, svc in {"SVC(gamma=0.001)": SVC(gamma=0.001), "SVC()": SVC()}.items():
        accuracy = svc.fit(data[:-200], target[:-200]).score(data[-200:], target[-200:])
        peers[title] = float(accuracy)
        rows.append([f"scikit-learn's {title}", f"{accuracy:.2%}", "", ""])
    columns = ["trained on the first 1,597, tested on the last 200", "accuracy", "± sd", "range"]
    print_table("How well it reads", columns, rows)
    return {"epochs": epochs, "accuracies": accuracies, **ours, "peers": peers}


def main() -> None:
    """Measure, print the tables and write the results."""
    parser = comparison_parser(__doc__, CONTENDERS, RESULTS / "time_of_tutorial.json")
    parser.add_argument("--epochs", type=int, default=FULL, help="at least 2; default %(default)s")
    parser.add_argument("--seeds", type=int, default=5, help="for the accuracy; 0 leaves it out")
    given = parser.parse_args()
    if given.epochs < 2:
        parser.error("--epochs must be at least 2")
    contenders = [contender for contender in CONTENDERS if contender.name in given.only]
    results = take_turns(contenders, given.venvs, given.rounds, [f"--epochs={given.epochs}"])
    found: dict[str, Any] = {
        "contenders": compare_times(contenders, results, given.epochs, given.rounds)
    }
    if given.seeds:
        ours = results.get("tenfold", [])
        runs = ours if isinstance(ours, list) else []
        found["accuracy"] = measure_accuracy(runs, given.epochs, given.seeds)
    setting = {"epochs": given.epochs, "rounds": given.rounds, "seeds": given.seeds, "batch": 10}
    result = new_result(__doc__, ["tenfold", "torch", "numpy", "scikit-learn"], setting, found)
    out.print(result.describe(), highlight=False, soft_wrap=True)
    write_result(given.out, result)


if __name__ == "__main__":
    main()
