"""What is measured beside tenfold, each in a process of its own.

Keras comes on three backends, each in a virtual environment that is made once; plain torch and
tenfold run where the benchmark runs. A contender's script prints one line of JSON last.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import VENVS, UnavailableError, err, interpreter, run_quietly

KERAS = ("keras>=3.9", "scikit-learn>=1.6")
BACKENDS = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch>=2.9,<2.14"}
TITLES = {"jax": "JAX", "tensorflow": "TensorFlow", "torch": "torch"}

Record = dict[str, Any]  # the line a run prints


@dataclass(frozen=True)
class Contender:
    """One way to do the work: its script, what it needs, and how it is told its backend."""

    name: str
    title: str
    script: Path
    requirements: tuple[str, ...] = ()  # none: runs where tenfold does
    environment: dict[str, str] = field(default_factory=dict)


def keras_on_each_backend(script: Path) -> tuple[Contender, ...]:
    """Return the three Keras contenders that run a script."""
    return tuple(
        Contender(
            f"keras-{backend}",
            f"Keras 3 on {TITLES[backend]}",
            script,
            (*KERAS, requirement),
            {"KERAS_BACKEND": backend},
        )
        for backend, requirement in BACKENDS.items()
    )


def options(doc: str | None, contenders: Sequence[Contender], to: Path) -> argparse.ArgumentParser:
    """Return a parser of what every comparison takes: rounds, contenders, folders."""
    names = [contender.name for contender in contenders]
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--rounds", type=positive, default=3, help="default %(default)s")
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--venvs", type=Path, default=VENVS, help="default %(default)s")
    parser.add_argument("--out", type=Path, default=to, help="default %(default)s")
    return parser


def positive(text: str) -> int:
    """Read a whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


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
    command = [*only, str(python), str(contender.script), *arguments]
    printed = run_quietly(command, environment)
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
            pythons[contender.name] = interpreter(
                venvs / contender.name, contender.requirements, contender.title
            )
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
