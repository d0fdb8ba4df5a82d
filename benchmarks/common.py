"""What the benchmarks share: naming the machine, repeating, tables and result files."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tenfold import load_dataset
from tenfold.evaluation.cost import processor
from tenfold.files import make_folder, write_whole

RESULTS = Path(__file__).with_name("results")
VENVS = Path("~/.cache/tenfold-benchmarks").expanduser()  # where contenders are installed

out = Console(width=None if sys.stdout.isatty() else 110)  # piped, Rich would take 80
err = Console(stderr=True)


def setting(packages: Sequence[str]) -> dict[str, object]:
    """Return when, where and with which versions a benchmark runs."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": processor(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def describe(where: dict[str, object]) -> str:
    """Write a setting as one line for below a table."""
    versions = where["versions"]
    assert isinstance(versions, dict)  # noqa: S101 - as made by `setting`
    words = " · ".join(f"{name} {number}" for name, number in versions.items())
    return f"{where['processor']} · Python {where['python']} · {words} · {where['date']}"


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


class UnavailableError(Exception):
    """A contender cannot be installed or run; the message says why."""


def interpreter(folder: Path, requirements: Sequence[str], title: str) -> Path:
    """Return the Python that runs a contender, making its virtual environment the first time."""
    if not requirements:
        return Path(sys.executable)
    python, done = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(requirements) + "\n"
    if done.exists() and done.read_text() == wanted:
        return python
    err.print(f"Installing {title} into {folder}")
    run_quietly([sys.executable, "-m", "venv", str(folder)])
    run_quietly([str(python), "-m", "pip", "install", "--quiet", *requirements])
    done.write_text(wanted)
    return python


def run_quietly(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Run a command and return what it printed; raises UnavailableError with its last words."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise UnavailableError(words[-1] if words else f"exit code {done.returncode}")
    return done.stdout


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
        out.print(note, markup=False, highlight=False)


def write_results(path: Path, record: dict[str, object]) -> None:
    """Write the figures as JSON, whole or not at all, and say where."""
    make_folder(path.parent)
    write_whole(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    err.print(f"Written to {path}")
