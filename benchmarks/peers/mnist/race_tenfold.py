"""MNIST by tenfold's recipe fast: its one epoch, and the test set read once at the end.

A short run before it, thrown away, warms the libraries up.
"""

from __future__ import annotations

import tempfile

import numpy as np
import torch
from common_mnist import GOAL, given, report

from tenfold import load_dataset, train
from tenfold.training.loop import Training, fit
from tenfold.training.recipe import load_recipe


def warm_up(data: str, recipe: str) -> None:
    """Train on a few pictures and throw the result away."""
    few = load_dataset(data, "train").take(np.arange(1_000))
    fit(Training(load_recipe(recipe), few, None, torch.device("cpu")))


def main() -> None:
    """Train and print the line."""
    job = given()
    warm_up("mnist", "fast")
    with tempfile.TemporaryDirectory() as folder:
        run = train("mnist", "fast", seed=job.seed, out=folder, device="cpu")
    report(
        {
            "seconds": run.train_seconds,
            "epochs": run.recipe.epochs,
            "reached": run.evaluation.accuracy >= GOAL,
            "test_accuracy": [run.evaluation.accuracy],
        },
        ["tenfold", "torch"],
    )


main()
