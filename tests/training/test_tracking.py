from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tenfold.cli import app
from tenfold.data.splits import Splits
from tenfold.errors import TenfoldWarning, TrainingError, UsageError
from tenfold.training.callbacks import Epoch
from tenfold.training.mlflow import noted, open_client
from tenfold.training.result import Run
from tenfold.training.run import RunStoppedError, train


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of MLflow's, which takes it seconds to set up."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    open_client(f"sqlite:///{path}")
    return path


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own with such a database in it, and no server named."""
    monkeypatch.chdir(tmp_path)
    Path("runs/mlflow").mkdir(parents=True)
    shutil.copy(database, "runs/mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)


def _read_back(folder: Path) -> tuple[Any, Any]:
    """Return MLflow's client and the run that the folder's run went into."""
    note = json.loads((folder / "mlflow.json").read_text())
    client = open_client(note["tracking_uri"])
    return client, client.get_run(note["run_id"])


def test_mlflow_gives_back_what_was_trained(few: Splits, quick: dict[str, Any]) -> None:
    done = train(few, "digits", settings=quick, out="here", track=["mlflow", "tensorboard"])
    client, kept = _read_back(Path("here"))
    assert client.tracking_uri == f"sqlite:///{Path('runs/mlflow/mlflow.db').absolute()}"
    assert kept.info.run_name == "here"
    assert kept.info.status == "FINISHED"
    assert kept.data.params["optimizer.learning_rate"] == "0.01"
    assert kept.data.params["data"] == few.train.name
    assert kept.data.metrics["test_accuracy"] == pytest.approx(done.evaluation.accuracy)
    curve = client.get_metric_history(kept.info.run_id, "validation_accuracy")
    assert [(point.step, point.value) for point in curve] == [
        (epoch.epoch, epoch.validation_accuracy) for epoch in done.history
    ]
    names = {file.path for file in client.list_artifacts(kept.info.run_id)}
    assert names >= {"model.onnx", "report.html", "recipe.toml", "result.json"}
    (model,) = Path("runs/mlflow/artifacts").rglob("model.onnx")
    assert model.read_bytes() == done.model.read_bytes()
    assert kept.info.run_id in noted(Path("here"))
    assert len(Path("here/metrics.jsonl").read_text().splitlines()) == len(done.history)
    assert list(Path("here/tensorboard").iterdir())


def test_the_command_keeps_the_run_and_says_where(write_npz: Callable[[Path], Path]) -> None:
    write_npz(Path("few.npz"))
    tiny = [f"--set={key}" for key in ("epochs=1", "threads=1", "network.name=linear")]
    command = ["train", "--data", "few.npz", *tiny, "--track", "mlflow", "--out", "run"]
    text = CliRunner().invoke(app, command, catch_exceptions=False).stdout
    run = json.loads(Path("run/mlflow.json").read_text())["run_id"]
    (line,) = [line for line in text.splitlines() if line.startswith("MLflow: ")]
    assert line == f"MLflow: run {run} in runs/mlflow/mlflow.db"
    assert Path("run/report.html").read_text().lower().startswith("<!doctype html>")


def test_a_run_that_was_stopped_goes_on_in_the_same_run_of_mlflow(
    few: Splits, quick: dict[str, Any], run: Run
) -> None:
    steps = 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps > 20

    with pytest.raises(RunStoppedError):
        train(few, "digits", settings=quick, out="here", track=["mlflow"], stop=stop)
    _, broken_off = _read_back(Path("here"))
    assert broken_off.info.status == "KILLED"
    train(few, out="here", resume=True, track=["mlflow"])
    client, kept = _read_back(Path("here"))
    assert (kept.info.run_id, kept.info.status) == (broken_off.info.run_id, "FINISHED")
    curve = client.get_metric_history(kept.info.run_id, "loss")
    assert [(point.step, point.value) for point in curve] == [
        (epoch.epoch, epoch.loss) for epoch in run.history
    ]


def test_unknown_trackers_and_unreachable_databases_are_told(
    few: Splits, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(
        UsageError, match=r"tracker .wandb. is not known\. Known: tensorboard, mlflow"
    ):
        train(few, "digits", settings=quick, out="here", track=["wandb"])  # type: ignore[list-item]
    assert not Path("here").exists()
    Path("file").write_text("no folder")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///file/mlflow.db")
    with pytest.raises(TrainingError, match=r"MLflow at sqlite:///file/mlflow\.db cannot be used"):
        train(few, "digits", settings=quick, out="here", track=["mlflow"])


def test_a_database_that_goes_away_does_not_end_the_run(few: Splits, quick: dict[str, Any]) -> None:
    class Spoiler:
        def on_step(self, step: object) -> None:
            pass

        def on_epoch(self, epoch: Epoch) -> None:
            if epoch.epoch == 3:
                with sqlite3.connect("runs/mlflow/mlflow.db") as database:
                    database.execute("DROP TABLE metrics")

    with pytest.warns(TenfoldWarning, match="MLflow cannot be reached any more") as told:
        done = train(
            few, "digits", settings=quick, out="here", track=["mlflow"], callbacks=[Spoiler()]
        )
    assert len(done.history) == 6
    assert done.model.exists()
    assert len([each for each in told if each.category is TenfoldWarning]) == 1
