"""Which damaged files and hostile layouts can the reader not bear?

    python benchmarks/fuzz.py                          # 2,000 files and 500 layouts, an hour or two
    python benchmarks/fuzz.py --files 200 --layouts 0
    python benchmarks/fuzz.py --layouts 100 --first 500 --keep /tmp/found

A damaged file (damaged.py) must give a reading, or an error of tenfold's own with one line that
names the file; a layout (hostile.py) a reading, within --seconds. What fails is printed with its
number, and kept as a file with --keep; --first starts at another number. The exit code is 1 if
anything failed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from common import err, new_parser, out
from damaged import damaged_file
from hostile import layout
from tenfold.errors import TenfoldError
from tenfold.reader.reader import Layout, Reader

LAYOUTS: tuple[Layout, ...] = ("auto", "line", "page", "digit")


def read_file(reader: Reader, path: Path) -> str:
    """Read a damaged file: what went wrong, or nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader.read(path)
    except TenfoldError as error:
        words = str(error)
        if "\n" in words or str(path) not in words:
            return f"an error in other words: {words!r}"
    except Exception as error:
        return said(error)
    return ""


def read_layout(reader: Reader, path: Path, seconds: float) -> str:
    """Read a layout: what went wrong, or nothing."""
    started = time.perf_counter()
    try:
        reader.read(path)
    except Exception as error:
        return said(error)
    took = time.perf_counter() - started
    return f"took {took:.1f} s" if took > seconds else ""


def said(error: Exception) -> str:
    """Say what was raised, and where."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}: {error}{where}"


def failing(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield what failed: what it is, what went wrong, its file."""
    readers = [Reader(layout=name) for name in LAYOUTS]
    first = options.first
    for number in range(first, first + options.files):
        suffix, content = damaged_file(number)
        path = folder / f"file-{number}{suffix}"
        path.write_bytes(content)
        if words := read_file(readers[0], path):
            yield f"file {number} ({suffix[1:]})", words, path
        path.unlink(missing_ok=True)
    for number in range(first, first + options.layouts):
        kind, pixels = layout(number)
        path = folder / f"layout-{number}-{kind}.png"
        Image.fromarray(pixels).save(path)
        reader = readers[number % len(readers)]
        if words := read_layout(reader, path, options.seconds):
            yield f"layout {number} ({kind}, --layout {reader.layout})", words, path
        path.unlink(missing_ok=True)


def main() -> None:
    """Feed the reader, print what failed."""
    parser = new_parser(__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--layouts", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="number to start at")
    parser.add_argument("--seconds", type=float, default=20.0, help="that a layout may take")
    parser.add_argument("--keep", type=Path, help="folder for the pictures that failed")
    options = parser.parse_args()
    kinds: Counter[str] = Counter()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, words, path in failing(options, Path(folder)):
            out.print(f"{name}: {words}", markup=False, highlight=False)
            kinds[name.partition(" ")[0]] += 1
            if options.keep:
                (options.keep / path.name).write_bytes(path.read_bytes())
    failed = (
        f"{kinds['file']} of {options.files} files, {kinds['layout']} of {options.layouts} layouts"
    )
    err.print(f"Failed: {failed}.")
    sys.exit(1 if kinds else 0)


if __name__ == "__main__":
    main()
