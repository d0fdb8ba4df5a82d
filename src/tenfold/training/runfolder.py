"""The folder of one run: what went in, how it went, what came out.

recipe.toml              the recipe as used, defaults written out
run.json                 data, seed, device, versions
metrics.jsonl            one object an epoch; of the finder and the line recogniser, a hundred steps
checkpoint.safetensors   where the run stands, for --resume
model.onnx               the result
result.json              its figures
validation.json          what cross-fitting said, where the recipe has folds
samples.png, mistakes.png, learning-curve.png
mlflow.json, report.html  tracked by MLflow: which of its runs this is, and the page it got
run.lock                 held while the run goes on
"""

from __future__ import annotations

import json
import platform
import shlex
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tenfold.data.dataset import Dataset
from tenfold.errors import INTERRUPTED, TenfoldError, TrainingError, UsageError
from tenfold.evaluation.evaluation import Evaluation
from tenfold.files import make_folder, read_file, write_whole
from tenfold.sheets import save_drawing
from tenfold.training.callbacks import Epoch
from tenfold.training.recipe import AnyRecipe, parse_any

RUNS = Path("runs")
VALIDATION = "validation.json"
MOST = 1 << 20  # bytes of what describes a run
OURS = (
    "run.json", "recipe.toml", "metrics.jsonl", "checkpoint.safetensors", "model.onnx",
    "result.json", "validation.json", "samples.png", "mistakes.png", "learning-curve.png",
    "first.png", "seeds.json", "mlflow.json", "report.html",
)  # fmt: skip


class RunStoppedError(TrainingError):
    """The run was stopped on request; its folder holds what it takes to go on."""

    exit_code = INTERRUPTED


def stopped(folder: Path, step: int, steps: int) -> RunStoppedError:
    """Return what to raise of a run that was stopped and saved after a step."""
    return RunStoppedError(
        f"Stopped after step {step:,} of {steps:,}; everything is saved. "
        f"Go on with: tenfold train --resume --out {shlex.quote(str(folder))}"
    )


def new_folder(out: str | Path | None, recipe: AnyRecipe) -> Path:
    """Make an empty run folder: the one asked for, or one below ``runs`` named by recipe and time.

    Raises
    ------
    UsageError
        If a run lies there already.
    TenfoldError
        If the folder cannot be made or written.
    """
    folder = Path(out) if out is not None else _free_name(recipe)
    refuse_used(folder)
    return make_folder(folder)


def refuse_used(folder: Path) -> None:
    """Raise UsageError if files of a run lie in this folder, so that none is overwritten."""
    if (folder / "run.json").exists():
        raise UsageError(
            f"{folder}: holds a run already. Go on with 'tenfold train --resume', "
            "or choose another folder with --out."
        )
    there = [name for name in OURS if (folder / name).exists()]
    if there:
        raise UsageError(
            f"{folder}: {there[0]} is in it and would be overwritten. "
            "Choose another folder with --out."
        )


def _free_name(recipe: AnyRecipe) -> Path:
    name = f"{recipe.name}-{datetime.now():%Y%m%d-%H%M%S}"
    folder, number = RUNS / name, 2
    while folder.exists():
        folder, number = RUNS / f"{name}-{number}", number + 1
    return folder


def describe(folder: Path, recipe: AnyRecipe, data: str, fingerprint: str, device: str) -> None:
    """Write down what goes into a run, before it starts."""
    write_whole(folder / "recipe.toml", recipe.to_toml())
    record = {
        "data": data,
        "data_fingerprint": fingerprint,
        "seed": recipe.seed,
        "device": device,
        "versions": versions(),
    }
    write_whole(folder / "run.json", json.dumps(record, indent=2) + "\n")


def reopen(folder: Path) -> tuple[AnyRecipe, dict[str, Any]]:
    """Return recipe and description of a run that was started earlier.

    Raises
    ------
    UsageError
        If there is no run in this folder.
    TrainingError
        If its description is damaged.
    """
    if not (folder / "run.json").exists():
        raise UsageError(f"{folder}: there is no run here to resume. Start one with tenfold train.")
    try:
        record: dict[str, Any] = json.loads(read_file(folder / "run.json", MOST))
        text = read_file(folder / "recipe.toml", MOST).decode()
        recipe = parse_any(text, str(folder / "recipe.toml"))
        if not isinstance(record["data"], str) or not isinstance(record["data_fingerprint"], str):
            raise ValueError("run.json names no data")
    except (TenfoldError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{folder}: the run's description is damaged ({error}). Start anew with another --out."
        ) from error
    return recipe, record


def versions() -> dict[str, str]:
    """Return the versions that a run's figures depend on."""
    packages = {name: version(name) for name in ("tenfold", "torch", "numpy", "onnx")}
    return {"python": platform.python_version()} | packages


def save_pictures(
    folder: Path, train: Dataset, test: Dataset, evaluation: Evaluation, history: list[Epoch]
) -> None:
    """Write the sheet of samples, the mistakes and the learning curve."""
    # By force: no file of these names lay here as the run began, or it is a run of before.
    # With matplotlib, which processes that only train need not wait for.
    from tenfold.evaluation.plots import mistakes_sheet, samples_sheet

    save_drawing(samples_sheet(train), folder / "samples.png", force=True)
    save_drawing(mistakes_sheet(test, evaluation), folder / "mistakes.png", force=True)
    write_whole(folder / "learning-curve.png", curve_of(history))


def curve_of(history: Sequence[Epoch]) -> bytes:
    """Draw loss and accuracy over the epochs of a run; PNG bytes."""
    losses = {"training": [epoch.loss for epoch in history]}
    accuracies = {"training": [epoch.accuracy for epoch in history]}
    watched = [epoch.validation_loss for epoch in history]
    if None not in watched:
        losses["validation"] = [epoch.validation_loss or 0.0 for epoch in history]
        accuracies["validation"] = [epoch.validation_accuracy or 0.0 for epoch in history]
    from tenfold.evaluation.plots import learning_curve

    return learning_curve([epoch.epoch for epoch in history], losses, accuracies)
