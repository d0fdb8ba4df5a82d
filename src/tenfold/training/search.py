"""Search for a recipe: many trials, each trained on the one part and judged on the other.

The test set is not looked at. What to try next is Optuna's (a tree-structured Parzen estimator:
Bergstra et al. 2011), and so is which trial is broken off as hopeless, epoch by epoch. All that is
known lies in a journal (`tenfold.training.study`): the same command again goes on with the search,
and several at once share it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from tenfold.data.registry import NAMES
from tenfold.data.splits import Splits, stratified_split
from tenfold.errors import TenfoldError, UsageError
from tenfold.files import make_folder
from tenfold.samples.load import load_splits
from tenfold.training.callbacks import Epoch, Step
from tenfold.training.copies import told_of_copies
from tenfold.training.judge import Parts, judge
from tenfold.training.machine import Device, memory_told, pick_device
from tenfold.training.pool import in_processes
from tenfold.training.recipe import Recipe
from tenfold.training.run import choose_recipe
from tenfold.training.search_results import Found, write_results
from tenfold.training.search_space import Space, load_space
from tenfold.training.study import (
    DONE,
    PrunerName,
    best,
    done,
    open_study,
    take_up,
    worker,
)
from tenfold.training.validation import VALIDATION_SEED

USELESS = 5  # trials in a row that cannot be trained at all, after which the space is refused
LOOK = 2.0  # seconds between two looks at what other processes found
Told = Callable[[int, FrozenTrial | None], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """A search as its processes get it.

    Parameters
    ----------
    folder : Path
    base : Recipe
        What every trial changes, and the first seed.
    space : Space
    parts : Parts
    pruner : {"median", "hyperband", "none"}
    seeds : int
        Runs of each trial, with seeds that follow the recipe's; their mean counts.
    seed : int
        Of what is tried.
    trials : int or None
        So many in all, whoever ran them.
    until : float or None
        When to end, in seconds as of `time.time`.
    """

    folder: Path
    base: Recipe
    space: Space
    parts: Parts
    pruner: PrunerName
    seeds: int
    seed: int
    trials: int | None
    until: float | None

    def open(self, number: int = 0) -> optuna.Study:
        """Open the journal, as the process of this number."""
        learned, judged = self.parts.learned, self.parts.judged
        identity = {
            "recipe": self.base.to_toml(),
            "space": {key: repr(where) for key, where in self.space.ranges.items()},
            "data": [learned.fingerprint(), judged.fingerprint()],
            "number of seeds": self.seeds,
        }
        epochs = self.base.epochs
        return open_study(self.folder, identity, self.pruner, epochs, self.seed + number)


def search(
    space: str | Path | None = None,
    data: str | Path | Splits = "digits",
    recipe: str | Path | Recipe | None = None,
    *,
    out: str | Path,
    trials: int | None = None,
    minutes: float | None = None,
    pruner: PrunerName = "median",
    seeds: int = 1,
    seed: int = 0,
    validation: float = 0.2,
    processes: int = 1,
    device: Device = "auto",
    data_dir: Path | None = None,
    on_trial: Told = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
) -> Found | None:
    """Search for the recipe of the highest validation accuracy, and write it down.

    Parameters
    ----------
    space : str or Path, optional
        A TOML file; see `tenfold.training.search_space`.
    data, recipe, device, data_dir
        As for `tenfold.train`; the recipe says where to begin, and all that the space leaves out.
    out : str or Path
        The folder; a search that lies there is gone on with.
    trials, minutes : int, float, optional
        When to end: after so many trials in all, or so many minutes from now, whichever comes
        first; 50 trials if neither is given.
    pruner : {"median", "hyperband", "none"}
        What breaks hopeless trials off: what is below the median of the others at the same epoch,
        Hyperband (Li et al. 2018), or nothing.
    seeds : int
        Runs of each trial.
    seed : int
        Of what is tried; the same one process tries the same.
    validation : float
        Share of the training set that judges; the same pictures for all.
    processes : int
        Trials at the same time. A script that asks for more than one needs
        ``if __name__ == "__main__":``.
    on_trial : callable
        Told how many trials there are, and the best, as these change.
    stop : callable
        Asked after every step; once true, running trials are given up.

    Returns
    -------
    Found or None
        None where no trial was finished.

    Raises
    ------
    UsageError
        If a name or the space is wrong, or another search lies in the folder.
    """
    splits = data if isinstance(data, Splits) else load_splits(data, data_dir)
    base = choose_recipe(recipe, splits.train.size)
    where = load_space(space, base)
    held_out = stratified_split(splits.train, validation, VALIDATION_SEED)
    if splits.train.name not in NAMES:
        told_of_copies(splits.train.name, {"validation": [held_out]})
    plan = Plan(
        folder=make_folder(out),
        base=base,
        space=where,
        parts=Parts(*held_out, pick_device(device)),
        pruner=pruner,
        seeds=seeds,
        seed=seed,
        trials=50 if trials is None and minutes is None else trials,
        until=None if minutes is None else time.time() + 60 * minutes,
    )
    study = plan.open()
    if not study.get_trials(deepcopy=False):
        study.enqueue_trial(where.start(base), skip_if_exists=True)
    if processes > 1:
        look = _looking(study, on_trial, stop)
        for _ in in_processes(work, plan, range(processes), processes, look):
            pass
    else:
        work(plan, 0, stop, on_trial)
    return write_results(study, plan.folder, base, where, len(plan.parts.judged), splits.train.name)


def _looking(study: optuna.Study, on_trial: Told, stop: Callable[[], bool]) -> Callable[[], bool]:
    """Return ``stop``, which tells of what the processes found while it is asked."""
    last = 0.0

    def look() -> bool:
        nonlocal last
        if time.monotonic() - last > LOOK:
            on_trial(len(done(study)), best(study))
            last = time.monotonic()
        return stop()

    return look


def work(plan: Plan, _: int, stop: Callable[[], bool], on_trial: Told = lambda *_: None) -> None:
    """Run trials until there are enough, time is up, or it is asked to stop."""
    useless = 0

    def over() -> bool:
        return stop() or (plan.until is not None and time.time() > plan.until)

    with worker(plan.folder) as number, memory_told():
        study = plan.open(number)
        take_up(study, plan.folder, number)
        while not over() and not _enough(study, plan):
            trial = study.ask(dict(plan.space.ranges))
            trial.set_user_attr("worker", number)
            if _enough(study, plan, trial.number):  # several asked at once
                study.tell(trial, state=TrialState.FAIL)
                break
            try:
                _run(study, trial, plan, over)
                useless = 0
            except TenfoldError as error:  # this network cannot be, or not with these pictures
                trial.set_user_attr("problem", str(error))
                study.tell(trial, state=TrialState.FAIL)
                useless += 1
                if useless == USELESS:
                    raise UsageError(
                        f"{USELESS} trials in a row failed, the last: {error}"
                    ) from error
            on_trial(len(done(study)), best(study))


def _enough(study: optuna.Study, plan: Plan, before: int | None = None) -> bool:
    """Whether so many trials ended or run as there are to be; before that of a number, if given."""
    if plan.trials is None:
        return False
    states = (*DONE, TrialState.RUNNING)
    found = study.get_trials(deepcopy=False, states=states)
    return sum(before is None or each.number < before for each in found) >= plan.trials


def _run(study: optuna.Study, trial: optuna.Trial, plan: Plan, over: Callable[[], bool]) -> None:
    """Train and judge one trial, seed by seed, and write down what it came to."""
    recipe = plan.base.replace(plan.space.changes(trial.params))
    begun, accuracies = time.perf_counter(), []
    for seed in range(plan.seeds):
        watch = [] if seed else [_Pruning(trial)]
        run = recipe.replace({"seed": recipe.seed + seed})
        try:
            judged = judge(run, plan.parts, watch, over)
        except optuna.TrialPruned:
            trial.set_user_attr("seconds", time.perf_counter() - begun)
            study.tell(trial, state=TrialState.PRUNED)
            return
        if judged is None:  # given up
            study.tell(trial, state=TrialState.FAIL)
            return
        accuracies.append(judged.accuracy)
    trial.set_user_attr("accuracies", accuracies)
    trial.set_user_attr("seconds", time.perf_counter() - begun)
    study.tell(trial, sum(accuracies) / len(accuracies))


class _Pruning:
    """Report each epoch to Optuna, and break the trial off where it says so."""

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial = trial

    def on_step(self, step: Step) -> None:
        """Leave steps alone."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Report; the last epoch is no reason to break off any more."""
        self._trial.report(epoch.validation_accuracy or 0.0, epoch.epoch)
        if epoch.epoch < epoch.epochs and self._trial.should_prune():
            raise optuna.TrialPruned
