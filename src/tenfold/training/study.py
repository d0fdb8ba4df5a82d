"""The journal of a search: one file that any number of processes, on any machines, append to.

Whatever ends a process, the journal stays whole: a line torn by a full disk is cut off when it is
opened next, and a trial whose process is gone is given to the next one that asks. Each process
holds a lock in a folder of its own below ``workers``, by which the others know that it lives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import TrialState

from tenfold.errors import TenfoldError, UsageError
from tenfold.files import make_folder
from tenfold.locks import locked

JOURNAL, WORKERS = "search.journal", "workers"
STUDY = "tenfold"
PATIENCE = 10  # seconds after which a lock that a killed process left is taken away
UNNAMED = 60  # seconds after which a trial that nobody put a name to counts as left behind
DONE = (TrialState.COMPLETE, TrialState.PRUNED)
PrunerName = Literal["median", "hyperband", "none"]


def open_study(
    folder: Path, identity: dict[str, Any], pruner: PrunerName, epochs: int, seed: int
) -> optuna.Study:
    """Open the search in a folder, or begin one.

    Parameters
    ----------
    folder : Path
        That exists.
    identity : dict
        What makes two searches the same: recipe, space, data. JSON takes it.
    pruner : {"median", "hyperband", "none"}
    epochs : int
        Of a whole run.
    seed : int
        Of the sampler; each process needs its own.

    Raises
    ------
    UsageError
        If the search in this folder is another one.
    TenfoldError
        If its journal is damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = folder / JOURNAL
    lock = JournalFileOpenLock(str(path), grace_period=PATIENCE)
    _mend(path, lock)
    try:
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(path), lock)),
            study_name=STUDY,
            direction="maximize",
            load_if_exists=True,
            sampler=optuna.samplers.TPESampler(seed=seed, multivariate=False, constant_liar=True),
            pruner=_pruner(pruner, epochs),
        )
    except (ValueError, KeyError) as error:
        raise _strange(path) from error
    given = json.loads(json.dumps(identity))
    known = study.user_attrs
    for key, value in given.items():
        if key not in known:
            study.set_user_attr(key, value)
        elif known[key] != value:
            raise UsageError(
                f"{folder}: holds another search, with another {key.replace('_', ' ')}. "
                "Choose another folder with --out."
            )
    return study


def _pruner(name: PrunerName, epochs: int) -> optuna.pruners.BasePruner:
    if name == "none":
        return optuna.pruners.NopPruner()
    # Rates that rise and fall make early epochs say little: the first third is not judged.
    begin = max(1, epochs // 3)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=begin, max_resource=epochs)
    return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=begin)


def _mend(path: Path, lock: JournalFileOpenLock) -> None:
    """Cut off a last line that was not written whole; raises TenfoldError of a strange file."""
    if not path.exists():
        return
    lock.acquire()
    try:
        with path.open("r+b") as file:
            content = file.read()
            if content and b'"op_code"' not in content.partition(b"\n")[0]:
                raise _strange(path)
            if content and not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)
    finally:
        lock.release()


def _strange(path: Path) -> TenfoldError:
    return TenfoldError(
        f"{path}: is damaged, or not the journal of a search. Choose another --out."
    )


@contextmanager
def worker(folder: Path) -> Iterator[int]:
    """Lend this process a number that no other has in this search, for as long as it lives."""
    workers = make_folder(folder / WORKERS)
    number = 0
    while True:
        try:
            (workers / str(number)).mkdir()
            break
        except FileExistsError:
            number += 1
    with locked(workers / str(number)):
        yield number


def take_up(study: optuna.Study, folder: Path, me: int) -> None:
    """Give trials whose process is gone to whoever asks next."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        name = trial.user_attrs.get("worker")
        if name == me or _lives(folder, name, trial.datetime_start):
            continue
        with suppress(ValueError, RuntimeError):  # another process was faster
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)


def _lives(folder: Path, name: int | None, start: datetime | None) -> bool:
    if name is None:
        age = (datetime.now() - start).total_seconds() if start else 0.0
        return age < UNNAMED
    place = folder / WORKERS / str(name)
    try:
        with locked(place):
            return False
    except UsageError:
        return True
    except TenfoldError:  # the folder is gone, and its process with it
        return False


def done(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that came to a figure, whole or pruned."""
    return study.get_trials(deepcopy=False, states=DONE)


def best(study: optuna.Study) -> optuna.trial.FrozenTrial | None:
    """Return the best whole trial, the first among equals; None if there is none."""
    whole = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return max(whole, key=lambda trial: (trial.value or 0.0, -trial.number), default=None)
