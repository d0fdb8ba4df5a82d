"""A run kept in MLflow: the recipe, every epoch, and at the end the model file and its report.

Where ``MLFLOW_TRACKING_URI`` names no server, runs are kept in an SQLite database with a folder of
files beside it, ``runs/mlflow``. Which run of MLflow belongs to a run folder is written down in
``mlflow.json`` there, so that a resumed run goes on in it.
"""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenfold.data.splits import Splits
from tenfold.errors import TenfoldError, TenfoldWarning, TrainingError
from tenfold.files import make_folder, read_file, write_whole
from tenfold.training import runfolder
from tenfold.training.callbacks import Epoch, Step
from tenfold.training.recipe import Recipe
from tenfold.training.result import Run
from tenfold.training.tracking import figures

FOLDER = runfolder.RUNS / "mlflow"
DATABASE, NOTE = "mlflow.db", "mlflow.json"
MOST = 1 << 16  # bytes of it
EXPERIMENT = "tenfold"
LONGEST = 6000  # characters of a parameter that MLflow takes
FILES = ("recipe.toml", "result.json", "learning-curve.png", "samples.png", "mistakes.png")


class MLflow:
    """Keeps a run in MLflow.

    Parameters
    ----------
    folder : Path
        The run folder, after which MLflow's run is called.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: Any = None
        self._run = ""
        self._known: set[int] = set()  # epochs that MLflow has
        self._ended = self._lost = False

    def on_start(self, recipe: Recipe, splits: Splits, history: list[Epoch]) -> None:
        """Begin MLflow's run with the recipe as parameters, or go on with it.

        Raises
        ------
        TrainingError
            If the database or the server cannot be reached.
        """
        address = os.environ.get("MLFLOW_TRACKING_URI") or default_address()
        try:
            self._client = open_client(address)
            self._run = self._earlier(address) or self._new(recipe, splits)
            write_whole(
                self._folder / NOTE,
                json.dumps({"tracking_uri": address, "run_id": self._run}, indent=2) + "\n",
            )
            for epoch in history:
                self.on_epoch(epoch)
        except (TenfoldError, ModuleNotFoundError):
            raise
        except Exception as error:  # of MLflow, SQLAlchemy, requests or the disk
            raise TrainingError(
                f"MLflow at {address} cannot be used ({_brief(error)}). "
                "Check MLFLOW_TRACKING_URI, or track elsewhere."
            ) from error

    def on_step(self, step: Step) -> None:
        """Leave steps alone."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Log the epoch's figures, once."""
        if epoch.epoch in self._known:
            return
        with self._kept_up():
            self._log(figures(epoch), epoch.epoch)
            self._known.add(epoch.epoch)

    def on_end(self, run: Run, splits: Splits) -> None:
        """Log the figures on the test set, the model file and the report."""
        report = write_whole(self._folder / "report.html", _report(run, splits))
        with self._kept_up():
            results = run.to_dict().items()
            self._log({k: v for k, v in results if isinstance(v, int | float) and k != "seed"}, 0)
            for path in (run.model, report, *(self._folder / name for name in FILES)):
                self._client.log_artifact(self._run, str(path))
            self._client.set_terminated(self._run, "FINISHED")
            self._ended = True

    def close(self) -> None:
        """Say that the run was broken off, unless it got to its end."""
        if self._run and not self._ended:
            with self._kept_up():
                self._client.set_terminated(self._run, "KILLED")

    def _log(self, values: Mapping[str, float], step: int) -> None:
        """Log figures together: each by itself would cost a write to the disk."""
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        metrics = [Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=metrics)

    @contextmanager
    def _kept_up(self) -> Iterator[None]:
        """Let no run of hours end because a server went away: warn once, and go on without."""
        try:
            yield
        except Exception as error:
            if self._lost:
                return
            self._lost = True
            warnings.warn(
                f"MLflow cannot be reached any more ({_brief(error)}); the run goes on without it. "
                "metrics.jsonl has its figures.",
                TenfoldWarning,
                stacklevel=3,
            )

    def _earlier(self, address: str) -> str | None:
        """Return the run that this folder's run went into before, and what epochs it has."""
        try:
            note = json.loads(read_file(self._folder / NOTE, MOST))
            if note["tracking_uri"] != address:
                return None
            run = self._client.get_run(str(note["run_id"])).info.run_id
        except Exception:  # no note, not ours, or the run was deleted: begin anew
            return None
        self._known = {each.step for each in self._client.get_metric_history(run, "loss")}
        self._client.update_run(run, "RUNNING")
        return str(run)

    def _new(self, recipe: Recipe, splits: Splits) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        experiment = self._client.get_experiment_by_name(name)
        if experiment is not None:
            number = experiment.experiment_id
        elif os.environ.get("MLFLOW_TRACKING_URI"):
            number = self._client.create_experiment(name)
        else:
            files = (FOLDER / "artifacts").absolute().as_uri()
            number = self._client.create_experiment(name, artifact_location=files)
        tags = {f"version.{key}": value for key, value in runfolder.versions().items()}
        several = self._folder.name.startswith("seed-")
        title = "/".join(self._folder.parts[-2 if several else -1 :])
        made = self._client.create_run(number, run_name=title, tags=tags)
        run = str(made.info.run_id)
        parameters = _flat(recipe) | {
            "data": splits.train.name,
            "data_fingerprint": splits.train.fingerprint(),
        }
        from mlflow.entities import Param

        params = [Param(key, str(value)[:LONGEST]) for key, value in parameters.items()]
        self._client.log_batch(run, params=params)
        return run


def noted(folder: Path) -> str:
    """Return where MLflow keeps the run of a folder, in words."""
    note = json.loads(read_file(folder / NOTE, MOST))
    address = str(note["tracking_uri"])
    where = (FOLDER / DATABASE).as_posix() if address == default_address() else address
    return f"run {note['run_id']} in {where}"


def default_address() -> str:
    """Return the address of the database below ``runs``, and make its folder."""
    return f"sqlite:///{make_folder(FOLDER).absolute().as_posix()}/{DATABASE}"


def open_client(address: str) -> Any:
    """Return MLflow's client for an address; a new database is set up in some seconds."""
    # Nothing is sent to anybody unless a person asked for it.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with warnings.catch_warnings():
        # SQLAlchemy's newer versions deprecate what MLflow uses; nobody here can mend that.
        warnings.simplefilter("ignore", DeprecationWarning)
        from mlflow.tracking import MlflowClient

        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        return MlflowClient(address)


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _flat(recipe: Recipe) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in recipe.model_dump().items():
        if isinstance(value, dict):
            found |= {f"{key}.{inner}": each for inner, each in value.items()}
        else:
            found[key] = value
    return found


def _report(run: Run, splits: Splits) -> str:
    from tenfold.evaluation.report.html_page import render
    from tenfold.model import load_model

    command = f"tenfold evaluate {run.model} --data {splits.test.name}"
    return render(load_model(run.model), splits.test, run.evaluation, [], command)
