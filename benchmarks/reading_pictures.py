"""How well does tenfold read people's own pictures, beside what a person would pick instead?

    export TENFOLD_DATA=…
    python benchmarks/reading_pictures.py                                    # tenfold, all tables
    python benchmarks/reading_pictures.py --part numbers,cases --limit 3     # a first look
    python benchmarks/reading_pictures.py --part car_a --failures wrong/
    python benchmarks/reading_pictures.py --peers                            # all peers
    python benchmarks/reading_pictures.py --peers rapidocr,tesseract --part car_a

Four folders, each with its ``labels.csv``: ``real`` (single digits, layout digit), ``numbers``
(numbers, lines, pages; layout auto), ``car_a`` (amounts of ORAND-CAR-A; layouts auto and line) and
``cases`` (drawn, each of a kind that somebody reported; layout auto). picture_tables.py says what
is counted. Every figure stands for the labels as they are and, below, without those that are
plainly wrong: corrections.csv names them. Tenfold reads in a pool of processes, one thread each.
Peers read the first three folders, in one process, in their own best mode, restricted to digits
where they can be. Each peer lives in a virtual environment made once below --venvs; one that cannot
be had gets a row that says why. Result: results/reading_pictures.json, where figures of other parts
and of others stay, each with the date on which it was measured; with --limit nothing is written.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from rich.progress import track

from common import RESULTS, err, load_result, new_parser, new_result, print_table, write_result
from contenders import VENVS, Contender, UnavailableError, interpreter, peer, run_quietly
from picture_failures import Failure, failures, write_failures
from picture_tables import PARTS, TASKS, Answer, Picture, Task, figures, load_pictures
from tenfold.evaluation.metrics.text import digits_of
from tenfold.evaluation.test_sets import ImageRow
from tenfold.evaluation.transcription import transcribe
from tenfold.reader.reader import Layout, Reader

OURS = "tenfold"
PEER_TASKS = ("real", "numbers", "car_a, auto")

Figures = dict[str, Any]
ByTask = dict[str, Figures | str]  # by task: figures, or why there are none


def _reads(name: str, title: str, script: str, *requirements: str) -> Contender:
    return Contender(name, title, peer("reading", script), requirements)


CONTENDERS = (
    _reads("rapidocr", "RapidOCR", "read_rapidocr.py", "rapidocr>=3.4", "onnxruntime>=1.20"),
    _reads(
        "digit-recognizer-py",
        "digit-recognizer-py",
        "read_digit_recognizer.py",
        "digit-recognizer-py",
    ),
    _reads("tesseract", "Tesseract", "read_tesseract.py", "pytesseract", "pillow"),
    _reads("easyocr", "EasyOCR", "read_easyocr.py", "easyocr"),
)
NAMES = tuple(contender.name for contender in CONTENDERS)

_readers: dict[str, Reader] = {}  # of a process of the pool, by layout


def read_one(job: tuple[ImageRow, str]) -> Answer:
    """Read a picture with a layout, in a process of the pool; what goes wrong is an answer too."""
    row, layout = job
    if layout not in _readers:
        _readers[layout] = Reader(layout=cast("Layout", layout))
        _attempt(_readers[layout], row)  # warm up: networks load on first use
    return _attempt(_readers[layout], row)


def _attempt(reader: Reader, row: ImageRow) -> Answer:
    started = time.perf_counter()
    try:
        found = transcribe(reader, row)
    except Exception as error:
        seconds = time.perf_counter() - started
        return Answer("", seconds, 0.0, f"{type(error).__name__}: {error}")
    seconds = time.perf_counter() - started
    return Answer(found.text, seconds, float(found.confidence), found.error or "")


def one_thread() -> None:
    """Keep a process of the pool to one thread."""
    import cv2

    cv2.setNumThreads(1)


def read_ours(task: Task, wanted: Sequence[Picture], processes: int) -> list[Answer]:
    """Read all pictures of a task in a pool of processes."""
    jobs = [(picture.row, task.layout) for picture in wanted]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, one_thread) as pool:
        read = pool.map(read_one, jobs, chunksize=4)
        return list(track(read, task.name, len(jobs), console=err))


def read_theirs(one: Contender, python: Path, task: Task, wanted: list[Picture]) -> list[Answer]:
    """Let a peer read all pictures of a task in one process."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "files.json"
        listing.write_text(json.dumps([str(picture.row.file) for picture in wanted]))
        mode = "digit" if task.layout == "digit" else "number"
        command = [str(python), *one.command, mode, str(listing)]
        lines = run_quietly(command, os.environ | {"CUDA_VISIBLE_DEVICES": ""}).splitlines()
    records = [json.loads(line) for line in lines]
    return [Answer(digits_of(record["text"]), record["seconds"]) for record in records]


def measure_ours(
    tasks: Sequence[Task], data: Path, limit: int | None, processes: int
) -> tuple[ByTask, dict[Task, list[Failure]]]:
    """Return tenfold's figures by task, and what it read wrongly."""
    result: ByTask = {}
    wrong = {}
    for task in tasks:
        wanted = load_pictures(data, task.folder, limit)
        answers = read_ours(task, wanted, processes)
        result[task.name] = {"date": today(), **figures(wanted, answers)}
        wrong[task] = failures(wanted, answers)
    return result, wrong


def measure_theirs(
    one: Contender, venvs: Path, tasks: Sequence[Task], data: Path, limit: int | None
) -> ByTask:
    """Return a peer's figures by task, or why there are none."""
    own = [task for task in tasks if task.name in PEER_TASKS]
    try:
        python = interpreter(one, venvs)
    except (UnavailableError, OSError) as error:
        return {task.name: f"not measured: {error}" for task in own}
    result: ByTask = {}
    for task in own:
        wanted = load_pictures(data, task.folder, limit)
        try:
            answers = read_theirs(one, python, task, wanted)
            result[task.name] = {"date": today(), **figures(wanted, answers)}
        except (UnavailableError, OSError) as error:
            result[task.name] = f"not measured: {error}"
    return result


def today() -> str:
    """Return the date, UTC."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def table_rows(name: str, task: str, found: Figures | str) -> list[list[str]]:
    """Lay out one task of one reader: a row, and a second one where labels are corrected."""
    if isinstance(found, str):
        return [[f"{name} · {task}", found]]
    counted = f"{found['pictures']:,}"
    times = [f"{1000 * found['median_seconds']:.1f} ms", f"{found['exceptions']}"]
    rows = [[f"{name} · {task}", counted, *shares(found["labelled"]), *times]]
    if found["corrections"]:
        counted = f"{found['corrections']} corrected"
        rows.append(["", counted, *shares(found["corrected"]), "", ""])
    return rows


def shares(scores: Figures) -> list[str]:
    """Lay out the shares of a row."""
    names = ("right_by_source", "right", "mean_character_error_rate", "character_error_rate")
    half = scores["surest_half_wrong"]
    return [*(f"{scores[name]:.1%}" for name in names), "" if half is None else f"{half:.1%}"]


def print_figures(results: dict[str, ByTask], notes: list[str]) -> None:
    """Print a table of all, and one by kind."""
    columns = ["", "pictures", "right, by source", "of all", "CER, by source"]
    columns += ["of all", "surest half wrong", "each", "exceptions"]
    rows, kinds = [], []
    for name, result in results.items():
        for task, found in result.items():
            rows += table_rows(name, task, found)
            if isinstance(found, dict):
                kinds += kind_rows(f"{name} · {task}", found)
    print_table("Reading people's own pictures", columns, rows, () if kinds else notes)
    if kinds:
        columns = ["by kind", "", "right", "by source"]
        print_table("By kind (labels corrected)", columns, kinds, notes)


def kind_rows(name: str, found: Figures) -> list[list[str]]:
    """Lay out the kinds of a task."""
    rows = []
    for kind, own in found["corrected"]["by_kind"].items():
        count = round(own["right"] * own["pictures"])
        rows.append([name, kind, f"{count:,} of {own['pictures']:,}"])
        rows[-1].append("" if kind in found["labelled"]["by_source"] else share_by_source(own))
    return rows


def share_by_source(own: Figures) -> str:
    """Lay out a kind's mean over sources."""
    return f"{own['right_by_source']:.1%}"


def merged(results: dict[str, ByTask], file: Path) -> dict[str, ByTask]:
    """Put new figures beside those that the file holds of other tasks and others."""
    tasks = [task.name for task in TASKS]
    kept = load_result(file).results if file.exists() else {}
    found: dict[str, ByTask] = {}
    for name in (OURS, *NAMES):
        both = kept.get(name, {}) | results.get(name, {})
        if own := {task: both[task] for task in tasks if task in both}:
            found[name] = own
    return found


def arguments(result: ByTask) -> list[str]:
    """Return the options that measure what the file holds of tenfold."""
    parts = dict.fromkeys(task.folder for task in TASKS if task.name in result)
    return [] if len(parts) in (0, len(PARTS)) else ["--part", ",".join(parts)]


def names(known: Sequence[str]) -> Any:
    """Return what takes a list of names apart at its commas."""

    def parse(text: str) -> list[str]:
        chosen = [name for name in text.split(",") if name]
        if unknown := [name for name in chosen if name not in known]:
            message = f"{unknown[0]!r} is none of {', '.join(known)}"
            raise argparse.ArgumentTypeError(message)
        return chosen

    return parse


def parse_options() -> argparse.Namespace:
    """Return the command line's options."""
    parser = new_parser(__doc__, RESULTS / "reading_pictures.json")
    parser.add_argument("--part", type=names(PARTS), default=list(PARTS), metavar="PART,…")
    parser.add_argument("--limit", type=int, help="at most so many pictures of each source")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--failures", type=Path, help="folder for what was read wrongly")
    parser.add_argument("--peers", type=names(NAMES), nargs="?", const=list(NAMES))
    parser.add_argument("--venvs", type=Path, default=VENVS)
    return parser.parse_args()


def main() -> None:
    """Measure, print the tables, write the result file."""
    options = parse_options()
    if "TENFOLD_DATA" not in os.environ:
        sys.exit("Set TENFOLD_DATA to the folder that holds real/, numbers/, car_a/ and cases/.")
    os.environ["OMP_NUM_THREADS"] = "1"  # of all the processes started from here
    data = Path(os.environ["TENFOLD_DATA"])
    tasks = [task for task in TASKS if task.folder in options.part]
    results: dict[str, ByTask] = {}
    if options.peers:
        for one in CONTENDERS:
            if one.name in options.peers:
                results[one.name] = measure_theirs(one, options.venvs, tasks, data, options.limit)
    else:
        results[OURS], wrong = measure_ours(tasks, data, options.limit, options.processes)
        if options.failures:
            write_failures(options.failures, wrong)
    packages = ["tenfold", "onnxruntime", "opencv-python-headless", "pillow"]
    setting = {"layouts": {task.name: task.layout for task in TASKS}}
    both = merged(results, options.out)
    result = new_result(__doc__, packages, setting, both, arguments(both.get(OURS, {})))
    print_figures(results, [result.describe()])
    if options.limit is None:  # a first look does not replace the result
        write_result(options.out, result)


if __name__ == "__main__":
    main()
