"""Which damaged files, hostile layouts and wrong requests can tenfold not bear?

    python benchmarks/fuzz.py                          # the counts of SECURITY.md, hours
    python benchmarks/fuzz.py --only models,pictures --share 0.1
    python benchmarks/fuzz.py --share 0.01 --budget 60 # what the tests run
    python benchmarks/fuzz.py --only layouts --first 500 --keep /tmp/found

Each thing must be read, or refused in one line that says of which file and why. It fails with a
traceback, or a fault that somebody is asked to report; if it takes more than 10 s of processor
time; if its process grows by more than 1 GB, dies or does not answer; and, for a model file, if it
is opened and gives other probabilities without a word. Every kind runs in a process of its own,
which is replaced when it fails. What fails is printed with its number, and kept as a file with
--keep; all follow from their numbers alone (damaged.py, hostile.py, hostile_files.py). The exit
code is 1 if anything failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from common import RESULTS, err, new_parser, new_result, out, print_table, write_result
from fuzz_kinds import KINDS, Case
from tenfold.errors import FaultError, TenfoldError

COUNTS = {
    "pictures": 2000, "models": 2000, "layouts": 500, "inputs": 200, "requests": 150,
    "described": 150,
}  # fmt: skip
SECONDS = 10.0  # of processor time for one case
PATIENCE = 600.0  # seconds on the clock until a process that says nothing is given up
MEMORY = 1 << 20  # kilobytes that a process may grow
FAILURES = ("traceback", "hang", "memory", "silent change")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case: ``read``, ``refused`` or one of the failures, and in which words."""

    number: int
    what: str
    words: str = ""


def outcome_of(case: Case) -> Outcome:
    """Run one case."""
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        what, words = _run(case)
    took = time.process_time() - started
    if took > SECONDS and what not in FAILURES:
        what, words = "hang", f"{took:.0f} s"
    return Outcome(case.number, what, words)


def _run(case: Case) -> tuple[str, str]:
    try:
        words = case.run()
    except FaultError as error:
        return "traceback", str(error)
    except TenfoldError as error:
        told = str(error)
        if "\n" in told or case.name not in told:
            return "traceback", f"an error in other words: {told!r}"
        return "refused", ""
    except Exception:
        return "traceback", traceback.format_exc(limit=-2)
    if words in ("", "refused"):
        return words or "read", ""
    return "silent change" if case.silent else "traceback", words


def work(kind: str, first: int, last: int, folder: str, answers: Connection) -> None:
    """Run cases in a process of their own and send their outcomes."""
    # Ended early, it still stops what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    before = 0
    for case in KINDS[kind](first, last, Path(folder)):
        answers.send(case.number)  # begun
        outcome = outcome_of(case)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before = before or peak  # after the first, with all libraries loaded
        if peak - before > MEMORY:
            outcome = Outcome(case.number, "memory", f"{peak >> 10:,} MB")
        answers.send(outcome)
    answers.send(None)


def outcomes(kind: str, first: int, count: int, folder: Path, until: float) -> Iterator[Outcome]:
    """Yield the outcome of each case, in other processes; a dead one is replaced."""
    context = multiprocessing.get_context("spawn")
    last = first + count
    while first < last and time.monotonic() < until:
        mine, theirs = context.Pipe()
        process = context.Process(
            target=work, args=(kind, first, last, str(folder), theirs), daemon=False
        )
        process.start()
        theirs.close()
        begun = first
        try:
            for outcome in _answers(mine, until):
                if isinstance(outcome, Outcome):
                    first = outcome.number + 1
                    yield outcome
                    if outcome.what == "memory":
                        break  # a peak stays a peak
                else:
                    begun = outcome
            else:
                return
        except (EOFError, TimeoutError) as error:
            dead = isinstance(error, EOFError)
            yield Outcome(begun, "traceback" if dead else "hang", "the process died" * dead)
            first = begun + 1
        finally:
            process.terminate()
            process.join()


def _answers(pipe: Connection, until: float) -> Iterator[Outcome | int]:
    """Yield what a process sends, until it is done or the time is up."""
    while True:
        left = until - time.monotonic()
        if not pipe.poll(min(PATIENCE, max(0.0, left))):
            if left <= PATIENCE:
                return
            raise TimeoutError
        answer = pipe.recv()
        if answer is None:
            return
        yield answer


def feed(
    options: argparse.Namespace, note: Callable[[str, Outcome], None]
) -> dict[str, Counter[str]]:
    """Run all kinds and count their outcomes."""
    counts: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for place, kind in enumerate(options.only):
            left = options.until - time.monotonic()
            until = time.monotonic() + left / (len(options.only) - place)
            many = max(1, round(COUNTS[kind] * options.share))
            counts[kind] = Counter()
            for outcome in outcomes(kind, options.first, many, Path(folder), until):
                counts[kind][outcome.what] += 1
                if outcome.what in FAILURES:
                    note(kind, outcome)
    return counts


def main() -> None:
    """Feed everything, print what failed and the counts."""
    parser = new_parser(__doc__, RESULTS / "fuzz.json")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(KINDS))
    parser.add_argument("--share", type=float, default=1.0, help="of the counts")
    parser.add_argument("--first", type=int, default=0, help="number to start at")
    parser.add_argument("--budget", type=float, default=1e6, help="seconds for all kinds together")
    parser.add_argument("--keep", type=Path, help="folder for what failed")
    parser.add_argument("--save", action="store_true", help="write results/fuzz.json")
    options = parser.parse_args()
    options.until = time.monotonic() + options.budget
    if strange := set(options.only) - KINDS.keys():
        parser.error(f"--only {', '.join(strange)}; there are {', '.join(KINDS)}")

    def note(kind: str, outcome: Outcome) -> None:
        words = f"{kind} {outcome.number}: {outcome.what}: {outcome.words}"
        out.print(words, markup=False, highlight=False)
        if options.keep:
            _keep(options.keep, kind, outcome.number)

    counts = feed(options, note)
    columns = ["", "in all", "read", "refused", *FAILURES]
    rows = [
        [kind, *(f"{number:,}" for number in (each.total(), each["read"], each["refused"])),
         *(str(each[what]) for what in FAILURES)]
        for kind, each in counts.items()
    ]  # fmt: skip
    chosen = {"share": options.share, "first": options.first}
    packages = ["tenfold", "onnxruntime", "pillow"]
    found = {kind: dict(each) for kind, each in counts.items()}
    result = new_result(__doc__, packages, chosen, {"counts": found})
    print_table("What became of them", columns, rows, [])
    err.print(result.describe(), highlight=False, soft_wrap=True)
    if options.save:
        write_result(options.out, result)
    failed = sum(each[what] for each in counts.values() for what in FAILURES)
    sys.exit(1 if failed else 0)


def _keep(to: Path, kind: str, number: int) -> None:
    """Write a case's file, where it has one."""
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        case = next(KINDS[kind](number, number + 1, Path(folder)))
        if case.content is not None:
            (to / f"{kind}-{number}{case.suffix}").write_bytes(case.content)


if __name__ == "__main__":
    main()
