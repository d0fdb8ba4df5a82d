"""What accuracy does a recipe reach on MNIST, over seeds, and how long does it take?

    python benchmarks/accuracy_of_recipes.py fast --seeds 30           # a few minutes
    python benchmarks/accuracy_of_recipes.py best --seeds 5 --extra    # up to 25 minutes a seed

Each seed is one `tenfold train --data mnist --recipe RECIPE --seed N` in a process of its own, on
MNIST's 60,000 training pictures less what the recipe keeps for validation; the test set is read
once, at the end, from the model file. Seconds are those of the training loop (data in memory; what
libraries load and compile in the first steps is in them); wall is the whole command, from start to
model file, left out where a seed was broken off; of both the median.

Seeds that the result file holds already are skipped, and the file is written after each seed, so
that a long series can span several sittings; a seed that was broken off goes on at its last
checkpoint. To measure all anew, delete the result file and the run folders. Two series can run side
by side, each with --threads 1: --seeds 3, and --first 3. With --extra, what each network says of
the test set is kept beside the file, and more rows are made of it: test-time augmentation (the
mean of the probabilities over nine shifts by up to one pixel) and the ensemble of all seeds (the
mean of their probabilities). Neither is the recipe's figure.
Result: results/accuracy_of_recipes_RECIPE.json and, with --extra, a folder of the same name.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import (
    RESULTS,
    Result,
    err,
    load_result,
    new_parser,
    new_result,
    print_table,
    summary,
    write_result,
)
from contenders import UnavailableError, run_quietly
from tenfold import load_dataset, load_model
from tenfold.files import make_folder, write_whole
from tenfold.model import Model
from tenfold.training.recipe import load_recipe, parse_recipe

RUNS = Path("runs/records")
SHIFTS = tuple(product((-1, 0, 1), repeat=2))

Seed = dict[str, Any]
Logits = NDArray[np.float32]


def train_seed(recipe: str, seed: int, folder: Path, threads: int) -> Seed:
    """Train one seed by the command line, or go on with it; return its figures.

    Ends the program if the folder holds a run of other settings.
    """
    command = [sys.executable, "-m", "tenfold", "train", "--json", "--quiet", "--device", "cpu"]
    command += ["--out", str(folder)]
    resumed = (folder / "checkpoint.safetensors").exists()
    if folder.exists() and not resumed:
        shutil.rmtree(folder)  # broken off before there was anything to go on with
    if resumed:
        begun = parse_recipe((folder / "recipe.toml").read_text(encoding="utf-8"), str(folder))
        if begun != load_recipe(recipe).replace({"seed": seed, "threads": begun.threads}):
            sys.exit(f"{folder}: a run of other settings than {recipe} has now. Move it away.")
        threads = begun.threads
        command.append("--resume")
    else:
        command += ["--data", "mnist", "--recipe", recipe, "--seed", str(seed)]
        command += ["--set", f"threads={threads}"]
    start = time.perf_counter()
    done = json.loads(run_quietly(command).splitlines()[-1])
    return {
        "seed": seed,
        "test_accuracy": done["test_accuracy"],
        "train_seconds": done["train_seconds"],
        "wall_seconds": None if resumed else time.perf_counter() - start,
        "threads": threads,
        "bytes": (folder / "model.onnx").stat().st_size,
    }


def softmax(logits: Logits) -> Logits:
    """Turn logits, ``(n, classes)``, into probabilities."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Logits = odds / odds.sum(axis=1, keepdims=True)
    return probabilities


def shifted(images: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """Move pictures, ``(n, size, size)``, by whole pixels; what comes in is paper."""
    size = images.shape[1]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 - down : 1 - down + size, 1 - right : 1 - right + size]


def averaged_over_shifts(model: Model, images: NDArray[np.uint8]) -> Logits:
    """Return the probabilities, ``(n, classes)``, averaged over nine shifts."""
    each = [softmax(model.predict_logits(shifted(images, *shift))) for shift in SHIFTS]
    mean: Logits = np.mean(each, axis=0, dtype=np.float32)
    return mean


def keep_probabilities(model: Path, kept: Path) -> None:
    """Write what a network says of the test set, plain and averaged over shifts."""
    opened, images = load_model(model), load_dataset("mnist", "test").images
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        plain=softmax(opened.predict_logits(images)).astype(np.float16),
        shifts=averaged_over_shifts(opened, images).astype(np.float16),
    )
    make_folder(kept.parent)
    write_whole(kept, buffer.getvalue())


def extra_rows(kept: list[Path]) -> dict[str, Any]:
    """Return accuracies with test-time augmentation, one network each, and of the ensemble."""
    labels = load_dataset("mnist", "test").targets
    each = [np.load(path) for path in kept]

    def accuracy(probabilities: Logits) -> float:
        return float((probabilities.argmax(axis=1) == labels).mean())

    return {
        "shifts": [accuracy(one["shifts"]) for one in each],
        "ensemble": accuracy(np.mean([one["plain"] for one in each], axis=0, dtype=np.float32)),
        "ensemble_shifts": accuracy(
            np.mean([one["shifts"] for one in each], axis=0, dtype=np.float32)
        ),
    }


def series(recipe: str, seeds: list[Seed], kept_in: Path) -> Result:
    """Return the result of a series as it is now."""
    walls = [seed["wall_seconds"] for seed in seeds]
    kept = [path for seed in seeds if (path := kept_in / f"seed-{seed['seed']}.npz").exists()]
    figures = {
        "accuracy": summary([seed["test_accuracy"] for seed in seeds]),
        "train_seconds": summary([seed["train_seconds"] for seed in seeds]),
        "wall_seconds": None if None in walls else summary(walls),
        "extra": extra_rows(kept) if len(kept) == len(seeds) > 1 else None,
        "seeds": seeds,
    }
    setting = {"recipe": recipe, "toml": load_recipe(recipe).to_toml()}
    arguments = [recipe, "--seeds", str(max(seed["seed"] for seed in seeds) + 1)]
    if all(seed["threads"] for seed in seeds):
        arguments += ["--threads", str(seeds[0]["threads"])]
    if figures["extra"]:
        arguments.append("--extra")
    packages = ["tenfold", "torch", "numpy", "onnxruntime"]
    return new_result(__doc__, packages, setting, figures, arguments)


def show(result: Result) -> None:
    """Print the table."""
    record = result.results
    accuracy, seconds, wall = (
        record[name] for name in ("accuracy", "train_seconds", "wall_seconds")
    )
    count = len(record["seeds"])
    rows = [
        [
            f"{result.setting['recipe']}, {count} seeds",
            f"{accuracy['mean']:.3%}",
            f"{accuracy['deviation']:.3%}",
            f"{accuracy['min']:.2%}–{accuracy['max']:.2%}",
            f"{seconds['median']:.1f}",
            f"{wall['median']:.1f}" if wall else "–",
        ]
    ]
    if record["extra"]:
        shifts = summary(record["extra"]["shifts"])
        spread = f"{shifts['min']:.2%}–{shifts['max']:.2%}"
        row = ["  with test-time augmentation", f"{shifts['mean']:.3%}"]
        rows.append([*row, f"{shifts['deviation']:.3%}", spread, "", ""])
        rows.append([f"  ensemble of {count}", f"{record['extra']['ensemble']:.3%}", *[""] * 4])
        both = f"{record['extra']['ensemble_shifts']:.3%}"
        rows.append([f"  ensemble of {count}, augmented", both, *[""] * 4])
    columns = ["MNIST's 10,000 test pictures", "accuracy", "± sd", "range", "train, s", "wall, s"]
    print_table("Accuracy of recipes", columns, rows, [result.describe()])


def known_seeds(path: Path, recipe: str) -> list[Seed]:
    """Return the seeds a result file holds; ends the program if they are of other settings."""
    if not path.exists():
        return []
    held = load_result(path)
    if parse_recipe(held.setting["toml"], str(path)) != load_recipe(recipe):
        sys.exit(
            f"{path}: holds seeds of other settings than {recipe} has now. Move it away, and the "
            "folder of the same name beside it."
        )
    seeds: list[Seed] = held.results["seeds"]
    return seeds


def main() -> None:
    """Train what is missing, print the table and write the results."""
    parser = new_parser(__doc__)
    parser.add_argument("recipe", nargs="?", default="fast", help="default %(default)s")
    parser.add_argument(
        "--seeds", type=int, default=5, help="seeds 0 to N - 1; default %(default)s"
    )
    parser.add_argument("--first", type=int, default=0, help="leave out seeds before this one")
    parser.add_argument("--threads", type=int, default=0, help="a seed's; default: all cores")
    parser.add_argument("--extra", action="store_true", help="test-time augmentation and ensemble")
    parser.add_argument("--runs", type=Path, default=RUNS, help="default %(default)s")
    parser.add_argument("--out", type=Path, help="default results/accuracy_of_recipes_RECIPE.json")
    given = parser.parse_args()
    recipe = load_recipe(given.recipe)
    path = given.out or RESULTS / f"accuracy_of_recipes_{recipe.name}.json"
    seeds = known_seeds(path, given.recipe)
    wanted = set(range(given.first, given.seeds))
    for seed in sorted(wanted - {known["seed"] for known in seeds}):
        folder = given.runs / f"{recipe.name}-{seed}"
        try:
            new = train_seed(given.recipe, seed, folder, given.threads)
        except UnavailableError as error:
            sys.exit(f"seed {seed}: {error}")
        err.print(f"seed {seed}: {new['test_accuracy']:.2%}")
        seeds = [*known_seeds(path, given.recipe), new]  # another series may have added some
        if given.extra:
            keep_probabilities(folder / "model.onnx", path.with_suffix("") / f"seed-{seed}.npz")
        seeds.sort(key=lambda known: int(known["seed"]))
        write_result(path, series(given.recipe, seeds, path.with_suffix("")))
    if not seeds:
        parser.error("--seeds must be at least 1")
    show(load_result(path))


if __name__ == "__main__":
    main()
