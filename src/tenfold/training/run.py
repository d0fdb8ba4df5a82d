"""A training run from data to model file."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from tenfold.data.dataset import Dataset
from tenfold.data.registry import load_splits
from tenfold.data.splits import Splits
from tenfold.errors import INTERRUPTED, DataError, TrainingError, UsageError
from tenfold.training import runfolder
from tenfold.training.checkpoint import load_checkpoint, save_checkpoint
from tenfold.training.history import Watcher
from tenfold.training.loop import Training, fit
from tenfold.training.outcome import Run, finish
from tenfold.training.recipe import Recipe, load_recipe
from tenfold.training.synthesis.pictures import synthesise
from tenfold.training.validation import hold_out_validation

Device = Literal["auto", "cpu", "cuda"]


class RunStoppedError(TrainingError):
    """The run was stopped on request; its folder holds what it takes to go on."""

    exit_code = INTERRUPTED


def train(
    data: str | Path | Splits | None = None,
    recipe: str | Path | Recipe | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    device: Device = "auto",
    data_dir: Path | None = None,
    watchers: Sequence[Watcher] = (),
    stop: Callable[[], bool] = lambda: False,
    checkpoint_every: float = 10.0,
    tensorboard: bool = False,
) -> Run:
    """Train a network and write it as a model file, with its figures, into a run folder.

    Parameters
    ----------
    data : str, Path or Splits, optional
        A name or path as for `tenfold.load_dataset`, or parts already loaded; ``"digits"`` by
        default.
    recipe : str, Path or Recipe, optional
        A built-in recipe's name, a TOML file or a recipe; by default ``"digits"`` for pictures
        below 16×16 and ``"mnist"`` for larger ones.
    settings : mapping, optional
        Changes to the recipe by dotted key, such as ``{"epochs": 3, "loss.name": "focal"}``.
    seed : int, optional
        Replaces the recipe's seed.
    out : str or Path, optional
        The run folder; by default a new one below ``runs``.
    resume : bool
        Take up the run in ``out`` where its last checkpoint left it.
    device : {"auto", "cpu", "cuda"}
        Where to compute; ``"auto"`` takes a CUDA device if there is one.
    data_dir : Path, optional
        Where MNIST is looked for first.
    watchers : sequence of Watcher
        Told of steps and epochs as they go by.
    stop : callable
        Asked after every step; once true, the run is saved and `RunStoppedError` is raised.
    checkpoint_every : float
        Seconds between checkpoints.
    tensorboard : bool
        Write TensorBoard's event files too.

    Returns
    -------
    Run

    Raises
    ------
    UsageError, DataError, TrainingError, RunStoppedError
        Each with what was wrong and what to do.

    Examples
    --------
    >>> run = tenfold.train("digits", settings={"epochs": 3}, out="runs/try")  # doctest: +SKIP
    >>> run.evaluation.accuracy  # doctest: +SKIP
    0.975
    """
    started = time.perf_counter()
    if resume:
        folder = _resumed_folder(recipe, settings, seed, out)
        chosen, record = runfolder.reopen(folder)
        splits = _load(record["data"] if data is None else data, data_dir)
        _same_data(folder, record["data_fingerprint"], splits.train)
    else:
        splits = _load("digits" if data is None else data, data_dir)
        chosen = choose_recipe(recipe, splits.train.size, settings, seed)
    _same_kind(splits)
    target = pick_device(device)
    chosen = _possible_precision(chosen, target)
    with threads(chosen.threads), torch.random.fork_rng():
        # Whatever cannot be trained is refused here, before anything is written.
        try:
            training = _prepare(chosen, splits.train, target)
        except (MemoryError, RuntimeError) as error:
            if "memory" not in f"{error}{type(error)}".lower():
                raise
            raise TrainingError(
                "this network does not fit into memory. Make network or batch smaller."
            ) from error
        if resume:
            load_checkpoint(training, folder)
        else:
            folder = runfolder.new_folder(out, chosen)
            fingerprint = splits.train.fingerprint()
            runfolder.describe(folder, chosen, splits.train.name, fingerprint, str(target))
        _fit(training, folder, watchers, stop, checkpoint_every, tensorboard)
        return finish(training, splits, folder, started)


def choose_recipe(
    recipe: str | Path | Recipe | None,
    size: int,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> Recipe:
    """Return the recipe for pictures of this size, with changes and seed applied."""
    if recipe is None:
        recipe = "digits" if size < 16 else "mnist"
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    changes = dict(settings or {}) | ({} if seed is None else {"seed": seed})
    return chosen.replace(changes) if changes else chosen


def pick_device(device: Device) -> torch.device:
    """Return the device to compute on; raises UsageError if CUDA was asked for and is not there."""
    if device not in get_args(Device):
        raise UsageError(f"device {device!r} is not known; use {', '.join(get_args(Device))}.")
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: this machine has no CUDA device. Use --device cpu.")
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device)


def _load(data: str | Path | Splits, data_dir: Path | None) -> Splits:
    return data if isinstance(data, Splits) else load_splits(data, data_dir)


def _resumed_folder(
    recipe: str | Path | Recipe | None,
    settings: Mapping[str, Any] | None,
    seed: int | None,
    out: str | Path | None,
) -> Path:
    """Return the folder of the run to resume; its recipe is fixed, its data may be given anew."""
    if out is None:
        raise UsageError("--resume needs --out, the folder of the run to go on with.")
    if recipe is not None or settings or seed is not None:
        raise UsageError("--resume goes on with the run's own recipe; leave out recipe and seed.")
    return Path(out)


def _same_kind(splits: Splits) -> None:
    """Refuse a test part that the network could not be measured on now, not after training."""
    train, test = splits.train, splits.test
    if (train.size, train.classes) != (test.size, test.classes) or not len(test.targets):
        raise DataError(
            f"{train.name}: {len(train):,} pictures of {train.size}×{train.size} to learn from, "
            f"{len(test):,} of {test.size}×{test.size} to measure on. Both parts need some, "
            "all of one size."
        )


def _same_data(folder: Path, fingerprint: str, train: Dataset) -> None:
    if fingerprint != train.fingerprint():
        raise UsageError(
            f"{folder}: was started on other data than {train.name} is now. "
            "Give back its data, or start a new run with another --out."
        )


def _possible_precision(recipe: Recipe, device: torch.device) -> Recipe:
    """Fall back to float32 where bfloat16 would only be emulated, and slow."""
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    fast = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    if device.type == "cpu" and recipe.precision == "bfloat16" and not fast:
        return recipe.replace({"precision": "float32"})
    return recipe


def _prepare(recipe: Recipe, train: Dataset, device: torch.device) -> Training:
    """Hold out the validation part and take two throw-away steps, so that the clock starts warm."""
    learned, validation = hold_out_validation(train, recipe)
    if recipe.synthesis.pictures:
        with threads(1):  # many small steps: two threads wait for each other more than they work
            learned = synthesise(learned, recipe.synthesis, recipe.seed)
    warm = Training(recipe, learned, validation, device)
    for number, (images, labels) in enumerate(warm.batches(0)):
        if number == 2:
            break
        warm.advance(images, labels)
    return Training(recipe, learned, validation, device)


def _fit(
    training: Training,
    folder: Path,
    watchers: Sequence[Watcher],
    stop: Callable[[], bool],
    checkpoint_every: float,
    tensorboard: bool,
) -> None:
    metrics = runfolder.Metrics(folder, training.history, tensorboard)

    def save() -> None:
        save_checkpoint(training, folder)

    with contextlib.closing(metrics):
        ended = fit(training, [*watchers, metrics], save, checkpoint_every, stop)
    if not ended:
        raise RunStoppedError(
            f"Stopped after step {training.step:,} of {training.steps:,}; everything is saved. "
            f"Go on with: tenfold train --resume --out {shlex.quote(str(folder))}"
        )


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many cores for a while; 0 leaves it as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(count, os.cpu_count() or 1) or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
