"""What every contender of time_of_tutorial.py shares: the data, the clock and the line it prints.

Nothing but NumPy and scikit-learn, because it runs in each peer's own virtual environment.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

Part = tuple[NDArray[np.float32], NDArray[np.float32]]


def arguments() -> tuple[int, int]:
    """Return epochs and seed from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    return given.epochs, given.seed


def digits() -> tuple[Part, Part]:
    """Return training and test set: pictures (n, 8, 8) in 0 to 1 and one-hot targets (n, 10)."""
    bunch = load_digits()
    images = (bunch.images / bunch.images.max()).astype(np.float32)
    targets = np.eye(10, dtype=np.float32)[bunch.target]
    return (images[:-200], targets[:-200]), (images[-200:], targets[-200:])


class Clock:
    """Note when the fit began and when each epoch ended."""

    def __init__(self) -> None:
        self.stamps = [time.perf_counter()]

    def tick(self) -> None:
        """Note the end of an epoch."""
        self.stamps.append(time.perf_counter())


def report(clock: Clock, accuracy: float, loss: float, packages: list[str], threads: str) -> None:
    """Print the one line that time_of_tutorial.py reads.

    The first epoch warms everything up (tracing, compilation, caches). ``seconds`` is what all
    epochs would have taken at the pace of the others; ``first_epoch_seconds`` is the first alone.
    """
    start, first, *_, last = clock.stamps
    epochs = len(clock.stamps) - 1
    record = {
        "epochs": epochs,
        "seconds": (last - first) * epochs / (epochs - 1),
        "first_epoch_seconds": first - start,
        "test_accuracy": accuracy,
        "test_loss": loss,
        "threads": threads,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in packages},
    }
    print(json.dumps(record))
