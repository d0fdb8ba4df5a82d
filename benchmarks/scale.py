"""How fast are pictures read by the million, on one core and two, and does memory stay flat?

    python benchmarks/scale.py                     # ten minutes
    python benchmarks/scale.py --seconds 20        # a look

Tar shards repeat ``--distinct`` pictures under ids of their own. Composed pages (the test set of
`synthesis.pages.numbered`) are read by a plain loop over `tenfold.read`, by one worker and by two,
each as long as ``--seconds`` says; then 28×28 digits by two workers, for four times as long or
until ``--digits`` are read, for the memory of all processes. What counts begins with the first
answer: starting is left out. Seconds of the processor are what the processes used, so that they
hold on a busy machine too, where rates by the clock say little; the load stands beside them. The
first part that is written loads pyarrow, some 80 MB. Result: results/scale.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import tenfold
from common import RESULTS, err, new_parser, new_result, print_table, write_result

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MACHINES, CORES, MANY = 100, 16, 10**8  # on paper


def pages(count: int) -> Iterator[bytes]:
    """Compose pages with MNIST's test digits, as PNG."""
    from tenfold.synthesis.pages.hands import Stock
    from tenfold.synthesis.pages.numbered import compose
    from tenfold.synthesis.pages.pages import PageMaker

    data = tenfold.load_dataset("mnist", "test")
    maker = PageMaker(Stock.of(data.images, data.targets, "test"), "test", 0)
    for _ in range(count):
        pixels = compose(maker)[0].pixels
        yield cv2.imencode(".png", pixels[..., ::-1] if pixels.ndim == 3 else pixels)[1].tobytes()


def digits(count: int) -> Iterator[bytes]:
    """Return MNIST's first test digits, as PNG."""
    for image in tenfold.load_dataset("mnist", "test").images[:count]:
        yield cv2.imencode(".png", 255 - image)[1].tobytes()


def write_shards(folder: Path, pictures: list[bytes], count: int) -> list[str]:
    """Write tar shards of 5,000 pictures that repeat these until there are so many."""
    paths = []
    for first in range(0, count, 5000):
        path = folder / f"{first:08}.tar"
        with tarfile.open(path, "w") as tar:
            for number in range(first, min(count, first + 5000)):
                content = pictures[number % len(pictures)]
                member = tarfile.TarInfo(f"{number:08}.png")
                member.size = len(content)
                tar.addfile(member, BytesIO(content))
        paths.append(str(path))
    return paths


def processes() -> Iterator[tuple[float, float]]:
    """Yield seconds of the processor and megabytes held, of this process and its children."""
    mine = os.getpid()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            if mine in (int(fields[1]), int(path.parent.name)):
                yield (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE / 1e6
        except (OSError, IndexError):
            continue  # it has just ended


class Gauge:
    """Measures from the first answer on."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._first: tuple[int, float, float] | None = None
        self._last = (0, 0.0, 0.0)
        self._sampled = 0.0
        self.memory: list[tuple[int, float]] = []

    def note(self, pictures: int) -> None:
        """Note how many pictures are read."""
        now = time.monotonic()
        if not pictures or (self._first and now - self._sampled < 0.5):
            return
        cpu, memory = map(sum, zip(*processes(), strict=True))
        self._sampled, self._last = now, (pictures, now, cpu)
        self._first = self._first or self._last
        self.memory.append((pictures, memory))

    def over(self) -> bool:
        """Whether the time is up."""
        return self._first is not None and time.monotonic() - self._first[1] > self._limit

    def figures(self) -> dict[str, Any]:
        """Return pictures, rate, seconds of the processor a picture, and memory."""
        if self._first is None or self._last[0] == self._first[0]:
            raise SystemExit("Nothing was read in time; give more --seconds.")
        (first, began, before), (last, ended, after) = self._first, self._last
        count = last - first
        warm = [each for each in self.memory if each[0] >= first + count / 10]
        return {
            "pictures": last,
            "pictures_a_second": count / (ended - began),
            "processor_seconds": (after - before) / count,
            "megabytes_after_a_tenth": warm[0][1],
            "megabytes_at_the_end": warm[-1][1],
            "megabytes_at_most": max(each[1] for each in warm),
            "load": os.getloadavg()[0],
        }


def loop(shards: list[str], limit: float) -> dict[str, Any]:
    """Read by a plain loop over `tenfold.read`."""
    gauge, count = Gauge(limit), 0
    for shard in shards:
        with tarfile.open(shard) as tar:
            for member in tar:
                file = tar.extractfile(member)
                tenfold.read(BytesIO(file.read() if file else b""))
                count += 1
                gauge.note(count)
                if gauge.over():
                    return gauge.figures()
    return gauge.figures()


def scaled(shards: list[str], limit: float, workers: int) -> dict[str, Any]:
    """Read by `tenfold.scale.read_all`."""
    from tenfold.scale import read_all

    gauge = Gauge(limit)
    with tempfile.TemporaryDirectory() as folder:
        read_all(
            shards, Path(folder) / "out.parquet", workers=workers,
            report=lambda progress: gauge.note(progress.fresh), stop=gauge.over,
        )  # fmt: skip
    return gauge.figures()


def rows_written() -> float:
    """Return how many rows a second one process turns into Parquet."""
    from tenfold.reader.batch import row_of
    from tenfold.scale.table import write_rows

    sample = Path(__file__).parents[1] / "docs" / "pictures" / "sample.png"
    rows = [row_of("00000000.png", tenfold.read(sample))] * 1000
    started = time.process_time()
    for _ in range(20):
        write_rows(BytesIO(), "parquet", rows)
    return 20_000 / (time.process_time() - started)


def glyphs_in_a_call() -> dict[str, float]:
    """Return milliseconds of the processor a glyph, one in a call of the classifier, and 64."""
    model = tenfold.load_model(Path(tenfold.__file__).parent / "models" / "digits.onnx", threads=1)
    images = tenfold.load_dataset("mnist", "test").images[:1024]
    found = {}
    for size in (1, 64):
        started = time.process_time()
        for first in range(0, len(images), size):
            model.predict_with_digitness(np.ascontiguousarray(images[first : first + size]))
        found[f"{size} in a call"] = 1000 * (time.process_time() - started) / len(images)
    return found


def apart(how: str, shards: list[str], limit: float, workers: int = 0) -> dict[str, Any]:
    """Measure in a process of its own."""
    work = json.dumps({"how": how, "shards": shards, "limit": limit, "workers": workers})
    done = subprocess.run(
        [sys.executable, __file__, "--work", work], stdout=subprocess.PIPE, text=True, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def on_paper(cpu: float, rows: float) -> dict[str, Any]:
    """Return what 10⁸ pages would take on 100 machines of 16 cores, and what holds them up."""
    seconds = MANY * cpu / (MACHINES * CORES)
    return {
        "hours": seconds / 3600,
        "rows_a_second": MANY / seconds,
        "rows_a_second_that_one_process_writes": rows,
        "bottleneck": "reading itself" if MANY / seconds < rows else "the process that writes",
    }


def measure(seconds: float, distinct: int, most: int, folder: Path) -> dict[str, Any]:
    """Measure everything."""
    kinds: list[tuple[str, Callable[[int], Iterator[bytes]], int]] = [
        ("pages", pages, 5000), ("digits", digits, most),
    ]  # fmt: skip
    shards = {}
    for name, make, count in kinds:
        err.print(f"{name}: composing")
        (folder / name).mkdir()
        shards[name] = write_shards(folder / name, list(make(distinct)), count)
    found: dict[str, Any] = {}
    for name, how, workers in (("loop", "loop", 0), ("one", "scaled", 1), ("two", "scaled", 2)):
        err.print(f"pages: {name}")
        found[name] = apart(how, shards["pages"], seconds, workers)
    err.print("digits: two")
    found["digits"] = apart("scaled", shards["digits"], 4 * seconds, 2)
    found["glyphs"] = glyphs_in_a_call()
    found["on_paper"] = on_paper(found["two"]["processor_seconds"], rows_written())
    found["efficiency"] = found["one"]["processor_seconds"] / found["two"]["processor_seconds"]
    found["cost_beside_loop"] = (
        found["one"]["processor_seconds"] / found["loop"]["processor_seconds"]
    )
    return found


def main() -> None:
    """Measure, print the table, write the result file."""
    parser = new_parser(__doc__, RESULTS / "scale.json")
    parser.add_argument("--seconds", type=float, default=50, help="of each; default %(default)s")
    parser.add_argument("--digits", type=int, default=100_000, help="default %(default)s")
    parser.add_argument("--distinct", type=int, default=500, help="pictures; default %(default)s")
    parser.add_argument("--work", help=argparse.SUPPRESS)  # what a child process does
    options = parser.parse_args()
    if options.work:
        work = json.loads(options.work)
        if work["how"] == "loop":
            print(json.dumps(loop(work["shards"], work["limit"])))
        else:
            print(json.dumps(scaled(work["shards"], work["limit"], work["workers"])))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.seconds, options.distinct, options.digits, Path(folder))
    setting = {"seconds": options.seconds, "digits": options.digits}
    setting["distinct"] = options.distinct
    result = new_result(__doc__, ["tenfold", "onnxruntime", "pebble", "pyarrow"], setting, found)
    columns = ["", "pictures", "a second", "processor ms each", "memory: a tenth", "end", "load"]
    rows = [
        [
            name, f"{own['pictures']:,}", f"{own['pictures_a_second']:.1f}",
            f"{1000 * own['processor_seconds']:.1f}", f"{own['megabytes_after_a_tenth']:,.0f} MB",
            f"{own['megabytes_at_the_end']:,.0f} MB", f"{own['load']:.0f}",
        ]
        for name, own in found.items() if isinstance(own, dict) and "load" in own
    ]  # fmt: skip
    notes = [
        f"efficiency of two workers {found['efficiency']:.0%}, cost beside a loop "
        f"{found['cost_beside_loop']:.2f}",
        f"10⁸ pages on 100 machines of 16 cores: {found['on_paper']['hours']:.1f} hours; "
        f"bottleneck: {found['on_paper']['bottleneck']}",
        result.describe(),
    ]
    print_table("Reading by the million", columns, rows, notes)
    write_result(options.out, result)


if __name__ == "__main__":
    main()
