"""What every contender on MNIST shares: the data, the clock and the line it prints.

Nothing but NumPy, because it runs in each peer's own virtual environment.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

GOAL = 0.99  # of the test pictures
ONES, THOUSANDS = 500, 20  # timed calls with one picture and with a thousand
PICTURES, BATCH = 12_800, 128  # what a timed pass of training takes

Record = dict[str, object]


@dataclass(frozen=True)
class Given:
    """The command line, and MNIST as bytes, (n, 28, 28), with labels (n,)."""

    seed: int
    limit: int  # most epochs
    model: str
    cores: int
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
    with np.load(words.data) as file:
        parts = {name: file[name] for name in file.files}
    return Given(
        seed=words.seed,
        limit=words.limit,
        model=words.model,
        cores=words.cores,
        train=(parts["train_images"], parts["train_labels"]),
        test=(parts["test_images"], parts["test_labels"]),
    )


@dataclass
class Race:
    """Epochs until the goal: the clock stands still while the test set is looked at."""

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


def report(record: Record, packages: Sequence[str]) -> None:
    """Print the one line that the benchmark reads, with the versions it ran on."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
    print(json.dumps(record | {"versions": versions}))


def pace(predict: Callable[[NDArray[np.uint8]], object], images: NDArray[np.uint8]) -> Record:
    """Time calls with one picture and with a thousand, bytes in and numbers out, when warm."""

    def seconds(batch: int, calls: int) -> list[float]:
        taken = []
        for call in range(-max(calls // 10, 2), calls):
            first = (call * batch) % (len(images) - batch + 1)
            start = time.perf_counter()
            predict(images[first : first + batch])
            if call >= 0:
                taken.append(time.perf_counter() - start)
        return taken

    one, thousand = seconds(1, ONES), seconds(1000, THOUSANDS)
    return {
        "one_ms": 1e3 * float(np.median(one)),
        "one_p99_ms": 1e3 * float(np.percentile(one, 99)),
        "images_per_second": 1000 / float(np.median(thousand)),
    }
