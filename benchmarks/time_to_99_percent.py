"""How long does it take to read 99 % of MNIST's test set, beside the peers' own examples?

    python benchmarks/time_to_99_percent.py              # three rounds: about 40 minutes
    python benchmarks/time_to_99_percent.py --rounds 1 --only tenfold keras-jax

Peers: Keras's MNIST example on its three backends and PyTorch's MNIST example, as they stand, on
the processor. In their favour they are tested after each epoch, with the clock stopped, and end
with the first one at 99 %; tenfold trains its one epoch to the end whatever it comes to, and its
mean over 30 seeds is what accuracy_of_recipes.py fast says. Every run is a process of its own,
contenders take turns within each round, each round is another seed. Seconds are those of training:
data in memory; importing left out for all. What comes before the first step is left out as well: a
short run of tenfold's that is thrown away, Keras's building and tracing of the prediction; the
compiling of Keras's training step and its pass over its own validation split count, as they do for
who runs it.
Result: results/time_to_99_percent.json.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from common import RESULTS, mnist_file, new_result, print_table, write_result
from contenders import (
    Contender,
    Record,
    comparison_parser,
    keras_on_each_backend,
    peer,
    positive,
    take_turns,
)

LIMIT = 15  # epochs: the example's own number
CONTENDERS = (
    Contender("tenfold", "tenfold, recipe fast", peer("mnist", "race_tenfold.py")),
    *keras_on_each_backend(peer("mnist", "race_keras.py")),
    Contender("torch", "PyTorch's example", peer("mnist", "race_torch.py")),
)


def reckon(contender: Contender, runs: list[Record] | str, ours: float | None) -> dict[str, Any]:
    """Return a contender's figures, ready for JSON."""
    if isinstance(runs, str):
        return {"name": contender.name, "title": contender.title, "problem": runs}
    seconds = [run["seconds"] for run in runs]
    median = statistics.median(seconds)
    return {
        "name": contender.name,
        "title": contender.title,
        "versions": runs[0]["versions"],
        "seconds": seconds,
        "median_seconds": median,
        "ratio_to_tenfold": median / ours if ours else None,
        "epochs": [run["epochs"] for run in runs],
        "reached": [run["reached"] for run in runs],
        "test_accuracy": [run["test_accuracy"] for run in runs],
    }


def row(figures: dict[str, Any]) -> list[str]:
    """Write a contender's figures as a row of the table."""
    if "problem" in figures:
        return [figures["title"], *["–"] * 5]
    ratio = figures["ratio_to_tenfold"]
    last = [each[-1] for each in figures["test_accuracy"]]
    return [
        figures["title"],
        f"{figures['median_seconds']:.1f}",
        "" if ratio is None else f"{ratio:.1f}×",
        "–".join(str(edge) for edge in sorted({min(figures["epochs"]), max(figures["epochs"])})),
        f"{sum(figures['reached'])} of {len(last)}",
        f"{statistics.fmean(last):.2%}",
    ]


def main() -> None:
    """Measure, print the table and write the results."""
    parser = comparison_parser(__doc__, CONTENDERS, RESULTS / "time_to_99_percent.json")
    parser.add_argument("--limit", type=positive, default=LIMIT, help="epochs; default %(default)s")
    given = parser.parse_args()
    contenders = [contender for contender in CONTENDERS if contender.name in given.only]
    with tempfile.TemporaryDirectory() as folder:
        data = mnist_file(Path(folder))
        results = take_turns(
            contenders, given.venvs, given.rounds, [f"--data={data}", f"--limit={given.limit}"]
        )
    mine = results.get("tenfold")
    ours = statistics.median(run["seconds"] for run in mine) if isinstance(mine, list) else None
    figures = [reckon(contender, results[contender.name], ours) for contender in contenders]
    result = new_result(
        __doc__,
        ["tenfold", "torch", "numpy"],
        {"recipe": "fast", "rounds": given.rounds, "limit": given.limit},
        {"contenders": figures},
    )
    columns = ["", "seconds", "to tenfold", "epochs", "at 99 %", "accuracy"]
    notes = [f"Median of {given.rounds}; peers stop at their first epoch at 99 % of the test set."]
    notes += [f"{each['title']} {each['problem']}" for each in figures if "problem" in each]
    notes.append(result.describe())
    print_table("MNIST to 99 %", columns, [row(each) for each in figures], notes)
    write_result(given.out, result)


if __name__ == "__main__":
    main()
