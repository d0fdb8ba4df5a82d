from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tenfold
from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits
from tenfold.errors import DataError, UsageError
from tenfold.modelfile import open_session
from tenfold.synthesis.pages import hands, pages
from tenfold.training.callbacks import Epoch, Step
from tenfold.training.pages.recipe import PagesRecipe
from tenfold.training.pages.run import PagesRun
from tenfold.training.recipe import Recipe, load_any, load_recipe, parse_any
from tenfold.training.run import RunStoppedError, choose_recipe

TINY = {"steps": 2, "batch": 2, "validation": 2, "warmup": 1}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "HELD_OUT", 200)
    monkeypatch.setattr(pages, "AHEAD", 3)
    monkeypatch.setattr("tenfold.training.pages.run.MOST_PAGES", 1)


class Follower:
    def __init__(self) -> None:
        self.steps: list[Step] = []

    def on_step(self, step: Step) -> None:
        self.steps.append(step)

    def on_epoch(self, epoch: Epoch) -> None:
        raise AssertionError(f"there are no epochs, but {epoch}")


@pytest.mark.parametrize("task", ["finder", "line"])
def test_one_command_from_a_recipe_to_a_model_file(
    task: Any, large: Splits, tmp_path: Path
) -> None:
    follower, folder = Follower(), tmp_path / "run"
    run = tenfold.train(large, recipe=task, settings=TINY, seed=3, out=folder, callbacks=[follower])
    assert isinstance(run, PagesRun)
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint.safetensors", "metrics.jsonl", "model.onnx", "recipe.toml", "result.json",
        "run.json",
    ]  # fmt: skip
    assert load_any(folder / "recipe.toml").replace({"name": task}) == run.recipe
    assert run.recipe.seed == 3
    assert [(step.step, step.steps, step.epochs) for step in follower.steps] == [
        (1, 2, 0),
        (2, 2, 0),
    ]
    (line,) = (folder / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == 2
    assert json.loads((folder / "result.json").read_text()) == run.to_dict()
    info = open_session(run.model.read_bytes(), "it", threads=1)[1]
    assert (info.data, info.data_count, info.seed) == ("large", 400, 3)
    assert info.data_fingerprint == large.train.fingerprint()
    assert parse_any(info.recipe, "the file") == run.recipe
    assert info.results == run.results
    assert len(info.string_calibration) == (4 if task == "line" else 0)
    assert info.parameters > 100_000
    assert info.versions["tenfold"] == tenfold.__version__
    assert run.results.get("pages", run.results.get("strips")) == 2


def test_a_run_is_stopped_and_goes_on(large: Splits, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(RunStoppedError, match=r"Stopped after step 1 of 2.*--resume --out"):
        tenfold.train(large, recipe="line", settings=TINY, out=folder, stop=lambda: True)
    follower = Follower()
    tenfold.train(large, out=folder, resume=True, callbacks=[follower])
    assert [step.step for step in follower.steps] == [2]
    with pytest.raises(UsageError, match="holds a run already"):
        tenfold.train(large, recipe="line", settings=TINY, out=folder)
    other = Splits(large.test, large.train, own_test=True)
    with pytest.raises(UsageError, match="was started on other data"):
        tenfold.train(other, out=folder, resume=True)


def test_what_cannot_be_done_is_told_before_anything_is_written(
    large: Splits, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    few = large.train.take(np.arange(150))
    letters = Dataset(
        large.train.images, large.train.labels, "letters", "train", tuple("abcdefghij")
    )
    for train in (few, letters):
        with pytest.raises(DataError, match="more than 200 pictures of the digits"):
            tenfold.train(Splits(train, large.test, own_test=True), recipe="line", out=folder)
    with pytest.raises(UsageError, match="tensorboard: this recipe has no epochs"):
        tenfold.train(large, recipe="line", out=folder, track=["tensorboard"])
    with pytest.raises(UsageError, match="there is no key 'epochs'"):
        tenfold.train(large, recipe="line", settings={"epochs": 3}, out=folder)
    assert not folder.exists()


def test_recipes_of_this_kind_are_told_apart() -> None:
    for name in ("finder", "line"):
        recipe = load_any(name)
        assert isinstance(recipe, PagesRecipe)
        assert (recipe.name, recipe.task) == (name, name)
        assert parse_any(recipe.to_toml(), "here") == recipe
        for refuse in (load_recipe, lambda name: choose_recipe(name, 28)):
            with pytest.raises(UsageError, match=r"learns from composed pages"):
                refuse(name)
    assert isinstance(load_any("mnist"), Recipe)
    with pytest.raises(UsageError, match=r"mine: task = 'both': must be one of 'finder' or 'line'"):
        parse_any("task = 'both'", "mine")
    with pytest.raises(UsageError, match=r"mine: there is no key 'step'\. Did you mean steps"):
        parse_any("task = 'line'\nstep = 3", "mine")
