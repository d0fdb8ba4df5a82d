"""How well tenfold reads people's own pictures, beside what a person would pick instead.

    TENFOLD_DATA=… python benchmarks/reading.py                            # tenfold, all tables
    TENFOLD_DATA=… python benchmarks/reading.py --part numbers,cases --limit 3      # a first look
    TENFOLD_DATA=… python benchmarks/reading.py --part car_a --failures wrong/
    TENFOLD_DATA=… python benchmarks/reading.py --peers                    # the peers, all of them
    TENFOLD_DATA=… python benchmarks/reading.py --peers rapidocr,tesseract --part car_a

Four folders, each with its ``labels.csv``: ``real`` (single digits, layout digit), ``numbers``
(numbers, lines, pages; layout auto), ``car_a`` (amounts of ORAND-CAR-A; layouts auto and line) and
``cases`` (drawn, each of a kind that somebody reported; layout auto). reading_tables.py says what
is counted. Every figure stands for the labels as they are and, below, without those that are
plainly wrong: corrections.csv names them. Tenfold reads in a pool of processes, one thread each.
Peers read the first three folders, in one process, in their own best mode, restricted to digits
where they can be. Each peer lives in a virtual environment made once below --venvs; one that cannot
be had gets a row that says why. Result: results/reading.json, where figures of other parts and of
others stay; with --limit nothing is written.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rich.progress import track

from common import (
    RESULTS,
    VENVS,
    UnavailableError,
    describe,
    err,
    interpreter,
    out,
    print_table,
    run_quietly,
    setting,
    write_results,
)
from reading_failures import Failure, failures, write_failures
from reading_tables import PARTS, TASKS, Answer, Picture, Task, figures, load_pictures
from tenfold.evaluation.metrics.text import digits_of
from tenfold.reader.reader import Layout, Reader
from tenfold.reader.reading import Reading

PEERS = Path(__file__).with_name("reading_peers")
RESULT = RESULTS / "reading.json"
OURS = "tenfold"
PEER_TASKS = ("real", "numbers", "car_a, auto")

Figures = dict[str, Any]
Result = dict[str, Figures | str]  # by task: figures, or why there are none


@dataclass(frozen=True)
class Contender:
    """Who reads: a script below reading_peers, and what its environment needs."""

    name: str
    script: str
    requirements: tuple[str, ...]


CONTENDERS = (
    Contender("rapidocr", "read_rapidocr.py", ("rapidocr>=3.4", "onnxruntime>=1.20")),
    Contender("digit-recognizer-py", "read_digit_recognizer.py", ("digit-recognizer-py",)),
    Contender("tesseract", "read_tesseract.py", ("pytesseract", "pillow")),
    Contender("easyocr", "read_easyocr.py", ("easyocr",)),
)
NAMES = tuple(contender.name for contender in CONTENDERS)

_readers: dict[str, Reader] = {}  # of a process of the pool, by layout


def read_one(job: tuple[str, str]) -> Answer:
    """Read a file with a layout, in a process of the pool; whatever goes wrong is an answer too."""
    path, layout = job
    if layout not in _readers:
        _readers[layout] = Reader(layout=cast("Layout", layout))
        _attempt(_readers[layout], path)  # warm up: networks load on first use
    return _attempt(_readers[layout], path)


def _attempt(reader: Reader, path: str) -> Answer:
    started = time.perf_counter()
    try:
        reading = reader.read(path)
        text = reading.text
        if reader.layout == "digit" and not text and len(reading.digits) == 1:
            text = str(reading.digits[0].digit)  # refused as unsure: the likeliest counts
        seconds = time.perf_counter() - started
        return Answer(digits_of(text), seconds, confidence(reading))
    except Exception as error:
        seconds = time.perf_counter() - started
        return Answer("", seconds, 0.0, f"{type(error).__name__}: {error}")


def confidence(reading: Reading) -> float:
    """Return how sure the reader is of the picture: its least sure number, or digit."""
    numbers = [number for line in reading.lines for number in getattr(line, "numbers", ())]
    parts = numbers or [digit for digit in reading.digits if digit.accepted]
    return min((float(part.confidence) for part in parts), default=0.0)


def one_thread() -> None:
    """Keep a process of the pool to one thread."""
    import cv2

    cv2.setNumThreads(1)


def read_ours(task: Task, wanted: Sequence[Picture], processes: int) -> list[Answer]:
    """Read all pictures of a task in a pool of processes."""
    jobs = [(picture.path, task.layout) for picture in wanted]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, one_thread) as pool:
        read = pool.map(read_one, jobs, chunksize=4)
        return list(track(read, task.name, len(jobs), console=err))


def read_theirs(peer: Contender, python: Path, task: Task, wanted: list[Picture]) -> list[Answer]:
    """Let a peer read all pictures of a task in one process."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "files.json"
        listing.write_text(json.dumps([picture.path for picture in wanted]))
        mode = "digit" if task.layout == "digit" else "number"
        command = [str(python), str(PEERS / peer.script), mode, str(listing)]
        lines = run_quietly(command, os.environ | {"CUDA_VISIBLE_DEVICES": ""}).splitlines()
    records = [json.loads(line) for line in lines]
    return [Answer(digits_of(record["text"]), record["seconds"]) for record in records]


def measure_ours(
    tasks: Sequence[Task], data: Path, limit: int | None, processes: int
) -> tuple[Result, dict[Task, list[Failure]]]:
    """Return tenfold's figures by task, and what it read wrongly."""
    result: Result = {}
    wrong = {}
    for task in tasks:
        wanted = load_pictures(data, task.folder, limit)
        answers = read_ours(task, wanted, processes)
        result[task.name] = figures(wanted, answers)
        wrong[task] = failures(wanted, answers)
    return result, wrong


def measure_theirs(
    peer: Contender, venvs: Path, tasks: Sequence[Task], data: Path, limit: int | None
) -> Result:
    """Return a peer's figures by task, or why there are none."""
    own = [task for task in tasks if task.name in PEER_TASKS]
    try:
        python = interpreter(venvs / peer.name, peer.requirements, peer.name)
    except (UnavailableError, OSError) as error:
        return {task.name: f"not measured: {error}" for task in own}
    result: Result = {}
    for task in own:
        wanted = load_pictures(data, task.folder, limit)
        try:
            result[task.name] = figures(wanted, read_theirs(peer, python, task, wanted))
        except (UnavailableError, OSError) as error:
            result[task.name] = f"not measured: {error}"
    return result


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
    names = ("right_by_source", "right", "characters_wrong_by_source", "characters_wrong")
    half = scores["surest_half_wrong"]
    return [*(f"{scores[name]:.1%}" for name in names), "" if half is None else f"{half:.1%}"]


def print_figures(results: dict[str, Result], notes: list[str]) -> None:
    """Print a table of all, and one by kind."""
    columns = ["", "pictures", "right, by source", "of all", "CER, by source"]
    columns += ["of all", "surest half wrong", "each", "exceptions"]
    rows, kinds = [], []
    for name, result in results.items():
        for task, found in result.items():
            rows += table_rows(name, task, found)
            if isinstance(found, dict):
                kinds += kind_rows(f"{name} · {task}", found)
    print_table("Reading people's own pictures", columns, rows)
    if kinds:
        columns = ["by kind", "", "right", "by source"]
        print_table("By kind (labels corrected)", columns, kinds)
    for note in notes:
        out.print(note, markup=False, highlight=False)


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


def merged(results: dict[str, Result]) -> dict[str, Result]:
    """Put new figures beside those that the file holds of other tasks and others."""
    tasks = [task.name for task in TASKS]
    kept = json.loads(RESULT.read_text(encoding="utf-8"))["results"] if RESULT.exists() else {}
    found: dict[str, Result] = {}
    for name in (OURS, *NAMES):
        both = kept.get(name, {}) | results.get(name, {})
        if own := {task: both[task] for task in tasks if task in both}:
            found[name] = own
    return found


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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
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
    results: dict[str, Result] = {}
    if options.peers:
        for peer in CONTENDERS:
            if peer.name in options.peers:
                results[peer.name] = measure_theirs(peer, options.venvs, tasks, data, options.limit)
    else:
        results[OURS], wrong = measure_ours(tasks, data, options.limit, options.processes)
        if options.failures:
            write_failures(options.failures, wrong)
    where = setting(["tenfold", "onnxruntime", "opencv-python-headless", "pillow"])
    print_figures(results, [describe(where)])
    if options.limit is None:  # a first look does not replace the result
        write_results(RESULT, {"setting": where, "results": merged(results)})


if __name__ == "__main__":
    main()
