"""How well tenfold reads people's own pictures, beside what a person would pick instead.

    TENFOLD_DATA=… python benchmarks/reading.py                     # everything, minutes for each
    TENFOLD_DATA=… python benchmarks/reading.py --only tenfold      # anew, the others' kept
    TENFOLD_DATA=… python benchmarks/reading.py --per-source 3      # a first look

Needs the folders ``real`` (single digits) and ``numbers`` (numbers, lines, pages), each with its
``labels.csv``. Scores are means over sources, the first folder of a file, so that no large source
drowns the others. Digits are read with ``--layout digit`` and numbers with ``--layout auto``; peers
get their own best mode for each, restricted to digits where they can be. Each peer lives in a
virtual environment made once below --venvs; one that cannot be had gets a row that says why.
Result: results/reading.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from common import (
    RESULTS,
    VENVS,
    UnavailableError,
    describe,
    interpreter,
    out,
    print_table,
    run_quietly,
    setting,
    write_results,
)

PEERS = Path(__file__).with_name("reading_peers")
TASKS = ("digit", "number")
RESULT = RESULTS / "reading.json"

Result = dict[str, dict[str, object] | str]  # by task: figures, or why there are none


@dataclass(frozen=True)
class Contender:
    """Who reads: a script below reading_peers, and what its environment needs."""

    name: str
    script: str
    requirements: tuple[str, ...] = ()


CONTENDERS = (
    Contender("tenfold", "read_tenfold.py"),
    Contender("rapidocr", "read_rapidocr.py", ("rapidocr>=3.4", "onnxruntime>=1.20")),
    Contender("digit-recognizer-py", "read_digit_recognizer.py", ("digit-recognizer-py",)),
    Contender("tesseract", "read_tesseract.py", ("pytesseract", "pillow")),
    Contender("easyocr", "read_easyocr.py", ("easyocr",)),
)


@dataclass(frozen=True)
class Picture:
    """A picture and what it truly says, lines joined by a newline."""

    file: str
    source: str
    truth: str


def pictures(task: str, per_source: int | None) -> list[Picture]:
    """Return the labelled pictures of a task, at most so many a source."""
    root = Path(os.environ["TENFOLD_DATA"]) / ("real" if task == "digit" else "numbers")
    with (root / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    counts: dict[str, int] = defaultdict(int)
    found = []
    for row in rows:
        source = row["file"].split("/")[0]
        counts[source] += 1
        if per_source is None or counts[source] <= per_source:
            truth = row["label"] if task == "digit" else row["truth"].replace("|", "\n")
            found.append(Picture(str(root / row["file"]), source, truth))
    return found


def read(contender: Contender, python: Path, task: str, wanted: list[Picture]) -> list[str]:
    """Read all pictures in one process: what was read, and how many seconds each took."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "files.json"
        listing.write_text(json.dumps([picture.file for picture in wanted]))
        command = [str(python), str(PEERS / contender.script), task, str(listing)]
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
        return run_quietly(command, environment).splitlines()


def score(wanted: list[Picture], lines: list[str]) -> dict[str, object]:
    """Exact matches and character error rate, each as the mean over sources, and median seconds."""
    right: dict[str, list[bool]] = defaultdict(list)
    wrong: dict[str, list[float]] = defaultdict(list)
    seconds = []
    for picture, line in zip(wanted, lines, strict=True):
        record = json.loads(line)
        text = "\n".join(filter(None, record["text"].split("\n")))
        right[picture.source].append(text == picture.truth)
        wrong[picture.source].append(edits(text, picture.truth) / len(picture.truth))
        seconds.append(record["seconds"])
    return {
        "exact": statistics.fmean(statistics.fmean(values) for values in right.values()),
        "character_errors": statistics.fmean(statistics.fmean(v) for v in wrong.values()),
        "median_seconds": statistics.median(seconds),
        "pictures": len(wanted),
        "by_source": {source: statistics.fmean(values) for source, values in right.items()},
    }


def edits(text: str, truth: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(truth) + 1))
    for i, one in enumerate(text, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(truth, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (one != other))
    return row[-1]


def measure(contender: Contender, venvs: Path, per_source: int | None) -> Result:
    """Return the contender's scores by task, or why there are none."""
    try:
        python = interpreter(venvs / contender.name, contender.requirements, contender.name)
    except (UnavailableError, OSError) as error:
        return dict.fromkeys(TASKS, f"not measured: {error}")
    result: Result = {}
    for task in TASKS:
        wanted = pictures(task, per_source)
        try:
            result[task] = score(wanted, read(contender, python, task, wanted))
        except (UnavailableError, OSError) as error:
            result[task] = f"not measured: {error}"
    return result


def table_row(name: str, result: Result) -> list[str]:
    """Lay out one contender."""
    digit, number = result["digit"], result["number"]
    row = [name]
    if isinstance(digit, str):
        row += [digit, ""]
    else:
        row += [f"{digit['exact']:.1%}", f"{1000 * float(str(digit['median_seconds'])):.1f} ms"]
    if isinstance(number, str):
        return [*row, number, "", ""]
    return [
        *row,
        f"{number['exact']:.1%}",
        f"{number['character_errors']:.1%}",
        f"{1000 * float(str(number['median_seconds'])):.0f} ms",
    ]


def main() -> None:
    """Measure, print the table, write the result file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", choices=[c.name for c in CONTENDERS])
    parser.add_argument("--per-source", type=int, help="at most so many pictures of each source")
    parser.add_argument("--venvs", type=Path, default=VENVS)
    options = parser.parse_args()
    if "TENFOLD_DATA" not in os.environ:
        sys.exit("Set TENFOLD_DATA to the folder that holds real/ and numbers/.")
    kept = json.loads(RESULT.read_text())["results"] if options.only and RESULT.exists() else {}
    results: dict[str, Result] = {}
    for contender in CONTENDERS:
        if not options.only or contender.name in options.only:
            results[contender.name] = measure(contender, options.venvs, options.per_source)
    where = setting(["tenfold", "onnxruntime", "opencv-python-headless", "pillow"])
    columns = ["", "digits", "each", "numbers without a fault", "characters wrong", "each"]
    rows = [table_row(name, result) for name, result in results.items()]
    print_table("Reading people's own pictures (means over sources)", columns, rows)
    out.print(describe(where), markup=False, highlight=False)
    if options.per_source:
        return  # a first look does not replace the result
    results = {c.name: (kept | results)[c.name] for c in CONTENDERS if c.name in kept | results}
    write_results(RESULT, {"setting": where, "results": results})


if __name__ == "__main__":
    main()
