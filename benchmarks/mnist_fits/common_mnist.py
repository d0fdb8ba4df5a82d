"""What every contender on MNIST shares: the data, the clock and the line it prints.

Nothing but NumPy, because it runs in each peer's own virtual environment.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

GOAL = 0.99  # of the test pictures


@dataclass(frozen=True)
class Given:
    """The command line, and MNIST as bytes, (n, 28, 28), with labels (n,)."""

    seed: int
    limit: int  # most epochs, or pictures, or calls: what the benchmark says
    model: str
    train: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    test: tuple[NDArray[np.uint8], NDArray[np.uint8]]


def given() -> Given:
    """Read the command line and the data file it names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--cores", type=int, default=0)
    parser.add_argument("--model", default="")
    words = parser.parse_args()
    if words.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: words.cores])
    with np.load(words.data) as file:
        parts = {name: file[name] for name in file.files}
    return Given(
        seed=words.seed,
        limit=words.limit,
        model=words.model,
        train=(parts["train_images"], parts["train_labels"]),
        test=(parts["test_images"], parts["test_labels"]),
    )


@dataclass
class Race:
    """Epochs until the goal: the clock stands still while the test part is looked at."""

    limit: int
    seconds: float = 0.0
    accuracies: list[float] = field(default_factory=list)
    epoch_seconds: list[float] = field(default_factory=list)
    mark: float = field(default_factory=time.perf_counter)

    def stop(self) -> None:
        """Note the end of an epoch's training."""
        self.epoch_seconds.append(time.perf_counter() - self.mark)

    def go_on(self, accuracy: float) -> bool:
        """Take an epoch's test accuracy; tell whether another epoch is due, and start it."""
        self.accuracies.append(accuracy)
        self.mark = time.perf_counter()
        return accuracy < GOAL and len(self.accuracies) < self.limit

    def report(self, packages: Sequence[str]) -> None:
        """Print the line."""
        report(
            {
                "seconds": sum(self.epoch_seconds),
                "epochs": len(self.epoch_seconds),
                "reached": self.accuracies[-1] >= GOAL,
                "test_accuracy": self.accuracies,
            },
            packages,
        )


def report(record: dict[str, object], packages: Sequence[str]) -> None:
    """Print the one line that the benchmark reads, with the versions it ran on."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
    print(json.dumps(record | {"versions": versions}))


def race_pace(run: list[float]) -> dict[str, float]:
    """Return median and 99th percentile of some seconds."""
    return {"median": float(np.median(run)), "p99": float(np.percentile(run, 99))}
