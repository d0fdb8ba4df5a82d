"""Try losses, optimizers and seeds side by side, as the tutorial suggests at its end.

Every cell of the grid gets the same pictures, the same validation part and the same number of
epochs, and is judged on the validation part alone; the test part is not looked at.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import torch

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits, stratified_split
from tenfold.errors import TrainingError, UsageError
from tenfold.evaluation.encode import encode
from tenfold.evaluation.metrics.statistics import LEVEL, Spread, holm, paired_p, spread
from tenfold.samples.load import load_splits
from tenfold.training.callbacks import Epoch
from tenfold.training.loop import Training, fit
from tenfold.training.machine import Device, pick_device, threads
from tenfold.training.recipe import Recipe
from tenfold.training.recipe_sections import LOSSES, OPTIMIZERS
from tenfold.training.run import choose_recipe
from tenfold.training.validation import VALIDATION_SEED

# Where each optimizer usually starts: one rate for all would compare rates, not optimizers.
USUAL_RATES = {"rmsprop": 0.001, "sgd": 0.05, "adam": 0.001, "adamw": 0.001, "muon": 0.005}


@dataclass(frozen=True, slots=True)
class Cell:
    """One loss with one optimizer, trained once for each seed.

    Parameters
    ----------
    loss, optimizer : str
        As recipes name them.
    learning_rate : float
        The peak rate.
    accuracies : tuple of float
        Validation accuracy after the last epoch, by seed; a run that diverged counts 0.
    curve : tuple of float
        Validation accuracy after each epoch, mean over the seeds that did not diverge.
    seconds : float
        Training time, mean over seeds.
    diverged : int
        How many seeds ended in a loss that was no number.
    p : float or None
        Student's paired t-test over the seeds against the best pair, adjusted for how many pairs
        there are (Holm 1979); None for the best itself and for a single seed.
    """

    loss: str
    optimizer: str
    learning_rate: float
    accuracies: tuple[float, ...]
    curve: tuple[float, ...]
    seconds: float
    diverged: int
    p: float | None = None

    @property
    def spread(self) -> Spread:
        """Mean, standard deviation and interval of the validation accuracy over the seeds."""
        return spread(self.accuracies)

    @property
    def mean(self) -> float:
        """Mean validation accuracy over the seeds."""
        return self.spread.mean

    @property
    def differs(self) -> bool | None:
        """Whether it is worse than the best for another reason than luck; None if unknown."""
        return None if self.p is None else self.p < LEVEL

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, ready for JSON."""
        return {
            "loss": self.loss,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "validation_accuracy_mean": self.mean,
            "validation_accuracy_std": self.spread.deviation,
            "validation_accuracy_interval": encode(self.spread.interval),
            "p_against_best": self.p,
            "validation_accuracies": list(self.accuracies),
            "curve": list(self.curve),
            "seconds": self.seconds,
            "diverged": self.diverged,
        }


def compare(
    data: str | Path | Splits = "digits",
    recipe: str | Path | Recipe | None = None,
    *,
    losses: Sequence[str],
    optimizers: Sequence[str],
    seeds: int = 2,
    epochs: int | None = None,
    validation: float = 0.2,
    device: Device = "auto",
    data_dir: Path | None = None,
    on_run: Callable[[int, int, str], None] = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Cell]:
    """Train every loss with every optimizer and rank them by validation accuracy.

    Parameters
    ----------
    data, recipe, device, data_dir
        As for `tenfold.train`; the recipe fixes everything but loss, optimizer, rate and seed.
    losses, optimizers : sequence of str
        What to try, as recipes name them. Each optimizer runs at its usual learning rate, the
        recipe's own optimizer at the recipe's.
    seeds : int
        Runs of each pair, with seeds 0, 1, …
    epochs : int, optional
        Replaces the recipe's.
    validation : float
        Share of the training part that judges; the same pictures for all.
    on_run : callable
        Told before each run: its number, how many there are, and a name for it.
    stop : callable
        Asked after every step; once true, the pairs finished so far are returned.

    Returns
    -------
    list of Cell
        The best first.

    Raises
    ------
    UsageError
        If a name is not known.
    """
    _check(losses, LOSSES, "loss")
    _check(optimizers, OPTIMIZERS, "optimizer")
    splits = data if isinstance(data, Splits) else load_splits(data, data_dir)
    changes = {} if epochs is None else {"epochs": epochs}
    base = choose_recipe(recipe, splits.train.size, changes)
    parts = stratified_split(splits.train, validation, VALIDATION_SEED)
    target = pick_device(device)
    grid = list(product(dict.fromkeys(losses), dict.fromkeys(optimizers)))
    cells: list[Cell] = []
    for number, (loss, optimizer) in enumerate(grid):
        own = optimizer == base.optimizer.name
        rate = base.optimizer.learning_rate if own else USUAL_RATES[optimizer]
        cell_changes = {
            "loss.name": loss,
            "optimizer.name": optimizer,
            "optimizer.learning_rate": rate,
        }
        histories = []
        for seed in range(seeds):
            on_run(number * seeds + seed, len(grid) * seeds, f"{loss}, {optimizer}, seed {seed}")
            run = base.replace(cell_changes | {"seed": seed})
            histories.append(_run(run, *parts, target, stop))
            if stop():
                return _ranked(cells)
        cells.append(_cell(loss, optimizer, rate, histories))
    return _ranked(cells)


def _ranked(cells: list[Cell]) -> list[Cell]:
    """Put the best first and test every other against it; seeds and pictures are the same."""
    if not cells:
        return []
    best, *others = sorted(cells, key=lambda cell: -cell.mean)
    p = holm([paired_p(best.accuracies, other.accuracies) for other in others])
    return [best, *(replace(other, p=each) for other, each in zip(others, p, strict=True))]


def _run(
    recipe: Recipe,
    learned: Dataset,
    judged: Dataset,
    device: torch.device,
    stop: Callable[[], bool],
) -> list[Epoch] | None:
    """Train once and return what each epoch came to; None if it diverged."""
    with threads(recipe.threads), torch.random.fork_rng():
        training = Training(recipe, learned, judged, device)
        try:
            fit(training, stop=stop)
        except TrainingError:
            return None
    return training.history


def _cell(loss: str, optimizer: str, rate: float, histories: list[list[Epoch] | None]) -> Cell:
    ended = [history for history in histories if history is not None]
    curves = [[epoch.validation_accuracy or 0.0 for epoch in history] for history in ended]
    return Cell(
        loss=loss,
        optimizer=optimizer,
        learning_rate=rate,
        accuracies=tuple(0.0 if h is None else h[-1].validation_accuracy or 0.0 for h in histories),
        curve=tuple(statistics.fmean(values) for values in zip(*curves, strict=True)),
        seconds=statistics.fmean([h[-1].seconds for h in ended]) if ended else 0.0,
        diverged=len(histories) - len(ended),
    )


def _check(names: Sequence[str], known: Sequence[str], kind: str) -> None:
    if not names:
        raise UsageError(f"no {kind} to compare. Known: {', '.join(known)}.")
    for name in names:
        if name not in known:
            raise UsageError(f"{kind} {name!r} is not known. Known: {', '.join(known)}.")
