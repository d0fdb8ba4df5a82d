"""How fast does a network predict: one picture, and batches of a thousand, on one core and two?

    python benchmarks/speed_of_prediction.py               # trains recipe fast first: two minutes
    python benchmarks/speed_of_prediction.py --model runs/fast/model.onnx --rounds 5

The model file of recipe fast through tenfold (ONNX Runtime) beside the same layers, weights as they
come, by `keras.Model.predict` on three backends and in torch, eagerly. All take bytes and give
probabilities; importing, loading and the first calls are left out. Every run is a process of its
own, kept to so many cores by taskset (Linux); contenders take turns, first all on one core, then
all on two; the median of the rounds is shown. Last, the same file in int8: what it gains, and what
it loses.
Result: results/speed_of_prediction.json.
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
from size_in_int8 import quantise, weigh
from tenfold import load_dataset, load_model, train

CONTENDERS = (
    Contender("tenfold", "tenfold, model file", peer("mnist", "predict_tenfold.py")),
    Contender("torch", "torch, eager", peer("mnist", "predict_torch.py")),
    *keras_on_each_backend(peer("mnist", "predict_keras.py")),
)
KEYS = ("one_ms", "one_p99_ms", "images_per_second")


def measure(contenders: list[Contender], venvs: Path, rounds: int, arguments: list[str]) -> Any:
    """Return each contender's figures on one core and on two."""
    figures: list[dict[str, Any]] = []
    for cores in (1, 2):
        results = take_turns(contenders, venvs, rounds, [*arguments, f"--cores={cores}"], cores)
        figures += [reckon(each, results[each.name], cores) for each in contenders]
    return figures


def reckon(contender: Contender, runs: list[Record] | str, cores: int) -> dict[str, Any]:
    """Return a contender's figures, ready for JSON."""
    figures: dict[str, Any] = {"name": contender.name, "title": contender.title, "cores": cores}
    if isinstance(runs, str):
        return figures | {"problem": runs}
    medians = {key: statistics.median(run[key] for run in runs) for key in KEYS}
    return figures | {"versions": runs[0]["versions"]} | medians


def row(figures: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """Write a contender's figures as a row of the table."""
    if "problem" in figures:
        return [figures["title"], str(figures["cores"]), *["–"] * 5]
    return [
        figures["title"],
        str(figures["cores"]),
        f"{figures['one_ms']:.3f}",
        f"{figures['one_p99_ms']:.3f}",
        f"{figures['one_ms'] / ours['one_ms']:.1f}×",
        f"{figures['images_per_second']:,.0f}",
        f"{ours['images_per_second'] / figures['images_per_second']:.1f}×",
    ]


def main() -> None:
    """Measure, print the tables and write the results."""
    parser = comparison_parser(__doc__, CONTENDERS, RESULTS / "speed_of_prediction.json")
    parser.add_argument("--model", type=Path, help="of recipe fast; trained here if left out")
    given = parser.parse_args()
    contenders = [c for c in CONTENDERS if c.name in {"tenfold", *given.only}]
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or train("mnist", "fast", out=Path(folder) / "fast").model
        arguments = [f"--data={mnist_file(Path(folder))}", f"--model={model}"]
        figures = measure(contenders, given.venvs, given.rounds, arguments)
        small = quantise(model, Path(folder) / "int8.onnx")
        int8 = measure(
            contenders[:1], given.venvs, given.rounds, [arguments[0], f"--model={small}"]
        )
        for one in int8:
            one["title"] = "tenfold, int8"
        weights = weigh(load_model(model), load_model(small), load_dataset("mnist", "test"))
        weights |= {"bytes": model.stat().st_size, "bytes_int8": small.stat().st_size}
    ours = {each["cores"]: each for each in figures if each["name"] == "tenfold"}
    result = new_result(
        __doc__,
        ["tenfold", "torch", "onnxruntime", "numpy"],
        {"recipe": "fast", "rounds": given.rounds},
        {"contenders": [*figures, *int8], "int8": weights},
    )
    columns = ["", "cores", "one, ms", "p99, ms", "to tenfold", "images/s", "to tenfold"]
    notes = [
        f"int8: {weights['accuracy_int8']:.2%} of the test set, float32 {weights['accuracy']:.2%};"
        f" {weights['bytes_int8']:,} bytes, float32 {weights['bytes']:,}."
    ]
    notes += [f"{each['title']} {each['problem']}" for each in figures if "problem" in each]
    rows = [row(each, ours[each["cores"]]) for each in [*figures, *int8]]
    print_table("Reading with a trained network", columns, rows, [*notes, result.describe()])
    write_result(given.out, result)


if __name__ == "__main__":
    main()
