from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn

import tenfold
from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits
from tenfold.errors import DataError, UsageError
from tenfold.modelfile import open_session
from tenfold.modelinfo import ModelInfo
from tenfold.signature import CHARS, FINE, STRIDE, STRIP
from tenfold.signature import KINDS as KINDS_OF_INK
from tenfold.synthesis.pages import hands, pages
from tenfold.training.callbacks import Epoch, Step
from tenfold.training.pages.finder import KIND_WEIGHTS
from tenfold.training.pages.recipe import PagesRecipe
from tenfold.training.pages.run import KINDS, PagesRun
from tenfold.training.recipe import Recipe, load_any, load_recipe, parse_any
from tenfold.training.run import RunStoppedError, choose_recipe

TINY = {"steps": 2, "batch": 2, "validation": 2, "warmup": 1}


def _small(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hands, "HELD_OUT", 200)
    patch.setattr(pages, "AHEAD", 3)
    patch.setattr("tenfold.training.pages.line.BATCHES", 1)
    patch.setattr("tenfold.training.pages.run.MOST_PAGES", 1)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    _small(monkeypatch)


class Follower:
    def __init__(self) -> None:
        self.steps: list[Step] = []

    def on_step(self, step: Step) -> None:
        self.steps.append(step)

    def on_epoch(self, epoch: Epoch) -> None:
        raise AssertionError(f"there are no epochs, but {epoch}")


@dataclass(frozen=True)
class Made:
    """A finished run, the network that its model file was exported from, and who followed it."""

    run: PagesRun
    network: nn.Module
    followed: tuple[Follower, ...]


def _made(task: Any, large: Splits, folder: Path) -> Made:
    """Train in one go, or stopped after the first step and resumed."""
    exported: list[nn.Module] = []
    kind = KINDS[task]

    def export(network: nn.Module, info: ModelInfo) -> bytes:
        exported.append(network)
        return kind.export(network, info)

    with pytest.MonkeyPatch.context() as patch:
        _small(patch)
        patch.setitem(KINDS, task, replace(kind, export=export))
        more: dict[str, Any] = {"recipe": task, "settings": TINY, "seed": 3, "out": folder}
        first = Follower()
        if task == "finder":
            run = tenfold.train(large, callbacks=[first], **more)
            followed: tuple[Follower, ...] = (first,)
        else:
            with pytest.raises(RunStoppedError, match=r"Stopped after step 1 of 2.*--resume --out"):
                tenfold.train(large, callbacks=[first], stop=lambda: True, **more)
            second = Follower()
            run = tenfold.train(large, out=folder, resume=True, callbacks=[second])
            followed = (first, second)
    assert isinstance(run, PagesRun)
    (network,) = exported
    return Made(run, network, followed)


@pytest.fixture(scope="module")
def finder(large: Splits, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A finder, trained in one go."""
    return _made("finder", large, tmp_path_factory.mktemp("finder") / "run")


@pytest.fixture(scope="module")
def line(large: Splits, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A line recogniser whose run was stopped after the first step and went on."""
    return _made("line", large, tmp_path_factory.mktemp("line") / "run")


@pytest.mark.parametrize("task", ["finder", "line"])
def test_one_command_from_a_recipe_to_a_model_file(
    task: str, large: Splits, request: pytest.FixtureRequest
) -> None:
    run: PagesRun = request.getfixturevalue(task).run
    folder = run.folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint.safetensors", "metrics.jsonl", "model.onnx", "recipe.toml", "result.json",
        "run.json",
    ]  # fmt: skip
    assert load_any(folder / "recipe.toml").replace({"name": task}) == run.recipe
    assert run.recipe.seed == 3
    (row,) = (folder / "metrics.jsonl").read_text().splitlines()
    assert json.loads(row)["step"] == 2
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


def test_every_step_is_told(finder: Made) -> None:
    (follower,) = finder.followed
    assert [(step.step, step.steps, step.epochs) for step in follower.steps] == [
        (1, 2, 0),
        (2, 2, 0),
    ]


def test_a_run_is_stopped_and_goes_on(line: Made, large: Splits) -> None:
    folder = line.run.folder
    assert [[step.step for step in follower.steps] for follower in line.followed] == [[1], [2]]
    with pytest.raises(UsageError, match="holds a run already"):
        tenfold.train(large, recipe="line", settings=TINY, out=folder)
    other = Splits(large.test, large.train, own_test=True)
    with pytest.raises(UsageError, match="was started on other data"):
        tenfold.train(other, out=folder, resume=True)


def _session(content: bytes) -> ort.InferenceSession:
    return ort.InferenceSession(content, providers=["CPUExecutionProvider"])


def test_the_line_recognisers_file_says_what_the_network_says(line: Made) -> None:
    network, content = line.network, line.run.model.read_bytes()
    assert len(content) < 2.2 * sum(p.numel() for p in network.parameters()) + 150_000
    session = _session(content)
    for count, width in ((1, 64), (3, 132)):
        strips = np.random.default_rng(width).normal(0, 1, (count, 1, STRIP, width))
        x = strips.astype(np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(x)).numpy()
        (frames,) = session.run(["frames"], {"x": x})
        assert frames.shape == (count, width // STRIDE, 1 + len(CHARS))
        np.testing.assert_allclose(frames, expected, atol=2e-2)
    results = line.run.results
    assert results.keys() == {"strings_right", "character_error", "strips"}
    assert 0 <= results["strings_right"] <= 1


def test_the_finders_file_says_what_the_network_says(finder: Made) -> None:
    session = _session(finder.run.model.read_bytes())
    for height, width in ((64, 96), (160, 32)):
        x = np.random.default_rng(width).normal(0, 0.5, (1, 2, height, width)).astype(np.float32)
        with torch.inference_mode():
            kinds, places = finder.network(torch.from_numpy(x))
        places = places.clone()
        places[:, -len(KIND_WEIGHTS) :] -= torch.tensor(KIND_WEIGHTS).log()[:, None, None]
        expected = kinds, places
        found = session.run(["kinds", "places"], {"x": x})
        assert found[0].shape == (1, KINDS_OF_INK, height // FINE, width // FINE)
        for own, true in zip(found, expected, strict=True):
            np.testing.assert_allclose(own, true.numpy(), atol=2e-2)
    results = finder.run.results
    assert results["pages"] == 2
    assert len([name for name in results if name.startswith("ink_f1_")]) == KINDS_OF_INK
    assert all(0 <= results[name] <= 1 for name in ("precision", "recall", "ink_f1_hand"))


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
