"""How many pictures per second does training take in: the same network and batch, beside peers?

    python benchmarks/speed_of_training.py         # three rounds: five minutes

The network of recipe fast, batch 128, Adam, cross-entropy, on MNIST's first 12,800 training
pictures: one pass to warm up, one timed. Ours as the recipe says (bfloat16, channels last) and in
float32, beside a plain Keras fit on three backends and a plain PyTorch loop with its DataLoader,
both in float32, which is what they do when nobody asks for more. Every run is a process of its own;
contenders take turns.
Result: results/speed_of_training.json.
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
    take_turns,
)

OURS = peer("mnist", "pass_tenfold.py")
CONTENDERS = (
    Contender("tenfold", "tenfold, bfloat16", OURS),
    Contender("tenfold-float32", "tenfold, float32", OURS, environment={"PRECISION": "float32"}),
    *keras_on_each_backend(peer("mnist", "pass_keras.py")),
    Contender("torch", "plain torch, DataLoader", peer("mnist", "pass_torch.py")),
)


def reckon(contender: Contender, runs: list[Record] | str, ours: float | None) -> dict[str, Any]:
    """Return a contender's figures, ready for JSON."""
    if isinstance(runs, str):
        return {"name": contender.name, "title": contender.title, "problem": runs}
    each = [run["images_per_second"] for run in runs]
    median = statistics.median(each)
    return {
        "name": contender.name,
        "title": contender.title,
        "versions": runs[0]["versions"],
        "images_per_second": each,
        "median": median,
        "ratio_to_tenfold": ours / median if ours else None,
    }


def row(figures: dict[str, Any]) -> list[str]:
    """Write a contender's figures as a row of the table."""
    if "problem" in figures:
        return [figures["title"], "–", "–", "–"]
    each, ratio = figures["images_per_second"], figures["ratio_to_tenfold"]
    return [
        figures["title"],
        f"{figures['median']:,.0f}",
        f"{min(each):,.0f}–{max(each):,.0f}",
        "" if ratio is None else f"{ratio:.1f}×",
    ]


def main() -> None:
    """Measure, print the table and write the results."""
    parser = comparison_parser(__doc__, CONTENDERS, RESULTS / "speed_of_training.json")
    given = parser.parse_args()
    contenders = [contender for contender in CONTENDERS if contender.name in given.only]
    with tempfile.TemporaryDirectory() as folder:
        arguments = [f"--data={mnist_file(Path(folder))}"]
        results = take_turns(contenders, given.venvs, given.rounds, arguments)
    mine = results.get("tenfold")
    ours = None
    if isinstance(mine, list):
        ours = statistics.median(run["images_per_second"] for run in mine)
    figures = [reckon(contender, results[contender.name], ours) for contender in contenders]
    result = new_result(
        __doc__,
        ["tenfold", "torch", "numpy"],
        {"recipe": "fast", "rounds": given.rounds},
        {"contenders": figures},
    )
    notes = [f"Median of {given.rounds} rounds; 'to tenfold': how many times slower."]
    notes += [f"{each['title']} {each['problem']}" for each in figures if "problem" in each]
    notes.append(result.describe())
    columns = ["", "images/s", "range", "to tenfold"]
    print_table("Training, pictures a second", columns, [row(each) for each in figures], notes)
    write_result(given.out, result)


if __name__ == "__main__":
    main()
