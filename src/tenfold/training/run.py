"""A training run from data to model file."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack, overload

import torch

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits
from tenfold.errors import DataError, UsageError
from tenfold.locks import locked
from tenfold.samples.load import Data, load_splits
from tenfold.synthesis.glyphs.training_set import synthesise
from tenfold.training import runfolder
from tenfold.training.baselines import judged_after, judged_before
from tenfold.training.callbacks import Callback
from tenfold.training.checkpoint import load_checkpoint, save_checkpoint
from tenfold.training.copies import warn_of_copies
from tenfold.training.defaults import changed, fitting_recipe
from tenfold.training.defaults import choose_recipe as choose_recipe
from tenfold.training.loop import Training, fit
from tenfold.training.machine import (
    Device,
    memory_told,
    pick_device,
    possible_precision,
    threads,
)
from tenfold.training.pages.recipe import PagesRecipe, TaskName
from tenfold.training.pages.run import PagesRun, train_on_pages
from tenfold.training.progress import followed
from tenfold.training.recipe import AnyRecipe, Recipe, load_any
from tenfold.training.result import Run, finish
from tenfold.training.runfolder import RunStoppedError as RunStoppedError
from tenfold.training.tracking import TrackerName, check_trackers, tracked
from tenfold.training.validation import hold_out_validation, warn_of_one_class


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class Wishes(TypedDict, total=False):
    """What `train` takes by name alone."""

    settings: Mapping[str, Any] | None
    seed: int | None
    out: str | Path | None
    resume: bool
    device: Device
    data_dir: Path | None
    callbacks: Sequence[Callback]
    progress: bool | None
    stop: Callable[[], bool]
    checkpoint_every: float
    track: Sequence[TrackerName]
    tensorboard: bool
    as_is: bool | None
    tell: Callable[[str], None]


@overload
def train(  # type: ignore[overload-overlap]  # a name of the first kind is a str as well
    data: Data | None = None,
    *,
    recipe: PagesRecipe | TaskName,
    **wishes: Unpack[Wishes],
) -> PagesRun: ...


@overload
def train(
    data: Data | None = None,
    recipe: str | Path | Recipe | None = None,
    **wishes: Unpack[Wishes],
) -> Run: ...


def train(
    data: Data | None = None,
    recipe: str | Path | AnyRecipe | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    device: Device = "auto",
    data_dir: Path | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool | None = None,
    stop: Callable[[], bool] = lambda: False,
    checkpoint_every: float = 10.0,
    track: Sequence[TrackerName] = (),
    tensorboard: bool = False,
    as_is: bool | None = None,
    tell: Callable[[str], None] = _tell,
) -> Run | PagesRun:
    """Train a network and write it as a model file, with its figures, into a run folder.

    Parameters
    ----------
    data : str, Path, Splits, tuple or frame, optional
        A name or path as for `tenfold.load_dataset`, parts already loaded, or arrays such as
        ``(X, y)``; ``"digits"`` by default, ``"mnist"`` for recipes that compose pages.
    recipe : str, Path or Recipe, optional
        A built-in recipe's name, a TOML file or a recipe; by default ``"digits"`` for pictures
        below 16×16 and ``"mnist"`` for larger ones, for data of your own fitted to how many there
        are. ``"finder"`` and ``"line"`` learn from pages composed of the data's digits.
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
    callbacks : sequence of Callback
        Told of steps and epochs as they go by.
    progress : bool, optional
        Show a bar where a terminal or a notebook can; by default if there are no callbacks.
    stop : callable
        Asked after every step; once true, the run is saved and `RunStoppedError` is raised.
    checkpoint_every : float
        Seconds between checkpoints.
    track : sequence of {"tensorboard", "mlflow"}
        Where to keep the figures besides ``metrics.jsonl``: TensorBoard's event files in the run
        folder, or MLflow, in ``runs/mlflow`` unless ``MLFLOW_TRACKING_URI`` says otherwise.
    tensorboard : bool
        What ``track=["tensorboard"]`` was called before.
    as_is : bool, optional
        True keeps pictures as they are: square, all of one size; False frames all as the reader
        does. By default picture files are framed, but for small ones that need it not.
    tell : callable
        Told what was assumed of the data and which settings were chosen; by default a line each
        on standard error.

    Returns
    -------
    Run or PagesRun
        The second for a recipe that composes pages.

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
    track = [*track, "tensorboard"] if tensorboard and "tensorboard" not in track else track
    check_trackers(track)
    given: AnyRecipe | None
    record: dict[str, Any] = {}
    folder: Path | None = None
    held = contextlib.ExitStack()  # the lock of the run folder, from when there is one
    if resume:
        folder = _resumed_folder(recipe, settings, seed, out)
        given, record = runfolder.reopen(folder)
    else:
        given = load_any(recipe) if isinstance(recipe, str | Path) else recipe
    if data is None:
        data = record.get("data", "mnist" if isinstance(given, PagesRecipe) else "digits")
    splits = load_splits(data, data_dir, as_is=as_is, tell=tell)
    if folder is not None:
        _same_data(folder, record["data_fingerprint"], splits.train)
    if isinstance(given, PagesRecipe):
        _fit_for_pages(device, track)
        composed = possible_precision(changed(given, settings, seed), torch.device("cpu"))

        def open_folder() -> Path:
            return _opened(held, folder, out, composed, splits.train, "cpu")

        with held, threads(composed.threads), torch.random.fork_rng():
            told = held.enter_context(followed(callbacks, progress))
            return train_on_pages(composed, splits.train, open_folder, told, stop, checkpoint_every)
    _same_kind(splits)
    chosen, said = fitting_recipe(given, splits.train, settings, seed)
    if said:
        tell(said)
    warn_of_one_class(splits.train)
    warn_of_copies(splits.train, splits.test, chosen)
    target = pick_device(device)
    chosen = possible_precision(chosen, target)
    with held, threads(chosen.threads), torch.random.fork_rng(), memory_told():
        # Whatever cannot be made is refused here, before anything is written.
        training = _prepare(chosen, splits.train, target)
        opened = _opened(held, folder, out, chosen, splits.train, str(target))
        if resume:
            load_checkpoint(training, opened)
        told = held.enter_context(followed(callbacks, progress))
        validation = judged_before(training, splits.train, opened, callbacks, stop)
        with tracked(track, opened, chosen, splits, training.history) as trackers:
            _fit(training, opened, [*told, *trackers], stop, checkpoint_every)
            validation = validation or judged_after(training, splits.train)
            finished = finish(training, splits, opened, started, validation)
            for tracker in trackers:
                tracker.on_end(finished, splits)
        return finished


def _opened(
    held: contextlib.ExitStack,
    resumed: Path | None,
    out: str | Path | None,
    recipe: AnyRecipe,
    train: Dataset,
    device: str,
) -> Path:
    """Lock the folder of the run to resume, or a new one with what goes into the run in it."""
    folder = resumed or runfolder.new_folder(out, recipe)
    held.enter_context(locked(folder))
    if resumed is None:
        runfolder.describe(folder, recipe, train.name, train.fingerprint(), device)
    return folder


def _fit_for_pages(device: Device, track: Sequence[str]) -> None:
    """Refuse what runs on composed pages cannot do."""
    if pick_device(device).type == "cuda" and device == "cuda":
        raise UsageError("device cuda: this recipe trains on the processor; use the device cpu.")
    if track:
        raise UsageError(f"{track[0]}: this recipe has no epochs; metrics.jsonl has its figures.")


def _resumed_folder(
    recipe: str | Path | AnyRecipe | None,
    settings: Mapping[str, Any] | None,
    seed: int | None,
    out: str | Path | None,
) -> Path:
    """Return the folder of the run to resume; its recipe is fixed, its data may be given anew."""
    if out is None:
        raise UsageError("tenfold train --resume needs --out, the folder of the run to go on with.")
    if recipe is not None or settings or seed is not None:
        raise UsageError("a run is resumed by its own recipe; leave out recipe, settings and seed.")
    return Path(out)


def _same_kind(splits: Splits) -> None:
    """Refuse a test set that the network could not be measured on now, not after training."""
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


def _prepare(recipe: Recipe, train: Dataset, device: torch.device) -> Training:
    """Hold out the validation set and make ready what is trained."""
    learned, validation = hold_out_validation(train, recipe)
    if recipe.synthesis.pictures:
        with threads(1):  # many small steps: two threads wait for each other more than they work
            how = recipe.synthesis
            learned = synthesise(
                learned, how.pictures, how.original, how.non_digits, recipe.seed, how.composed
            )
    return Training(recipe, learned, validation, device)


def _fit(
    training: Training,
    folder: Path,
    callbacks: Sequence[Callback],
    stop: Callable[[], bool],
    checkpoint_every: float,
) -> None:
    def save() -> None:
        save_checkpoint(training, folder)

    if not fit(training, callbacks, save, checkpoint_every, stop):
        raise runfolder.stopped(folder, training.step, training.steps)
