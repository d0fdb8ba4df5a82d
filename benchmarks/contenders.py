"""What is measured beside tenfold, each in a process of its own.

Peers live in virtual environments that are made once below `VENVS`, one each; tenfold and plain
torch run where the benchmark runs. A contender's script, below peers/, prints one line of JSON,
its last.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import err, new_parser

PEERS = Path(__file__).with_name("peers")
VENVS = Path("~/.cache/tenfold-benchmarks").expanduser()
KERAS = ("keras>=3.9", "scikit-learn>=1.6")
BACKENDS = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch>=2.9,<2.14"}
TITLES = {"jax": "JAX", "tensorflow": "TensorFlow", "torch": "torch"}

Record = dict[str, Any]  # the line a run prints


class UnavailableError(Exception):
    """A contender cannot be installed or run; the message says why."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Parameters
    ----------
    name, title : str
    command : tuple of str
        What follows the interpreter.
    requirements : tuple of str
        What its environment needs; none: it runs where tenfold does.
    environment : dict of str
        Variables that it is told more.
    venv : str
        Folder of its environment, if it shares one; else one of its own name.
    """

    name: str
    title: str
    command: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    venv: str = ""


def peer(folder: str, script: str) -> tuple[str, ...]:
    """Return the command that runs a script below peers/."""
    return (str(PEERS / folder / script),)


def keras_on_each_backend(command: tuple[str, ...]) -> tuple[Contender, ...]:
    """Return the three Keras contenders that run a script."""
    return tuple(
        Contender(
            f"keras-{backend}",
            f"Keras 3 on {TITLES[backend]}",
            command,
            (*KERAS, requirement),
            {"KERAS_BACKEND": backend},
        )
        for backend, requirement in BACKENDS.items()
    )


def comparison_parser(
    doc: str | None, contenders: Sequence[Contender], to: Path, rounds: int = 3
) -> argparse.ArgumentParser:
    """Return a parser of what every comparison takes: rounds, contenders, environments."""
    names = [contender.name for contender in contenders]
    parser = new_parser(doc, to)
    parser.add_argument("--rounds", type=positive, default=rounds, help="default %(default)s")
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--venvs", type=Path, default=VENVS, help="default %(default)s")
    return parser


def positive(text: str) -> int:
    """Read a whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def interpreter(contender: Contender, venvs: Path) -> Path:
    """Return the Python that runs a contender, making its virtual environment the first time.

    Raises
    ------
    UnavailableError, OSError
        If that cannot be made.
    """
    if not contender.requirements:
        return Path(sys.executable)
    folder = venvs / (contender.venv or contender.name)
    python, done = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(contender.requirements) + "\n"
    if done.exists() and done.read_text() == wanted:
        return python
    err.print(f"Installing {contender.title} into {folder}")
    run_quietly([sys.executable, "-m", "venv", str(folder)])
    run_quietly([str(python), "-m", "pip", "install", "--quiet", *contender.requirements])
    done.write_text(wanted)
    return python


def run_quietly(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Run a command and return what it printed; raises UnavailableError with its last words."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise UnavailableError(words[-1] if words else f"exit code {done.returncode}")
    return done.stdout


def run_contender(
    contender: Contender, python: Path, arguments: Sequence[str], cores: int = 0
) -> Record:
    """Run a contender once in a process of its own, on the processor alone; return its line.

    On Linux it may be given so many cores; 0 leaves it all of them.
    """
    environment = os.environ | {
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **contender.environment,
    }
    only = ["taskset", "--cpu-list", f"0-{cores - 1}"] if cores else []
    printed = run_quietly([*only, str(python), *contender.command, *arguments], environment)
    record: Record = json.loads(printed.splitlines()[-1])
    return record


def install(
    contenders: Sequence[Contender], venvs: Path
) -> tuple[dict[str, Path], dict[str, list[Record] | str]]:
    """Return each contender's Python, and results to fill: none yet, or why there are none."""
    results: dict[str, list[Record] | str] = {c.name: [] for c in contenders}
    pythons: dict[str, Path] = {}
    for contender in contenders:
        try:
            pythons[contender.name] = interpreter(contender, venvs)
        except (UnavailableError, OSError) as error:
            results[contender.name] = f"could not be installed: {error}"
    return pythons, results


def take_turns(
    contenders: Sequence[Contender],
    venvs: Path,
    rounds: int,
    arguments: Sequence[str],
    cores: int = 0,
) -> dict[str, list[Record] | str]:
    """Run all contenders round by round; what failed comes back as the reason.

    Each run is told its round as ``--seed``, behind the other arguments.
    """
    pythons, results = install(contenders, venvs)
    for seed in range(rounds):
        for contender in contenders:
            runs = results[contender.name]
            if isinstance(runs, str):
                continue
            try:
                record = run_contender(
                    contender, pythons[contender.name], [*arguments, f"--seed={seed}"], cores
                )
            except UnavailableError as error:
                results[contender.name] = f"failed: {error}"
                continue
            err.print(f"{contender.name}, round {seed + 1} of {rounds}: done")
            runs.append(record | {"seed": seed})
    return results
