from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenfold.data.splits import Splits
from tenfold.errors import UsageError
from tenfold.evaluation.metrics.statistics import spread
from tenfold.training.result import Run
from tenfold.training.run import RunStoppedError
from tenfold.training.seeds import train_seeds

SMALL = {"epochs": 1, "network.name": "linear", "threads": 1}


def test_each_seed_is_a_run_of_its_own(few: Splits, tmp_path: Path) -> None:
    told: list[Run] = []
    found = train_seeds(
        2, few, "digits", settings=SMALL, seed=4, out=tmp_path / "all", on_run=told.append
    )
    assert [run.recipe.seed for run in found.runs] == [4, 5]
    assert tuple(told) == found.runs
    assert [run.folder for run in found.runs] == [tmp_path / f"all/seed-{n}" for n in (4, 5)]
    assert all(run.model.exists() for run in found.runs)
    assert found.accuracy == spread([run.evaluation.accuracy for run in found.runs])
    record = json.loads((tmp_path / "all" / "seeds.json").read_text())
    assert record == found.to_dict()
    assert record["test_accuracy"]["interval"] is not None


def test_runs_that_lie_there_are_not_overwritten(few: Splits, tmp_path: Path) -> None:
    with pytest.raises(RunStoppedError):
        train_seeds(1, few, "digits", settings=SMALL, seed=1, out=tmp_path, stop=lambda: True)
    with pytest.raises(UsageError, match=r"seed-1: holds a run already"):
        train_seeds(2, few, "digits", settings=SMALL, out=tmp_path)
    assert not (tmp_path / "seed-0").exists()
