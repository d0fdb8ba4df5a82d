from __future__ import annotations

import json
import os
import re
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from tenfold.data.dataset import Dataset
from tenfold.data.splits import Splits
from tenfold.errors import DataError, TenfoldError, TrainingError, UsageError
from tenfold.evaluation.encode import encode
from tenfold.training.loop import Training
from tenfold.training.machine import pick_device
from tenfold.training.recipe import load_recipe
from tenfold.training.result import Run
from tenfold.training.run import RunStoppedError, choose_recipe, train

CHECKPOINT = "checkpoint.safetensors"
FILES = [
    CHECKPOINT,
    "learning-curve.png",
    "metrics.jsonl",
    "mistakes.png",
    "model.onnx",
    "recipe.toml",
    "result.json",
    "run.json",
    "samples.png",
]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _stopped(splits: Splits, out: Path, settings: dict[str, Any], step: int, **more: Any) -> str:
    """Start a run and stop it after some steps; return what it said."""
    left = iter(range(step - 1, -1, -1))
    with pytest.raises(RunStoppedError) as caught:
        train(splits, "digits", settings=settings, out=out, stop=lambda: next(left) == 0, **more)
    assert caught.value.exit_code == 130
    return str(caught.value)


def test_what_lies_in_a_run_folder(run: Run, few: Splits) -> None:
    folder = run.folder
    assert _names(folder) == FILES
    assert load_recipe(folder / "recipe.toml").replace({"name": "digits"}) == run.recipe
    record = json.loads((folder / "run.json").read_text())
    assert (record["data"], record["seed"]) == ("digits", run.recipe.seed)
    assert record["data_fingerprint"] == few.train.fingerprint()
    assert record["versions"]["torch"] == torch.__version__
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert lines == [epoch.to_dict() for epoch in run.history]
    assert json.loads((folder / "result.json").read_text()) == run.to_dict()
    for path in folder.glob("*.png"):
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.width > 200


def test_the_steps_taken_are_those_of_the_recipe(
    few: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    advance = Training.advance

    def counted(self: Training, images: Tensor, labels: Tensor) -> None:
        advance(self, images, labels)
        taken.append(self.step)

    monkeypatch.setattr(Training, "advance", counted)
    changes = {"epochs": 1, "validation": 0.0, "network.name": "linear", "threads": 1}
    train(few, "digits", settings=changes, out=tmp_path / "run")
    assert taken == [1, 2, 3, 4, 5]  # 300 pictures in batches of 64, none thrown away


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("not enough memory: 8 TB")], ids=str)
def test_memory_that_runs_out_in_a_step_is_told(
    error: Exception, few: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> None:
        raise error

    monkeypatch.setattr(Training, "advance", too_large)
    with pytest.raises(TrainingError, match="does not fit into memory"):
        train(few, "digits", out=tmp_path / "run")


def test_the_figures_of_a_run(run: Run, few: Splits) -> None:
    record = run.to_dict()
    assert record["test_count"] == len(few.test) == run.evaluation.count
    assert record["test_accuracy"] == run.evaluation.accuracy
    assert record["model"] == str(run.folder / "model.onnx")
    assert (record["recipe"], record["seed"], record["data"]) == ("digits", 0, "digits")
    assert 0 < run.train_seconds < run.total_seconds
    # No smoothing in the test loss: for cross-entropy it is the evaluation's own.
    assert run.test_loss == pytest.approx(run.evaluation.loss, rel=1e-5)


def test_validation_is_taken_from_the_training_part_alone(
    few: Splits, quick: dict[str, Any], run: Run, tmp_path: Path
) -> None:
    nonsense = replace(few.test, labels=(few.test.targets + 1) % 10, images=few.test.images // 2)
    other = train(replace(few, test=nonsense), "digits", settings=quick, out=tmp_path / "other")
    for mine, theirs in zip(other.history, run.history, strict=True):
        assert mine.validation_loss == theirs.validation_loss is not None
    assert other.evaluation.accuracy != run.evaluation.accuracy
    weights, expected = (load_file(folder / CHECKPOINT) for folder in (other.folder, run.folder))
    for name in weights:
        if name.startswith("network."):
            assert torch.equal(weights[name], expected[name])


def test_the_seed_can_be_given_and_threads_come_back(
    few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    _stopped(few, tmp_path / "a", quick | {"threads": 2}, 1, seed=5)
    assert json.loads((tmp_path / "a" / "run.json").read_text())["seed"] == 5
    assert load_recipe(tmp_path / "a" / "recipe.toml").seed == 5
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_a_run_is_never_written_over(run: Run, few: Splits) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    with pytest.raises(UsageError, match=r"holds a run already\. Go on with .*--resume"):
        train(few, "digits", out=run.folder)
    assert {path: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before


def test_runs_without_a_folder_get_names_of_their_own(
    few: Splits, quick: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with pytest.raises(RunStoppedError, match="--resume --out runs/digits-"):
            train(few, "digits", settings=quick, stop=lambda: True)
    assert len(_names(tmp_path / "runs")) == 2


def test_resuming_asks_for_what_it_needs(
    few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="--resume needs --out"):
        train(few, resume=True)
    with pytest.raises(UsageError, match="there is no run here to resume"):
        train(few, out=tmp_path / "nowhere", resume=True)
    assert not (tmp_path / "nowhere").exists()
    out = tmp_path / "run"
    _stopped(few, out, quick, 3)
    for more in ({"recipe": "digits"}, {"settings": {"epochs": 3}}, {"seed": 1}):
        with pytest.raises(UsageError, match="a run is resumed by its own recipe"):
            train(few, out=out, resume=True, **more)
    other = replace(few, train=few.train.take(np.arange(299)))
    with pytest.raises(UsageError, match="was started on other data than digits is now"):
        train(other, out=out, resume=True)


@pytest.mark.parametrize("name", ["run.json", "recipe.toml", CHECKPOINT])
def test_a_run_whose_files_are_damaged_is_refused(
    name: str, few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    _stopped(few, tmp_path / "run", quick, 3)
    path = tmp_path / "run" / name
    for content in (path.read_bytes()[:20], b"", b"[]\n", b"\xff\xfe"):
        path.write_bytes(content)
        if name == "recipe.toml" and not content:
            continue  # an empty recipe is one of defaults; its checkpoint is refused below
        with pytest.raises(TrainingError, match="Start anew with another --out"):
            train(few, out=tmp_path / "run", resume=True)
    if name != CHECKPOINT:
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(TrainingError, match=f"{name}: is a pipe"):
            train(few, out=tmp_path / "run", resume=True)


def test_stopped_and_resumed_a_run_comes_to_the_same(
    run: Run, few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    message = _stopped(few, out, quick, 13, checkpoint_every=0.0)
    assert message == (
        "Stopped after step 13 of 54; everything is saved. "
        f"Go on with: tenfold train --resume --out {out}"
    )
    assert _names(out) == [CHECKPOINT, "metrics.jsonl", "recipe.toml", "run.json"]
    with (out / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 2, "torn')  # as a killed process may leave it
    resumed = train(few, out=out, resume=True)
    assert _names(out) == FILES
    assert [e.loss for e in resumed.history] == [e.loss for e in run.history]
    assert encode(resumed.evaluation) == encode(run.evaluation)
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 6


def test_tensorboard_files_on_request(few: Splits, quick: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "run"
    _stopped(few, out, quick, 12, track=["tensorboard"])
    (events,) = (out / "tensorboard").iterdir()
    assert events.name.startswith("events.out.tfevents.")
    content = events.read_bytes()
    for name in (b"loss", b"accuracy", b"validation_loss", b"learning_rate"):
        assert name in content


@contextmanager
def _files_up_to(size: int) -> Iterator[None]:
    """Let files grow to so many bytes and no further, as on a disk about to be full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


SMALL = {"network.name": "linear", "optimizer.name": "sgd", "optimizer.momentum": 0.0}


STARTED = ["metrics.jsonl", "recipe.toml", "run.json"]


@pytest.mark.parametrize(
    ("size", "epochs", "file", "left"),
    [
        (300, 1, "recipe.toml", []),
        (4_000, 1, CHECKPOINT, STARTED),
        (4_000, 30, "metrics.jsonl", STARTED),
        (9_000, 1, "model.onnx", [CHECKPOINT, *STARTED]),
        (15_000, 1, "samples.png", [CHECKPOINT, "metrics.jsonl", "model.onnx", *STARTED[1:]]),
    ],
)
def test_where_space_runs_out_it_says_so_and_leaves_nothing_half_written(
    size: int,
    epochs: int,
    file: str,
    left: list[str],
    few: Splits,
    quick: dict[str, Any],
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    changes = quick | SMALL | {"epochs": epochs}
    with _files_up_to(size), pytest.raises(TenfoldError, match="File too large") as caught:
        train(few, "digits", settings=changes, out=out, checkpoint_every=1e9)
    assert f"{out / file}: cannot be written" in str(caught.value)
    assert _names(out) == left


def test_with_room_again_a_run_goes_on(
    run: Run, few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with _files_up_to(10_000), pytest.raises(TenfoldError, match=f"{CHECKPOINT}: cannot"):
        train(few, "digits", settings=quick, out=out)
    left = iter(range(40, -1, -1))  # a run that goes on to its end is tested above
    with pytest.raises(RunStoppedError, match="Stopped after step 41 of 54"):
        train(few, out=out, resume=True, stop=lambda: next(left) == 0)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 4
    assert [line["loss"] for line in lines] == [epoch.loss for epoch in run.history[:4]]
    assert _names(out) == [CHECKPOINT, *STARTED]


def test_folders_nobody_can_write_to_are_told(few: Splits, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TenfoldError, match="file: is a file; choose a folder"):
        train(few, "digits", out=tmp_path / "file")
    locked = Path("/proc/locked")
    if os.geteuid():
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o555)
    elif not locked.parent.exists():
        pytest.skip("the superuser may write everywhere but in /proc, which is not here")
    with pytest.raises(TenfoldError, match="locked/run: no folder to write to"):
        train(few, "digits", out=locked / "run")


def test_data_that_cannot_be_used_leaves_no_folder_behind(few: Splits, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(UsageError, match="'digit' is neither a known data set"):
        train("digit", out=out)
    unlabelled = replace(few, train=replace(few.train, labels=None))
    with pytest.raises(DataError, match="no labels"):
        train(unlabelled, "digits", out=out)
    with pytest.raises(UsageError, match="halve pictures of 8×8"):
        train(few, "digits", settings={"network.channels": [4] * 6}, out=out)
    with_one = few.train.take(np.append(np.flatnonzero(few.train.targets != 3), 3))
    assert with_one.counts()[3] == 1
    with pytest.raises(DataError, match="only one picture of 3 in its training set; to hold"):
        train(replace(few, train=with_one), "digits", out=out)
    assert not out.exists()


def test_a_run_that_diverges_says_what_to_try(
    few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    settings = quick | {"network.name": "mlp", "optimizer.learning_rate": 1e30}
    with pytest.raises(TrainingError, match=r"no longer a number.*learning_rate=1e\+29"):
        train(few, "digits", settings=settings, out=tmp_path / "run")
    assert CHECKPOINT not in _names(tmp_path / "run")


def test_the_recipe_follows_from_the_size() -> None:
    assert choose_recipe(None, 8).name == "digits"
    assert choose_recipe(None, 15).name == "digits"
    assert choose_recipe(None, 16).name == choose_recipe(None, 28).name == "mnist"
    assert choose_recipe("tutorial", 28, {"epochs": 3}, 9).replace({"seed": 0}).epochs == 3
    assert choose_recipe(load_recipe("tutorial"), 8, None, 9).seed == 9


def test_devices() -> None:
    assert pick_device("cpu").type == "cpu"
    if torch.cuda.is_available():
        assert pick_device("auto").type == pick_device("cuda").type == "cuda"
        return
    assert pick_device("auto").type == "cpu"
    with pytest.raises(UsageError, match="this machine has no CUDA device"):
        pick_device("cuda")


def test_bfloat16_falls_back_where_it_would_be_slow(
    few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    _stopped(few, tmp_path / "run", quick | {"precision": "bfloat16"}, 1)
    used = load_recipe(tmp_path / "run" / "recipe.toml").precision
    capabilities: dict[str, object] = dict(torch.cpu.get_capabilities())
    fast = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    assert used == ("bfloat16" if fast or torch.cuda.is_available() else "float32")


def test_weights_that_break_in_the_last_step_are_told(few: Splits, tmp_path: Path) -> None:
    changes = {"epochs": 1, "batch": 1000, "optimizer.learning_rate": 1e30, "threads": 1}
    with pytest.raises(TrainingError, match="no longer a number"):
        train(few, "digits", settings=changes, out=tmp_path / "run")
    assert not (tmp_path / "run" / "model.onnx").exists()


def test_files_of_others_in_the_folder_are_not_overwritten(few: Splits, tmp_path: Path) -> None:
    mine = tmp_path / "recipe.toml"
    mine.write_text("epochs = 1 # mine\n")
    with pytest.raises(UsageError, match=r"recipe\.toml is in it and would be overwritten"):
        train(few, mine, out=tmp_path)
    assert mine.read_text() == "epochs = 1 # mine\n"


def test_a_test_part_of_another_size_is_refused_before_training(
    few: Splits, tmp_path: Path
) -> None:
    images = np.zeros((4, 16, 16), np.uint8)
    other = Dataset(images, np.arange(4, dtype=np.uint8), "other", "test")
    with pytest.raises(DataError, match="of 16×16 to measure on"):
        train(Splits(few.train, other, own_test=True), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_unknown_device_is_told(few: Splits) -> None:
    with pytest.raises(UsageError, match="device 'gpu' is not known; use auto, cpu, cuda"):
        train(few, device="gpu")  # type: ignore[call-overload]


def test_a_recipe_changed_since_is_not_resumed(
    few: Splits, quick: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    with pytest.raises(RunStoppedError):
        train(few, "digits", settings=quick, out=out, stop=lambda: True)
    recipe = out / "recipe.toml"
    recipe.write_text(re.sub(r"epochs = \d+", "epochs = 7", recipe.read_text()))
    with pytest.raises(TrainingError, match=r"another recipe than recipe\.toml is now"):
        train(few, out=out, resume=True)
