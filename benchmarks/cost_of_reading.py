"""How long does reading take, and how much memory, beside what it ought to take at most?

    python benchmarks/cost_of_reading.py                     # some minutes
    python benchmarks/cost_of_reading.py --only line,page    # of: line, page, glyph, start, hostile
    python benchmarks/cost_of_reading.py --side 1000         # smaller hostile pictures: a look

A line on a phone's photo of 12 megapixels (JPEG), a printed page (A4 at 200 dpi) and one 28×28
glyph are read again and again by one reader: the median. A cold start is a whole process, from
the command to its answer. Hostile pictures (hostile.py) are 12 megapixels too: three of each kind,
the slowest counts. Every picture is drawn here and read in a process of its own, whose peak memory
is given. A limit is what the project promises; it stands beside the figure and judges nothing.
Result: results/cost_of_reading.json; not with --side or --only.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import hostile
from common import RESULTS, err, new_parser, new_result, print_table, write_result

Pixels = NDArray[np.uint8]

HAND = Path(__file__).parents[1] / "docs" / "pictures" / "hand.py"
LONG_SIDE = 4000  # a photo of 12 megapixels: 4000 × 3000
A4 = (1654, 2339)  # at 200 dpi
SEEDS = (0, 1, 2)
HOSTILE = (
    *("checkerboard", "dots", "maze", "nested", "lines", "text", "eights", "grid", "noise"),
    *("spiral", "sheet"),
)
LIMITS = {"line": 0.25, "page": 0.3, "glyph": 0.001, "start": 0.6, "hostile": 1.0}  # seconds
MEMORY = 1000  # megabytes, of any
PARTS = tuple(LIMITS)


def line_photo(path: Path) -> None:
    """Photograph a handwritten line: 4000 × 3000 pixels with shadow, colours and grain."""
    hand = _hand()
    page = np.full((750, 1000), 235, np.uint8)
    written = hand.write("40718 2593", height=70, pen=6.0, seed=4)
    height, width = written.shape
    top, left = (750 - height) // 2, (1000 - width) // 2
    page[top : top + height, left : left + width] = written
    photo = cv2.resize(hand.photo(page, seed=1), (4000, 3000), interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(2)
    grain = rng.integers(-6, 7, (3000, 4000, 1), np.int16)
    Image.fromarray(np.clip(photo + grain, 0, 255).astype(np.uint8)).save(path, quality=92)


def _hand() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hand", HAND)
    assert spec is not None  # noqa: S101 - the file is there
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed_page(path: Path) -> None:
    """Print a page of words and numbers in Pillow's own font."""
    rng = np.random.default_rng(1)
    page = Image.new("L", A4, 252)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(30)
    words = ["invoice", "goods", "work", "house", "price", "total", "in", "of", "March", "usual"]
    for y in range(180, A4[1] - 180, 44):
        row = " ".join(rng.choice(words, 8))
        draw.text((160, y), row, 40, font)
        draw.text((A4[0] - 360, y), f"{rng.uniform(1, 9999):.2f}", 40, font)
    page.save(path)


def glyph(path: Path) -> None:
    """Write one digit of 28 × 28 pixels."""
    written = _hand().write("7", height=80, pen=9.0, margin=0.25)
    Image.fromarray(cv2.resize(written, (28, 28), interpolation=cv2.INTER_AREA)).save(path)


def hostile_picture(kind: str, seed: int, side: int) -> Callable[[Path], None]:
    """Return what draws a hostile picture, as PNG."""

    def draw(path: Path) -> None:
        page = hostile.drawn(kind, (side * 3 // 4, side), np.random.default_rng(seed))
        Image.fromarray(page).save(path, compress_level=1)

    return draw


def read_here(file: Path, layout: Any, repeats: int) -> dict[str, float]:
    """Read a file some times in this process: median seconds, and the process's peak memory."""
    from tenfold.reader.reader import Reader

    reader = Reader(layout=layout)
    source = np.asarray(Image.open(file)) if layout == "digit" else file
    reader.read(np.full((60, 90), 240, np.uint8) if repeats == 1 else source)  # warm up
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        reader.read(source)
        times.append(time.perf_counter() - started)
    return {"seconds": statistics.median(times), "megabytes": peak_megabytes()}


def peak_megabytes() -> float:
    """Return the most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage may count what the process held before it was this one
        (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def read_apart(file: Path, layout: str, repeats: int) -> dict[str, Any]:
    """Read a file in a process of its own; a reader that fails gives the last words."""
    command = [sys.executable, __file__, "--read", str(file), layout, str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no words"])[-1]}
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def cold_start(command: list[str], repeats: int = 7) -> dict[str, Any]:
    """Return the median of whole processes, the first one left out: files come from the disk."""
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    return {"seconds": statistics.median(times[1:])}


def measure(only: list[str], side: int, folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield part, name and figures of everything wanted."""
    if "line" in only:
        line_photo(path := folder / "line.jpg")
        yield "line", "a line, photo of 12 megapixels", read_apart(path, "auto", 9)
    if "page" in only:
        printed_page(path := folder / "page.png")
        yield "page", "a printed page, A4 at 200 dpi", read_apart(path, "auto", 9)
    if "glyph" in only:
        glyph(path := folder / "glyph.png")
        yield "glyph", "a 28×28 glyph, layout digit", read_apart(path, "digit", 1001)
    if "start" in only:
        glyph(path := folder / "start.png")
        code = f"import tenfold; print(tenfold.read({str(path)!r}).text)"
        yield "start", "cold start, import and read", cold_start([sys.executable, "-c", code])
        command = [sys.executable, "-m", "tenfold", "read", str(path)]
        yield "start", "cold start, tenfold read", cold_start(command)
    if "hostile" in only:
        for kind in HOSTILE:
            yield "hostile", f"hostile: {kind}", slowest(kind, side, folder)


def slowest(kind: str, side: int, folder: Path) -> dict[str, Any]:
    """Return the figures of the slowest picture of a kind, and the most memory of any."""
    found = []
    for seed in SEEDS:
        hostile_picture(kind, seed, side)(path := folder / "hostile.png")
        figures = read_apart(path, "auto", 1)
        if "failed" in figures:
            return figures
        found.append(figures)
    return {key: max(figures[key] for figures in found) for key in found[0]}


def table_row(part: str, name: str, figures: dict[str, Any]) -> list[str]:
    """Lay out one measurement."""
    limit = length(LIMITS[part])
    if "failed" in figures:
        return [name, figures["failed"], limit, "", ""]
    memory = f"{figures['megabytes']:,.0f} MB" if "megabytes" in figures else ""
    return [name, length(figures["seconds"]), limit, memory, f"{MEMORY:,} MB" if memory else ""]


def length(seconds: float) -> str:
    """Write a time with three figures or so."""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.2f} s"


def main() -> None:
    """Measure, print the table, write the result file."""
    parser = new_parser(__doc__, RESULTS / "cost_of_reading.json")
    parser.add_argument("--only", default=",".join(PARTS), metavar="PART,…")
    parser.add_argument("--side", type=int, default=LONG_SIDE, help="of the hostile pictures")
    parser.add_argument("--read", nargs=3, help=argparse.SUPPRESS)  # what a child process does
    options = parser.parse_args()
    if options.read:
        file, layout, repeats = options.read
        print(json.dumps(read_here(Path(file), layout, int(repeats))))
        return
    only = options.only.split(",")
    if unknown := set(only) - set(PARTS):
        parser.error(f"--only {unknown.pop()}: choose of {', '.join(PARTS)}")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for part, name, figures in measure(only, options.side, Path(folder)):
            err.print(name)
            found.append((part, name, figures))
    packages = ["tenfold", "onnxruntime", "opencv-python-headless", "pillow"]
    limits = {"limit_seconds": LIMITS, "limit_megabytes": MEMORY, "side": options.side}
    reads = [{"part": part, "name": name, **figures} for part, name, figures in found]
    result = new_result(__doc__, packages, limits, {"reads": reads})
    columns = ["", "takes", "limit", "peak memory", "limit"]
    rows = [table_row(*each) for each in found]
    print_table("Reading: time and memory", columns, rows, [result.describe()])
    if set(only) == set(PARTS) and options.side == LONG_SIDE:
        write_result(options.out, result)


if __name__ == "__main__":
    main()
