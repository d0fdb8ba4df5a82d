"""Several runs that differ in their seed alone: how much of a figure is luck.

Each seed is a run folder of its own, ``seed-0``, ``seed-1``, … in one folder, and ``seeds.json``
says what they came to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold.evaluation.encode import encode
from tenfold.evaluation.metrics.statistics import Spread, spread
from tenfold.files import write_whole
from tenfold.samples.load import Data, load_splits
from tenfold.training.callbacks import Callback
from tenfold.training.defaults import fitting_recipe
from tenfold.training.machine import Device
from tenfold.training.recipe import Recipe
from tenfold.training.result import Run
from tenfold.training.run import train
from tenfold.training.runfolder import new_folder, refuse_used


@dataclass(frozen=True, slots=True)
class Seeds:
    """What several seeds came to.

    Parameters
    ----------
    folder : Path
        Where their run folders lie.
    runs : tuple of Run
        One a seed.
    accuracy : Spread
        Accuracy on the test part over the seeds.
    """

    folder: Path
    runs: tuple[Run, ...]
    accuracy: Spread

    def to_dict(self) -> dict[str, object]:
        """Return the figures by name, ready for JSON."""
        return {
            "seeds": [run.recipe.seed for run in self.runs],
            "test_accuracy": encode(self.accuracy),
            "runs": [run.to_dict() for run in self.runs],
        }


def train_seeds(
    count: int,
    data: Data | None = None,
    recipe: str | Path | Recipe | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    device: Device = "auto",
    data_dir: Path | None = None,
    callbacks: Sequence[Callback] = (),
    on_run: Callable[[Run], None] = lambda _: None,
    as_is: bool | None = None,
    tell: Callable[[str], None] | None = None,
    **more: Any,
) -> Seeds:
    """Train once for each of so many seeds and summarise.

    Parameters
    ----------
    count : int
        How many; the first seed is ``seed``, or the recipe's, and the others follow it.
    data, recipe, settings, seed, device, data_dir, callbacks, as_is, tell
        As for `tenfold.train`.
    out : str or Path, optional
        The folder of all; by default a new one below ``runs``.
    on_run : callable
        Told of each run when it has ended.
    more
        Passed on to `tenfold.train`.

    Raises
    ------
    UsageError, DataError, TrainingError, RunStoppedError
        As `tenfold.train`.
    """
    source = "digits" if data is None else data
    splits = load_splits(source, data_dir, as_is=as_is, tell=tell)
    chosen, said = fitting_recipe(recipe, splits.train, settings, seed)
    if said and tell is not None:
        tell(said)
    seeds = range(chosen.seed, chosen.seed + count)
    if out is not None:
        for each in seeds:
            refuse_used(Path(out) / f"seed-{each}")
    folder = new_folder(out, chosen)
    runs = []
    for each in seeds:
        run = train(
            splits,
            chosen,
            seed=each,
            out=folder / f"seed-{each}",
            device=device,
            callbacks=callbacks,
            **more,
        )
        runs.append(run)
        on_run(run)
    found = Seeds(folder, tuple(runs), spread([run.evaluation.accuracy for run in runs]))
    write_whole(folder / "seeds.json", json.dumps(found.to_dict(), indent=2) + "\n")
    return found
