"""Try losses, optimizers and seeds side by side, as the tutorial suggests at its end.

Every pair gets the same pictures, the same validation part and the same number of epochs, and is
judged on the validation part alone; the test part is not looked at. Each is tested against the best
picture by picture and seed by seed (`tenfold.evaluation.metrics.paired`), the p-values adjusted for
how many are compared (Holm 1979).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.data.splits import Splits, stratified_split
from tenfold.errors import UsageError
from tenfold.evaluation.encode import encode
from tenfold.evaluation.metrics.paired import METHOD, Paired, accuracy_interval, paired
from tenfold.evaluation.metrics.statistics import LEVEL, Spread, holm, spread
from tenfold.samples.load import load_splits
from tenfold.training.judge import Judged, Parts, judge
from tenfold.training.machine import Device, pick_device
from tenfold.training.pool import in_processes
from tenfold.training.recipe import Recipe
from tenfold.training.recipe_sections import LOSSES, OPTIMIZERS
from tenfold.training.run import choose_recipe
from tenfold.training.validation import VALIDATION_SEED

# Where each optimizer usually starts: one rate for all would compare rates, not optimizers.
USUAL_RATES = {"rmsprop": 0.001, "sgd": 0.05, "adam": 0.001, "adamw": 0.001, "muon": 0.005}

# Against the best: worse; worse with the seeds that were tried, which say too little of others; or
# not told apart, which does not mean that they are equal.
Verdict = Literal["worse", "worse with these seeds", "not told apart"]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One loss with one optimizer, trained once for each seed.

    Parameters
    ----------
    loss, optimizer : str
        As recipes name them.
    learning_rate : float
        The peak rate.
    right : bool array, shape (seeds, n)
        Whether each seed's network read each validation picture right after the last epoch; none
        was where the run diverged.
    curves : tuple of tuple of float
        Validation accuracy after each epoch, for each seed that did not diverge.
    seconds : float
        Training time, mean over seeds.
    diverged : int
        How many seeds ended in a loss that was no number.
    against : Paired or None
        Beside the best, p-values adjusted for how many pairs there are; None for the best itself.
    """

    loss: str
    optimizer: str
    learning_rate: float
    right: NDArray[np.bool_]
    curves: tuple[tuple[float, ...], ...]
    seconds: float
    diverged: int
    against: Paired | None = None

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Validation accuracy by seed; a run that diverged counts 0."""
        return tuple(float(share) for share in self.right.mean(axis=1))

    @property
    def spread(self) -> Spread:
        """Mean and standard deviation of the validation accuracy over the seeds."""
        return spread(self.accuracies)

    @property
    def mean(self) -> float:
        """Mean validation accuracy over the seeds."""
        return self.spread.mean

    @property
    def interval(self) -> tuple[float, float]:
        """The mean's 95 % interval over seeds and pictures."""
        return accuracy_interval(self.right)

    @property
    def curve(self) -> tuple[float, ...]:
        """Validation accuracy after each epoch, mean over the seeds that did not diverge."""
        return tuple(statistics.fmean(values) for values in zip(*self.curves, strict=True))

    @property
    def verdict(self) -> Verdict | None:
        """What to say of it beside the best; None for the best itself."""
        if self.against is None:
            return None
        if self.against.p < LEVEL and self.against.behind > 0:
            return "worse"
        return "worse with these seeds" if self.against.p_here < LEVEL else "not told apart"

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, ready for JSON."""
        return {
            "loss": self.loss,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "validation_accuracy_mean": self.mean,
            "validation_accuracy_std": self.spread.deviation,
            "validation_accuracy_interval": encode(self.interval),
            "validation_pictures": self.right.shape[1],
            "against_best": encode(self.against),
            "verdict": self.verdict,
            "method": METHOD,
            "validation_accuracies": list(self.accuracies),
            "curve": list(self.curve),
            "curves": [list(curve) for curve in self.curves],
            "seconds": self.seconds,
            "diverged": self.diverged,
        }


def compare(
    data: str | Path | Splits = "digits",
    recipe: str | Path | Recipe | None = None,
    *,
    losses: Sequence[str],
    optimizers: Sequence[str],
    seeds: int = 5,
    epochs: int | None = None,
    validation: float = 0.2,
    device: Device = "auto",
    data_dir: Path | None = None,
    processes: int = 1,
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
    processes : int
        Runs at the same time, each in a process of its own with its share of the cores. A script
        that asks for more than one needs ``if __name__ == "__main__":``.
    on_run : callable
        Told before each run (with several processes, after each): how many were begun (ended)
        before, how many there are, and a name for it.
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
    held_out = stratified_split(splits.train, validation, VALIDATION_SEED)
    parts = Parts(*held_out, pick_device(device))
    pairs = [
        _pair(base, loss, optimizer)
        for loss, optimizer in product(dict.fromkeys(losses), dict.fromkeys(optimizers))
    ]
    runs = [pair.replace({"seed": seed}) for pair in pairs for seed in range(seeds)]
    made = _each(runs, parts, processes, on_run, stop)
    found = {number: judged for number, judged in made if judged is not None}
    cells = []
    for first, pair in zip(range(0, len(runs), seeds), pairs, strict=True):
        ended = [found[number] for number in range(first, first + seeds) if number in found]
        if len(ended) == seeds:
            cells.append(_cell(pair, ended))
    return _ranked(cells)


def _pair(base: Recipe, loss: str, optimizer: str) -> Recipe:
    own = optimizer == base.optimizer.name
    rate = base.optimizer.learning_rate if own else USUAL_RATES[optimizer]
    return base.replace(
        {"loss.name": loss, "optimizer.name": optimizer, "optimizer.learning_rate": rate}
    )


def _each(
    runs: list[Recipe],
    parts: Parts,
    processes: int,
    on_run: Callable[[int, int, str], None],
    stop: Callable[[], bool],
) -> Iterator[tuple[int, Judged | None]]:
    """Make the runs, one after the other or several at a time, until they are to stop."""
    count = min(processes, len(runs))
    if count > 1:
        on_run(0, len(runs), _name(runs[0]))
        work = in_processes(_work, parts, runs, count, stop)
        for ended, (number, judged) in enumerate(work, start=1):
            on_run(ended, len(runs), _name(runs[number]))
            yield number, judged
        return
    for number, run in enumerate(runs):
        on_run(number, len(runs), _name(run))
        yield number, judge(run, parts, stop=stop)
        if stop():
            return


def _work(parts: Parts, recipe: Recipe, stop: Callable[[], bool]) -> Judged | None:
    return judge(recipe, parts, stop=stop)


def _name(recipe: Recipe) -> str:
    return f"{recipe.loss.name}, {recipe.optimizer.name}, seed {recipe.seed}"


def _ranked(cells: list[Cell]) -> list[Cell]:
    """Put the best first and test every other against it; seeds and pictures are the same."""
    if not cells:
        return []
    best, *others = sorted(cells, key=lambda cell: -cell.mean)
    tests = [paired(best.right, other.right) for other in others]
    p, p_here = (holm(each) for each in ([t.p for t in tests], [t.p_here for t in tests]))
    return [best] + [
        replace(cell, against=replace(test, p=a or 0.0, p_here=b or 0.0))
        for cell, test, a, b in zip(others, tests, p, p_here, strict=True)
    ]


def _cell(pair: Recipe, runs: list[Judged]) -> Cell:
    ended = [run for run in runs if not run.diverged]
    return Cell(
        loss=pair.loss.name,
        optimizer=pair.optimizer.name,
        learning_rate=pair.optimizer.learning_rate,
        right=np.stack([run.right for run in runs]),
        curves=tuple(
            tuple(epoch.validation_accuracy or 0.0 for epoch in run.history) for run in ended
        ),
        seconds=statistics.fmean([run.history[-1].seconds for run in ended]) if ended else 0.0,
        diverged=len(runs) - len(ended),
    )


def _check(names: Sequence[str], known: Sequence[str], kind: str) -> None:
    if not names:
        raise UsageError(f"no {kind} to compare. Known: {', '.join(known)}.")
    for name in names:
        if name not in known:
            raise UsageError(f"{kind} {name!r} is not known. Known: {', '.join(known)}.")
