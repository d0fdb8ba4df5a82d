"""How near does training come to what the processor can do at all?

    python benchmarks/limit_of_training.py    # recipes fast, small, mnist and best: a minute

The floor of a recipe is the arithmetic of its convolutions and matrix products, forward and back,
for all pictures of all epochs, at the rate at which this machine multiplies two large matrices in
the recipe's precision. Beside it: what the steps take, reckoned from twenty of them, and what they
take without the pictures being varied. What is above the floor is memory traffic (normalisation,
activation, pooling), convolutions that are no large products, and bookkeeping.
Result: results/limit_of_training.json.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from common import RESULTS, new_parser, new_result, print_table, write_result
from tenfold import load_dataset
from tenfold.data.dataset import Dataset
from tenfold.training.loop import Training
from tenfold.training.recipe import Recipe, built_in_recipes, load_recipe

RECIPES = [name for name in ("fast", "small", "mnist", "best") if name in built_in_recipes()]
SIDE = 2048
STEPS = 20


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of some work, done twice before."""
    taken = []
    for number in range(-2, rounds):
        start = time.perf_counter()
        work()
        if number >= 0:
            taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def matrix_rate(precision: torch.dtype) -> float:
    """Measure how many floating-point operations a second a large matrix product reaches."""
    a, b = (torch.rand(SIDE, SIDE).to(precision) for _ in range(2))
    return 2 * SIDE**3 / median_seconds(lambda: a @ b, 10)


def flops_per_picture(recipe: Recipe, data: Dataset) -> float:
    """Count a training step's operations, forward and back, for one picture."""
    training = Training(recipe.replace({"precision": "float32"}), data, None, torch.device("cpu"))
    images, labels = next(training.batches(0))
    counter = FlopCounterMode(display=False)
    with counter:
        training.advance(images, labels)
    return counter.get_total_flops() / len(images)


def picture_seconds(recipe: Recipe, data: Dataset) -> tuple[float, float]:
    """Measure a picture's share of a step, and of making its batch and the step together."""
    training = Training(recipe, data, None, torch.device("cpu"))
    training.network.train()
    images, labels = next(training.batches(0))
    step = median_seconds(lambda: training.advance(images, labels), STEPS)
    # Batches are made block by block, so a whole epoch of a few blocks is what a batch's share is.
    epochs = cycle(range(recipe.epochs))
    batches = median_seconds(lambda: [None for _ in training.batches(next(epochs))], 2)
    return step / recipe.batch, step / recipe.batch + batches / len(data)


def measure(name: str, rates: dict[str, float], data: Dataset, part: Dataset) -> dict[str, Any]:
    """Return a recipe's figures, ready for JSON."""
    recipe = load_recipe(name)
    flops = flops_per_picture(recipe, part)
    pictures = recipe.epochs * round(len(data) * (1 - recipe.validation))
    step, whole = picture_seconds(recipe, part)
    return {
        "recipe": name,
        "precision": recipe.precision,
        "flops_per_picture": flops,
        "pictures": pictures,
        "floor_seconds": flops * pictures / rates[recipe.precision],
        "steps_seconds": step * pictures,
        "seconds": whole * pictures,
    }


def main() -> None:
    """Measure, print the table and write the results."""
    parser = new_parser(__doc__, RESULTS / "limit_of_training.json")
    parser.add_argument("--recipes", nargs="+", default=RECIPES, metavar="RECIPE")
    given = parser.parse_args()
    data = load_dataset("mnist", "train")
    part = data.take(np.arange(6_000))
    rates = {"float32": matrix_rate(torch.float32), "bfloat16": matrix_rate(torch.bfloat16)}
    figures = [measure(name, rates, data, part) for name in given.recipes]
    rows = [
        [
            each["recipe"],
            f"{each['flops_per_picture'] / 1e6:.1f}",
            f"{each['floor_seconds']:.1f}",
            f"{each['steps_seconds']:.1f}",
            f"{each['seconds']:.1f}",
            f"{each['seconds'] / each['floor_seconds']:.1f}×",
        ]
        for each in figures
    ]
    columns = ["", "MFLOP a picture", "floor, s", "steps, s", "with pictures, s", "to the floor"]
    result = new_result(
        __doc__,
        ["tenfold", "torch"],
        {"recipes": given.recipes, "side": SIDE, "steps": STEPS},
        {"flops_per_second": rates, "recipes": figures},
    )
    notes = [
        f"Products of {SIDE}×{SIDE}: {rates['float32'] / 1e9:,.0f} GFLOPS in float32, "
        f"{rates['bfloat16'] / 1e9:,.0f} in bfloat16, {torch.get_num_threads()} threads.",
        result.describe(),
    ]
    print_table("The floor of training", columns, rows, notes)
    write_result(given.out, result)


if __name__ == "__main__":
    main()
