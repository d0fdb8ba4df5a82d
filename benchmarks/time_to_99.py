"""How long it takes to read 99 % of MNIST's test part, beside the peers' own examples.

    python benchmarks/time_to_99.py                      # three rounds: about 40 minutes
    python benchmarks/time_to_99.py --rounds 1 --only tenfold keras-jax

Peers: Keras's MNIST example on its three backends and PyTorch's MNIST example, as they stand, on
the processor. In their favour they are tested after each epoch, with the clock stopped, and end
with the first one at 99 %; tenfold trains its one epoch to the end whatever it comes to, and its
mean over 30 seeds is what records.py fast says. Every run is a process of its own, contenders take
turns within each round, each round is another seed. Seconds are those of training: data in memory;
importing left out for all. What comes before the first step is left out as well: a short run of
tenfold's that is thrown away, Keras's building and tracing of the prediction; the compiling of
Keras's training step and its pass over its own validation split count, as they do for who runs it.
Result: results/time-to-99.json.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from common import RESULTS, describe, mnist_file, out, print_table, setting, write_results
from contenders import Contender, Record, keras_on_each_backend, options, positive, take_turns

FITS = Path(__file__).with_name("mnist_fits")
LIMIT = 15  # epochs: the example's own number
CONTENDERS = (
    Contender("tenfold", "tenfold, recipe fast", FITS / "race_tenfold.py"),
    *keras_on_each_backend(FITS / "race_keras.py"),
    Contender("torch", "PyTorch's example", FITS / "race_torch.py"),
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
    parser = options(__doc__, CONTENDERS, RESULTS / "time-to-99.json")
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
    where = setting(["tenfold", "torch", "numpy"])
    columns = ["", "seconds", "to tenfold", "epochs", "at 99 %", "accuracy"]
    notes = [f"Median of {given.rounds}; peers stop at their first epoch at 99 % of the test part."]
    notes += [f"{each['title']} {each['problem']}" for each in figures if "problem" in each]
    print_table("MNIST to 99 %", columns, [row(each) for each in figures], notes)
    out.print(describe(where), highlight=False, soft_wrap=True)
    record = {"benchmark": "time-to-99", **where, "rounds": given.rounds, "contenders": figures}
    write_results(given.out, record)


if __name__ == "__main__":
    main()
