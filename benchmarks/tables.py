"""Write the README's table of records from the result files.

    python benchmarks/tables.py          # rewrites what stands between the two marks

A row appears once its file is there. tests/test_docs.py holds README and files together.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import RESULTS

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- records: written by benchmarks/tables.py -->", "<!-- /records -->"
SAYS = {
    "fast": "the fastest to 99 %",
    "small": "fewer than 10,000 weights",
    "mnist": "the default",
    "best": "one network, no test-time augmentation",
}
KERAS = "Keras's example"  # what stands in the race is not Keras alone

Figures = dict[str, Any]
Row = tuple[str, str, str]


def records(recipe: str) -> Callable[[Figures], list[Row]]:
    """Return what writes a recipe's rows."""

    def rows(figures: Figures) -> list[Row]:
        accuracy, seconds, wall = (
            figures[name] for name in ("accuracy", "train_seconds", "wall_seconds")
        )
        count = len(figures["seeds"])
        seeds = f"{count} seeds" if count > 1 else "one seed"
        spread = f" ± {100 * accuracy['deviation']:.2f}" if count > 1 else ""
        whole = f"; the whole command {length(wall['median'])}" if wall else ""
        reached = f"**{percent(accuracy['mean'])}**{spread}"
        one_core = all(seed.get("threads") == 1 for seed in figures["seeds"])
        cores, option = (" on one core", " --threads 1") if one_core else ("", "")
        option += " --extra" if figures["extra"] else ""
        command = f"`.venv/bin/python benchmarks/records.py {recipe} --seeds {count}{option}`"
        said = f"{reached}, trained in {length(seconds['median'])}{cores}{whole}"
        made = [(f"`{recipe}` ({SAYS[recipe]}), {seeds}", said, command)]
        if figures["extra"]:
            extra = figures["extra"]
            shifts = sum(extra["shifts"]) / count
            said = (
                f"{percent(extra['ensemble'])}; each with test-time augmentation {percent(shifts)}"
            )
            made.append((f"the {count} networks of `{recipe}` together", said, ""))
        return made

    return rows


def percent(share: float) -> str:
    """Write a share as the README does."""
    return f"{100 * share:.2f} %"


def length(seconds: float) -> str:
    """Write a time as people say it."""
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def time_to_99(figures: Figures) -> list[Row]:
    """Write the race to 99 %."""
    peers = [
        f"{each['title'].replace('Keras 3', KERAS)} {length(each['median_seconds'])}"
        for each in figures["contenders"]
        if "problem" not in each and each["name"] != "tenfold"
    ]
    (ours,) = (each for each in figures["contenders"] if each["name"] == "tenfold")
    rounds = "one run each" if figures["rounds"] == 1 else f"median of {figures['rounds']}"
    return [
        (
            f"time to 99 % of the test part, {rounds}",
            f"**{length(ours['median_seconds'])}** ({'; '.join(peers)})",
            "`.venv/bin/python benchmarks/time_to_99.py`",
        )
    ]


def inference(figures: Figures) -> list[Row]:
    """Write how fast the network reads, on one core and on two."""
    ours = [each for each in figures["contenders"] if each["title"] == "tenfold, model file"]
    best = {
        key: {each["cores"]: each[key] for each in ours} for key in ("one_ms", "images_per_second")
    }
    others = [
        each
        for each in figures["contenders"]
        if "problem" not in each and each["name"] != "tenfold" and each["cores"] == 2
    ]
    fastest = max(others, key=lambda each: float(each["images_per_second"]))
    said = (
        f"**{best['one_ms'][1]:.3f} ms** for one picture on one core, "
        f"**{best['images_per_second'][2]:,.0f} pictures/s** on two "
        f"({fastest['title']} {fastest['images_per_second']:,.0f})"
    )
    return [
        ("reading with `fast`'s model file", said, "`.venv/bin/python benchmarks/inference.py`")
    ]


def throughput(figures: Figures) -> list[Row]:
    """Write how fast training takes pictures in."""
    known = [each for each in figures["contenders"] if "problem" not in each]
    (ours,) = (each for each in known if each["name"] == "tenfold")
    rest = [f"{e['title']} {e['median']:,.0f}" for e in known if e is not ours]
    said = f"**{ours['median']:,.0f} pictures/s** in bfloat16 ({'; '.join(rest)})"
    return [
        (
            "training `fast`'s network, batch 128",
            said,
            "`.venv/bin/python benchmarks/throughput.py`",
        )
    ]


WRITERS: dict[str, Callable[[Figures], list[Row]]] = {
    **{f"records-{recipe}": records(recipe) for recipe in SAYS},
    "time-to-99": time_to_99,
    "throughput": throughput,
    "inference": inference,
}


def table() -> str:
    """Return the table as the files say it, between its marks."""
    rows: list[Row] = []
    for name, write in WRITERS.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            rows += write(json.loads(path.read_text(encoding="utf-8")))
    lines = ["| MNIST's 10,000 test pictures | | |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([START, *lines, END])


def with_table(text: str) -> str:
    """Return a page with what lies between the marks written anew."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        sys.exit(f"{README}: the marks {START} and {END} are missing.")
    return before + table() + after


def main() -> None:
    """Write the README."""
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
