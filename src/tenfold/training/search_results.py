"""What a search leaves for people: the best recipe, the table of trials, what mattered."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from tenfold import __version__
from tenfold.evaluation.metrics.statistics import wilson
from tenfold.files import write_whole
from tenfold.names import cell, plain
from tenfold.training.recipe import Recipe
from tenfold.training.search_space import Space
from tenfold.training.study import best

RECIPE, TABLE, PICTURE = "best.toml", "trials.csv", "importance.png"
STATES = {TrialState.COMPLETE: "whole", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
LEAST = 10  # whole trials, below which nothing is said about what mattered


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Parameters
    ----------
    folder : Path
    recipe : Recipe
        The best.
    trial : int
        Its number.
    accuracy : float
        Its validation accuracy; the best of many, and thus better than it will do elsewhere.
    interval : pair of float
        Of one network of this accuracy on so many pictures, 95 % (Wilson 1927).
    start : float or None
        Validation accuracy of the recipe that the search began with, where its values lie in the
        space and its trial was finished.
    changes : mapping
        What the best has otherwise than the recipe of the beginning, by dotted key.
    pictures : int
        Validation pictures.
    whole, pruned, failed : int
        Trials that ended so; those given up count as failed.
    importances : mapping of str to float
        How much each key mattered (PED-ANOVA, Watanabe et al. 2023), the greatest first; empty
        where there were too few trials.
    """

    folder: Path
    recipe: Recipe
    trial: int
    accuracy: float
    interval: tuple[float, float]
    start: float | None
    changes: Mapping[str, Any]
    pictures: int
    whole: int
    pruned: int
    failed: int
    importances: Mapping[str, float]

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, ready for JSON."""
        return {
            "recipe": str(self.folder / RECIPE),
            "trial": self.trial,
            "validation_accuracy": self.accuracy,
            "validation_interval": list(self.interval),
            "validation_pictures": self.pictures,
            "start_validation_accuracy": self.start,
            "changes": dict(self.changes),
            "trials": {"whole": self.whole, "pruned": self.pruned, "failed": self.failed},
            "importances": dict(self.importances),
        }


def write_results(
    study: optuna.Study, folder: Path, base: Recipe, space: Space, pictures: int, data: str
) -> Found | None:
    """Write what was found so far, each file whole; None if no trial was finished."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state in STATES]
    trials = [trial for trial in trials if trial.state != TrialState.FAIL or _why(trial)]
    write_whole(folder / TABLE, _table(trials, space))
    top = best(study)
    if top is None or top.value is None:
        return None
    counts = {state: sum(t.state == state for t in trials) for state in STATES}
    first = next((t for t in trials if t.params == space.start(base) and t.value is not None), None)
    changes = space.changes(top.params)
    found = Found(
        folder=folder,
        recipe=base.replace(changes | {"name": f"{base.name}-search"[:100]}),
        trial=top.number,
        accuracy=top.value,
        interval=wilson(round(top.value * pictures), pictures),
        start=None if first is None else first.value,
        changes=changes,
        pictures=pictures,
        whole=counts[TrialState.COMPLETE],
        pruned=counts[TrialState.PRUNED],
        failed=counts[TrialState.FAIL],
        importances=_importances(study, counts[TrialState.COMPLETE]),
    )
    write_whole(folder / RECIPE, _story(found, base, data) + found.recipe.to_toml())
    if found.importances:
        from tenfold.evaluation.plots import importance_bars

        title = f"What mattered for validation accuracy, {found.whole} whole trials"
        write_whole(folder / PICTURE, importance_bars(found.importances, title))
    return found


def _why(trial: FrozenTrial) -> str:
    return str(trial.user_attrs.get("problem", ""))


def _table(trials: list[FrozenTrial], space: Space) -> str:
    """Lay the trials out as CSV, in their order."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    keys = list(space.ranges)
    # A space may have a column of its own called epochs: those that were set.
    head = ["trial", "state", "validation_accuracy", "epochs_trained", "seconds", "worker", *keys]
    rows.writerow([*head, "problem"])
    for trial in trials:
        reached = trial.intermediate_values
        value = trial.value if trial.state == TrialState.COMPLETE else None
        seconds = trial.user_attrs.get("seconds")
        row = [
            trial.number,
            STATES[trial.state],
            "" if value is None else f"{value:.6f}",
            max(reached, default=0),
            "" if seconds is None else f"{seconds:.2f}",
            trial.user_attrs.get("worker", ""),
            *(trial.params.get(key, "") for key in keys),
            _why(trial),
        ]
        rows.writerow([cell(value) for value in row])
    return text.getvalue()


def _importances(study: optuna.Study, whole: int) -> dict[str, float]:
    if whole < LEAST:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of trials too alike to tell anything
        try:
            found = optuna.importance.get_param_importances(study)
        except (ValueError, RuntimeError):
            return {}
    return found if sum(found.values()) > 0 else {}


def _story(found: Found, base: Recipe, data: str) -> str:
    low, high = found.interval
    lines = [
        f"Found by tenfold search {__version__}: trial {found.trial} of "
        f"{found.whole + found.pruned + found.failed} ({found.whole} whole, {found.pruned} pruned, "
        f"{found.failed} failed),",
        f"begun from the recipe {plain(base.name)} on the data {plain(data)}.",
        f"Validation accuracy {100 * found.accuracy:.2f} % on {found.pictures:,} pictures "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f} %).",
        "It is the best of many on the same pictures, so expect a little less elsewhere.",
    ]
    return "".join(f"# {line}\n" for line in lines)
