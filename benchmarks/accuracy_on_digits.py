"""How well does recipe digits read scikit-learn's digits, beside SVC and 1-NN?

    python benchmarks/accuracy_on_digits.py                       # ten seeds, ten folds: 2 minutes
    python benchmarks/accuracy_on_digits.py --seeds 3 --folds 3   # a first look

Two tests. Trained on the first 1,597 as `tenfold train` does it, how does it do on the last
200, seed by seed, and how long does the training take? And in stratified cross-validation over all
1,797, fitted without knowing anything of the fold it is tested on, how does it compare? Seconds are
the loop alone, data loaded and warm. Result: results/accuracy_on_digits.json.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from common import RESULTS, err, new_parser, new_result, print_table, summary, write_result
from tenfold import DigitClassifier, train

COUNT = 1797
PEERS = {
    "SVC(gamma=0.001)": SVC(gamma=0.001),  # as in scikit-learn's own example
    "SVC()": SVC(),
    "1-NN": KNeighborsClassifier(1),
}


def last_200(seeds: int, recipe: str) -> dict[str, Any]:
    """Train once a seed and return accuracies on the last 200 and training times."""
    accuracies, seconds = [], []
    warm = {"epochs": 1}  # a run that is thrown away: libraries load and compile on first use
    with tempfile.TemporaryDirectory() as folder:
        train("digits", recipe, settings=warm, out=Path(folder) / "run", device="cpu")
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            run = train("digits", recipe, seed=seed, out=Path(folder) / "run", device="cpu")
        accuracies.append(run.evaluation.accuracy)
        seconds.append(run.train_seconds)
        err.print(f"seed {seed}: {accuracies[-1]:.1%} in {seconds[-1]:.2f} s")
    return {
        "accuracies": accuracies,
        **summary(accuracies),
        "train_seconds": seconds,
        "median_train_seconds": statistics.median(seconds),
        "epochs": run.recipe.epochs,
        "threads": run.recipe.threads,
    }


def peers_on_last_200() -> dict[str, float]:
    """Return the peers' accuracies on the same split."""
    data, target = load_digits(return_X_y=True)
    return {
        name: float(peer.fit(data[:-200], target[:-200]).score(data[-200:], target[-200:]))
        for name, peer in PEERS.items()
    }


def cross_validated(classifier: Any, folds: int) -> dict[str, Any]:
    """Return the accuracies over stratified folds of all pictures, shuffled the same for all."""
    data, target = load_digits(return_X_y=True)
    cuts = StratifiedKFold(folds, shuffle=True, random_state=0)
    scores = cross_validate(classifier, data, target, cv=cuts, error_score="raise")
    accuracies = [float(score) for score in scores["test_score"]]
    sizes = [len(test) for _, test in cuts.split(data, target)]
    wrong = sum(round((1 - a) * n) for a, n in zip(accuracies, sizes, strict=True))
    fit_seconds = statistics.median(float(value) for value in scores["fit_time"])
    return {
        "accuracies": accuracies,
        **summary(accuracies),
        "wrong": wrong,
        "accuracy": 1 - wrong / COUNT,
        "median_fit_seconds": fit_seconds,
    }


def main() -> None:
    """Measure, print the table and write the results."""
    parser = new_parser(__doc__, RESULTS / "accuracy_on_digits.json")
    parser.add_argument("--seeds", type=int, default=10, help="default %(default)s")
    parser.add_argument("--folds", type=int, default=10, help="default %(default)s")
    parser.add_argument("--recipe", default="digits", help="a name or a file")
    given = parser.parse_args()
    if given.seeds < 1 or given.folds < 2:
        parser.error("--seeds must be at least 1 and --folds at least 2")
    held_out = last_200(given.seeds, given.recipe)
    peers = peers_on_last_200()
    ours = f"tenfold, recipe {given.recipe}"
    classifiers = {ours: DigitClassifier(recipe=given.recipe, device="cpu")} | PEERS
    folds = {name: cross_validated(one, given.folds) for name, one in classifiers.items()}
    result = new_result(
        __doc__,
        ["tenfold", "torch", "numpy", "scikit-learn"],
        {"recipe": given.recipe, "seeds": given.seeds, "folds": given.folds},
        {"last_200": {"tenfold": held_out, "peers": peers}, "cross_validation": folds},
    )
    print_results(ours, held_out, peers, folds, result.describe())
    write_result(given.out, result)


def print_results(
    ours: str,
    held_out: dict[str, Any],
    peers: dict[str, float],
    folds: dict[str, dict[str, Any]],
    where: str,
) -> None:
    """Print the one table."""
    count = len(folds[ours]["accuracies"])
    columns = ["", "last 200", "± sd", "range", f"{count} folds", "± sd", "wrong", "fit, s"]
    rows = []
    for name, figures in folds.items():
        spread = [f"{peers[name]:.2%}", "", ""] if name in peers else _spread(held_out)
        rows.append(
            [
                name,
                *spread,
                f"{figures['mean']:.2%}",
                f"{figures['deviation']:.2%}",
                f"{figures['wrong']} of {COUNT:,}",
                f"{figures['median_fit_seconds']:.2f}",
            ]
        )
    seconds, seeds = held_out["train_seconds"], len(held_out["accuracies"])
    notes = [
        f"Last 200: trained on the first 1,597; mean of {seeds} seeds, sd and range over seeds.",
        f"It trained in {held_out['median_train_seconds']:.2f} s (median; {min(seconds):.2f} to "
        f"{max(seconds):.2f}), {held_out['epochs']} epochs, loop alone, warm.",
        f"{count} folds: stratified and shuffled, over all 1,797; sd over folds.",
        "fit: all that fit() does, median over folds.",
        where,
    ]
    print_table("scikit-learn's digits", columns, rows, notes)


def _spread(figures: dict[str, Any]) -> list[str]:
    return [
        f"{figures['mean']:.2%}",
        f"{figures['deviation']:.2%}",
        f"{figures['min']:.1%}–{figures['max']:.1%}",
    ]


if __name__ == "__main__":
    main()
