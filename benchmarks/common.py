"""What the benchmarks share: the schema of result files, the machine, and tables.

Every file in results/ is a `Result` as JSON: what was asked, by which command, when, where, with
which versions and settings, and what came out. tests/test_benchmarks.py holds the files to it.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from rich.table import Table

from tenfold import load_dataset
from tenfold.cores import cores
from tenfold.evaluation.cost import processor
from tenfold.files import make_folder, write_whole

RESULTS = Path(__file__).with_name("results")

out = Console(width=None if sys.stdout.isatty() else 110)  # piped, Rich would take 80
err = Console(stderr=True)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Machine(_Strict):
    """Where it was measured: processor, cores that the process might use, system, Python."""

    processor: str
    cores: int = Field(ge=1)
    system: str
    python: str

    @classmethod
    def here(cls) -> Machine:
        """Describe this machine."""
        count = cores()
        return cls(
            processor=processor().removesuffix(f", {count} cores"),
            cores=count,
            system=platform.platform(terse=True),
            python=platform.python_version(),
        )


class Result(_Strict):
    """A result file, schema 1.

    Parameters
    ----------
    version : 1
        Of the schema; ``schema`` in the file.
    question : str
        What was asked: the first line of the script that asks it.
    command : str
        What to type, in the root of the repository, to measure it again.
    date : str
        When it was written, UTC.
    machine : Machine
    versions : dict of str
        Of the packages that matter, by name.
    setting : dict
        What was chosen: recipe, rounds, seeds and the like.
    results : dict
        The figures, and names of what they stand for; what these are, the script says.
    """

    version: Literal[1] = Field(default=1, alias="schema")
    question: str = Field(min_length=1)
    command: str = Field(pattern=r"^python benchmarks/\w+\.py( |$)")
    date: str = Field(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d UTC$")
    machine: Machine
    versions: dict[str, str]
    setting: dict[str, Any]
    results: dict[str, Any] = Field(min_length=1)

    def describe(self) -> str:
        """Return when, where and with which versions, as a line for below a table."""
        words = " · ".join(f"{name} {number}" for name, number in self.versions.items())
        where = f"{self.machine.processor}, {self.machine.cores} cores"
        return f"{where} · Python {self.machine.python} · {words} · {self.date}"


def new_result(
    doc: str | None,
    packages: Sequence[str],
    setting: dict[str, Any],
    results: dict[str, Any],
    arguments: Sequence[str] | None = None,
) -> Result:
    """Put a result together, measured here and now by the script that runs.

    Parameters
    ----------
    doc : str
        The script's docstring, whose first line is the question.
    packages : sequence of str
        Whose versions matter.
    setting, results : dict
        As JSON takes them.
    arguments : sequence of str, optional
        Of the command that measures all of it, where that is not the one that runs.
    """
    script = f"benchmarks/{Path(sys.argv[0]).name}"
    arguments = sys.argv[1:] if arguments is None else arguments
    return Result(
        question=question(doc),
        command=shlex.join(["python", script, *arguments]),
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        machine=Machine.here(),
        versions={name: version(name) for name in packages},
        setting=_as_json(setting),
        results=_as_json(results),
    )


def _as_json(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a JSON file would give back: lists for tuples, names for numbers as keys."""
    again: dict[str, Any] = json.loads(json.dumps(record, allow_nan=False))
    return again


def load_result(path: Path) -> Result:
    """Open a result file; raises pydantic's ValidationError where it breaks the schema."""
    return Result.model_validate_json(path.read_text(encoding="utf-8"))


def write_result(path: Path, result: Result) -> None:
    """Write a result file, whole or not at all, and say where."""
    make_folder(path.parent)
    record = result.model_dump(by_alias=True)
    write_whole(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    err.print(f"Written to {path}")


def question(doc: str | None) -> str:
    """Return the first line of a script's docstring."""
    return (doc or "").partition("\n")[0]


def new_parser(doc: str | None, to: Path | None = None) -> argparse.ArgumentParser:
    """Return a parser that says the question and, where there is a result file, takes ``--out``."""
    parser = argparse.ArgumentParser(description=question(doc))
    if to is not None:
        parser.add_argument("--out", type=Path, default=to, help="default %(default)s")
    return parser


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return mean, median, standard deviation (of the sample), least and greatest."""
    return {
        "mean": statistics.fmean(values),
        "median": statistics.median(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else 0.0,
        "min": min(values),
        "max": max(values),
    }


def mnist_file(folder: Path) -> Path:
    """Write MNIST as one .npz file, which contenders read without tenfold; return its path."""
    parts = {part: load_dataset("mnist", part) for part in ("train", "test")}
    arrays = {f"{part}_images": data.images for part, data in parts.items()}
    arrays |= {f"{part}_labels": data.targets for part, data in parts.items()}
    path = folder / "mnist.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> None:
    """Print a table, the first column to the left and numbers to the right, and notes below."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    for note in notes:
        out.print(note, markup=False, highlight=False, soft_wrap=True)


def percent(share: float, digits: int = 2) -> str:
    """Write a share as the README does."""
    return f"{100 * share:.{digits}f} %"


def length(seconds: float) -> str:
    """Write a time as people say it."""
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def command(result: Result) -> str:
    """Write the command that measures it again."""
    return f"`.venv/bin/{result.command}`"
