"""tenfold's own loop: one epoch to warm up, one timed; PRECISION may say float32."""

from __future__ import annotations

import os
import time

import numpy as np
import torch
from common_mnist import BATCH, PICTURES, given, report

from tenfold import load_dataset
from tenfold.training.loop import Training, fit
from tenfold.training.recipe import load_recipe


def main() -> None:
    """Measure and print the line."""
    job = given()
    data = load_dataset("mnist", "train").take(np.arange(PICTURES))
    settings = {"batch": BATCH, "epochs": 1, "seed": job.seed}
    recipe = load_recipe("fast").replace(
        settings | {"precision": os.environ.get("PRECISION", "bfloat16")}
    )
    fit(Training(recipe, data, None, torch.device("cpu")))
    training = Training(recipe, data, None, torch.device("cpu"))
    start = time.perf_counter()
    fit(training)
    rate = PICTURES / (time.perf_counter() - start)
    report({"images_per_second": rate}, ["tenfold", "torch"])


main()
