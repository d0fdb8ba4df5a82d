"""How do time and memory of training grow with pictures, batch and cores?

    python benchmarks/growth_of_training.py    # three minutes

Recipe fast on MNIST: 1,000 to 60,000 pictures (batch and cores as they come), batches of 16 to
4,096 (20,000 pictures), one core and two. Every point is a process of its own; its time is that of
the loop, warm, its memory the most that the process ever held, torch and MNIST themselves included
(the first row says how much that is). Pictures go to docs/pictures.
Result: results/growth_of_training.json.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from common import RESULTS, err, new_parser, new_result, print_table, write_result
from tenfold import load_dataset
from tenfold.cores import cores as usable_cores
from tenfold.files import make_folder, write_whole
from tenfold.training.loop import Training, fit
from tenfold.training.machine import threads
from tenfold.training.recipe import load_recipe

PICTURES = (1_000, 4_000, 15_000, 60_000)
BATCHES = (16, 64, 256, 1_024, 4_096)
DRAWINGS = Path(__file__).parents[1] / "docs" / "pictures"

Point = dict[str, Any]


def measure(pictures: int, batch: int, cores: int) -> Point:
    """Train once in this process and return the point; no pictures: only what stands ready."""
    data = load_dataset("mnist", "train")
    seconds = 0.0
    if pictures:
        part = data.take(np.arange(pictures))
        recipe = load_recipe("fast").replace({"batch": batch})
        with threads(cores):
            warm = Training(recipe, part.take(np.arange(1_000)), None, torch.device("cpu"))
            fit(warm)
            training = Training(recipe, part, None, torch.device("cpu"))
            start = time.perf_counter()
            fit(training)
            seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {
        "pictures": pictures,
        "batch": batch,
        "cores": cores,
        "seconds": seconds,
        "images_per_second": pictures / seconds if seconds else None,
        "peak_bytes": peak,
    }


def in_a_process(pictures: int, batch: int, cores: int) -> Point:
    """Measure a point in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--point", str(pictures), str(batch), str(cores)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    point: Point = json.loads(done.stdout.splitlines()[-1])
    err.print(f"{pictures} pictures, batch {batch}, {cores} cores: {point['seconds']:.2f} s")
    return point


def draw(points: list[Point], by: str, cores: int) -> Figure:
    """Draw seconds and memory over pictures or batch."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    time_axes, memory_axes = figure.subplots(1, 2)
    for count in range(1, cores + 1):
        line = [point for point in points if point["cores"] == count and point["pictures"]]
        x = [point[by] for point in line]
        time_axes.plot(
            x,
            [point["seconds"] for point in line],
            "o-",
            label="1 core" if count == 1 else f"{count} cores",
        )
        memory_axes.plot(x, [point["peak_bytes"] / 1e6 for point in line], "o-")
    sizes = sorted({point[by] for point in points})
    words = {"pictures": "pictures", "batch": "pictures a batch"}[by]
    for axes, what in ((time_axes, "seconds"), (memory_axes, "most memory held, MB")):
        axes.set(xlabel=words, ylabel=what, xscale="log")
        axes.grid(alpha=0.3)
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
    time_axes.set_yscale("log")
    time_axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    time_axes.yaxis.set_major_formatter(lambda seconds, _: f"{seconds:g}")
    memory_axes.set_ylim(0, 1.1 * max(point["peak_bytes"] for point in points) / 1e6)
    time_axes.legend(frameon=False)
    return figure


def write_pictures(by_pictures: list[Point], by_batch: list[Point], cores: int, to: Path) -> None:
    """Write both drawings."""
    make_folder(to)
    for points, by in ((by_pictures, "pictures"), (by_batch, "batch")):
        path = to / f"growth-{by}.png"
        buffer = io.BytesIO()
        draw(points, by, cores).savefig(buffer, dpi=120, metadata={"Software": None})
        write_whole(path, buffer.getvalue())
        err.print(f"Written to {path}")


def row(point: Point) -> list[str]:
    """Write a point as a row of the table."""
    memory = f"{point['peak_bytes'] / 1e6:,.0f}"
    if not point["pictures"]:
        return ["none: torch and MNIST in memory", *[""] * 4, memory]
    return [
        f"{point['pictures']:,}",
        f"{point['batch']:,}",
        str(point["cores"]),
        f"{point['seconds']:.2f}",
        f"{point['images_per_second']:,.0f}",
        memory,
    ]


def main() -> None:
    """Measure, print the table, draw and write the results."""
    parser = new_parser(__doc__, RESULTS / "growth_of_training.json")
    parser.add_argument("--point", type=int, nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--pictures", type=Path, default=DRAWINGS, help="default %(default)s")
    given = parser.parse_args()
    if given.point:
        print(json.dumps(measure(*given.point)))
        return
    cores = min(usable_cores(), 2)
    usual = load_recipe("fast").batch
    nothing = in_a_process(0, usual, cores)
    counts = range(1, cores + 1)
    by_pictures = [in_a_process(n, usual, count) for count in counts for n in PICTURES]
    by_batch = [in_a_process(20_000, batch, count) for count in counts for batch in BATCHES]
    points = [nothing, *by_pictures, *by_batch]
    columns = ["pictures", "batch", "cores", "seconds", "images/s", "memory, MB"]
    result = new_result(__doc__, ["tenfold", "torch"], {"recipe": "fast"}, {"points": points})
    rows = [row(point) for point in points]
    print_table("How training grows, recipe fast", columns, rows, [result.describe()])
    write_pictures(by_pictures, by_batch, cores, given.pictures)
    write_result(given.out, result)


if __name__ == "__main__":
    main()
