"""Does tenfold search find the digits recipe's accuracy again, from a poor start?

    python benchmarks/search_of_recipe.py                # 10 minutes of search, some of judging
    python benchmarks/search_of_recipe.py --minutes 1 --seeds 2 --out look.json   # a first look

It begins with the digits recipe's network, but a low constant rate, large batches, no
augmentation, no label smoothing and no weight decay, and searches all of these on a fifth of the
first 1,597 digits. Then the start, what was found and the recipe `digits` are trained with seeds
that the search did not use: judged on the same fifth, and on other fifths of the same digits, for
on the first one the winner is flattered. The last 200 take no part. Result:
results/search_of_recipe.json.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from common import RESULTS, err, new_parser, new_result, print_table, write_result
from tenfold.data.registry import load_splits
from tenfold.data.splits import stratified_split
from tenfold.evaluation.encode import encode
from tenfold.evaluation.metrics.paired import METHOD, accuracy_interval, paired
from tenfold.training.judge import Parts, judge
from tenfold.training.pool import Stop, in_processes
from tenfold.training.recipe import Recipe, load_recipe, parse_recipe
from tenfold.training.search import search
from tenfold.training.validation import VALIDATION_SEED

START = """
epochs = 36
batch = 128
precision = "bfloat16"
threads = 1
network = { name = "convnet", channels = [32, 64], depth = 1 }
optimizer = { name = "adamw", learning_rate = 0.0001 }
"""
SPACE = """
batch = [32, 64, 128]
optimizer.learning_rate = { low = 0.0001, high = 0.1, log = true }
optimizer.weight_decay = { low = 0.0, high = 0.1 }
schedule.name = ["constant", "one-cycle", "cosine"]
schedule.warmup = { low = 0.0, high = 0.3 }
loss.label_smoothing = { low = 0.0, high = 0.2 }
augment.shift = { low = 0.0, high = 0.2 }
augment.rotation = { low = 0.0, high = 25.0 }
augment.scale = { low = 0.0, high = 0.2 }
augment.shear = { low = 0.0, high = 25.0 }
"""
SHARE = 0.2
Job = tuple[Recipe, int]  # what to train, and the seed of the split to judge it on


def run(_: None, job: Job, stop: Stop) -> list[bool] | None:
    """Train one network and say which pictures of its validation set it reads right."""
    recipe, split = job
    learned, judged = stratified_split(load_splits("digits").train, SHARE, split)
    done = judge(recipe, Parts(learned, judged, torch.device("cpu")), stop=stop)
    return None if done is None else done.right.tolist()


def judged(recipes: dict[str, Recipe], seeds: int, processes: int) -> dict[str, Any]:
    """Judge each recipe on the search's own fifth and on others, with seeds of its own."""
    places = {"same fifth": [VALIDATION_SEED] * seeds, "other fifths": [*range(1, seeds + 1)]}
    jobs = [
        (recipe.replace({"seed": 101 + number}), split)
        for recipe in recipes.values()
        for splits in places.values()
        for number, split in enumerate(splits)
    ]
    answers: dict[int, Any] = {}
    for number, answer in in_processes(run, None, jobs, processes):
        answers[number] = answer
        err.print(f"{len(answers)} of {len(jobs)} trained")
    right = np.array([answers[number] for number in range(len(jobs))], bool)
    shaped = right.reshape(len(recipes), len(places), seeds, -1)
    return {
        place: {
            name: {
                "accuracies": rows.mean(axis=1).tolist(),
                "mean": float(rows.mean()),
                "interval": list(accuracy_interval(rows)),
                "behind_digits": encode(paired(shaped[list(recipes).index("digits"), where], rows)),
            }
            for name, rows in zip(recipes, shaped[:, where], strict=True)
        }
        for where, place in enumerate(places)
    }


def main() -> None:
    """Search, judge, print the table and write the results."""
    parser = new_parser(__doc__, RESULTS / "search_of_recipe.json")
    parser.add_argument("--minutes", type=float, default=10, help="default %(default)s")
    parser.add_argument("--seeds", type=int, default=5, help="default %(default)s")
    parser.add_argument("--processes", type=int, default=2, help="default %(default)s")
    given = parser.parse_args()
    start = parse_recipe(START, "start", "start")
    with tempfile.TemporaryDirectory() as folder:
        space = Path(folder) / "space.toml"
        space.write_text(SPACE, encoding="utf-8")
        begun = time.perf_counter()
        found = search(
            space,
            recipe=start,
            out=Path(folder) / "search",
            minutes=given.minutes,
            processes=given.processes,
            validation=SHARE,
            device="cpu",
            on_trial=lambda count, best: err.print(count, "" if best is None else best.value),
        )
        seconds = time.perf_counter() - begun
    if found is None:
        parser.error("no trial was finished; give more --minutes")
    recipes = {"start": start, "found": found.recipe, "digits": load_recipe("digits")}
    figures = judged(recipes, given.seeds, given.processes)
    results = {
        "search": found.to_dict() | {"recipe": found.recipe.to_toml(), "seconds": seconds},
        "judged": figures,
    }
    setting = {"minutes": given.minutes, "seeds": given.seeds, "processes": given.processes}
    setting |= {"start": START, "space": SPACE, "method": METHOD}
    result = new_result(__doc__, ["tenfold", "torch", "optuna"], setting, results)
    rows = [
        [name, *(f"{figures[place][name]['mean']:.2%}" for place in figures)] for name in recipes
    ]
    notes = [
        f"The search: {found.whole} trials whole, {found.pruned} pruned in {seconds / 60:.1f} "
        f"minutes; its best {found.accuracy:.2%}, its start {found.start or 0:.2%}.",
        f"Means of {given.seeds} seeds, {found.pictures} pictures each.",
        result.describe(),
    ]
    print_table("Validation accuracy", ["", *figures], rows, notes)
    write_result(given.out, result)


if __name__ == "__main__":
    main()
