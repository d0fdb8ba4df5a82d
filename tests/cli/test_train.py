from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.cli.train import report
from tenfold.data.splits import Splits
from tenfold.decoders import DAMAGED
from tenfold.errors import DataError, TrainingError, UsageError
from tenfold.reader.networks import LINE, bundled_content
from tenfold.training.export import with_info
from tenfold.training.pages.recipe import PagesRecipe
from tenfold.training.pages.run import KINDS, PagesRun
from tenfold.training.recipe import parse_any
from tenfold.training.result import Run
from tenfold.training.run import RunStoppedError
from tenfold.training.seeds import Seeds, train_seeds

QUICK = [
    *("--set=epochs=2", "--set=batch=32", "--set=threads=1", "--set=network.name=linear"),
    "--set=validation=0",  # of two epochs it would say that they are too few
]


@pytest.fixture(autouse=True)
def own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_npz: Callable[[Path], Path]
) -> Path:
    """Work in a folder of the test's own, with a few digits in it."""
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "few.npz")
    return tmp_path


def _train(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["train", "--data", "few.npz", *QUICK, *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _pictures(folder: Path) -> Path:
    """Write 60 pictures of noise into folders, one of them damaged, and put a pipe beside them."""
    rng = np.random.default_rng(0)
    for number in range(60):
        path = folder / str(number % 10) / f"{number}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = Image.fromarray((rng.random((28, 28)) < 0.5).astype(np.uint8) * 255).convert("1")
        noise.save(path, "TIFF", compression="group4")
    content = bytearray(path.read_bytes())
    content[100] ^= 0x55
    path.write_bytes(content)
    os.mkfifo(folder / "0" / "pipe.png")
    return path


@pytest.mark.parametrize("command", ["train", "compare", "evaluate", "data"])
def test_damage_and_pipes_among_pictures_cost_one_line_each(
    command: str, own_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = _pictures(own_folder / "mine")
    arguments = {
        "train": ["train", "--data", "mine", "--recipe", "digits", *QUICK, "--out", "run"],
        "compare": ["compare", "--data", "mine", "--recipe", "digits", "--epochs", "1",
                    "--seeds", "1", "--losses", "cross-entropy", "--optimizers", "adam"],
        "evaluate": ["evaluate", "bundled", "--data", "mine", "--quiet"],
        "data": ["data", "show", "mine"],
    }[command]  # fmt: skip
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    told = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert told == [
        "Warning: mine/0/pipe.png: is a pipe, not a file, and was left out.",
        f"Warning: {damaged.relative_to(own_folder)}: {DAMAGED}.",
    ]
    assert capfd.readouterr() == ("", "")  # what libtiff says


def test_json_prints_an_object_an_epoch_and_a_last_one(own_folder: Path) -> None:
    result = _train("--json", "--seed", "3", "--out", "run")
    assert result.exit_code == 0
    assert result.stderr == ""
    first, second, done = (json.loads(line) for line in result.stdout.splitlines())
    for number, epoch in enumerate((first, second), start=1):
        assert epoch["event"] == "epoch"
        assert (epoch["epoch"], epoch["epochs"]) == (number, 2)
        assert {"loss", "accuracy", "validation_loss", "validation_accuracy"} < epoch.keys()
        assert epoch["images_per_second"] > 0
    assert done["event"] == "done"
    assert done.keys() >= {
        "test_accuracy",
        "test_loss",
        "test_count",
        "train_seconds",
        "total_seconds",
        "model",
        "seed",
    }
    assert (done["seed"], done["test_count"], done["model"]) == (3, 60, "run/model.onnx")
    assert 0 < done["train_seconds"] < done["total_seconds"]
    assert json.loads(Path("run/result.json").read_text()) == {
        key: value for key, value in done.items() if key != "event"
    }


def test_quiet_prints_the_model_file_alone(own_folder: Path) -> None:
    result = _train("--quiet", "--out", "run")
    assert (result.stdout, result.stderr) == ("run/model.onnx\n", "")
    assert Path("run/model.onnx").exists()


def test_people_get_loss_accuracy_interval_confusion_and_the_folder(own_folder: Path) -> None:
    result = _train("--out", "[run]")  # no markup, but a folder's name
    assert "2 epochs in " in result.stdout
    assert "Test set, 60 images: loss " in result.stdout
    assert "95 % interval" in result.stdout
    assert "precision" in result.stdout
    assert "Run folder: [run]\n" in result.stdout
    # What was assumed and chosen; no progress bar where nobody watches.
    assert result.stderr.splitlines() == [
        "few.npz: 360 images of 8×8, kept as they are.",
        "Chosen for 300 images: recipe digits, batch 32, 2 epochs, more augmentation, "
        "no validation.",
    ]


def test_copies_and_single_glyphs_are_told(own_folder: Path, few: Splits) -> None:
    images, labels = (np.concatenate([a, a]) for a in (few.train.images, few.train.targets))
    np.savez("twice.npz", images=images, labels=labels)
    result = _train("--data", "twice.npz", "--set=epochs=1", "--out", "run")
    (told,) = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert re.match(r"Warning: twice\.npz: \d+ of 120 test images \(\d+ %\) are among the", told)
    assert "1 epoch in " in result.stdout
    np.savez("few.npz", images=few.train.images[:12], labels=few.train.targets[:12])
    with pytest.raises(DataError, match=r"only one picture of 2, 3, .* or use 'tenfold fine-tune'"):
        _train("--out", "none")


def test_mistakes_are_told_and_nothing_is_written(own_folder: Path) -> None:
    before = sorted(own_folder.iterdir())
    with pytest.raises(UsageError, match=r"loss\.name = 'hinge'.*must be one of"):
        _train("--set", "loss.name=hinge")
    with pytest.raises(UsageError, match="there is no key 'lr'"):
        _train("--set", "lr=1")
    with pytest.raises(UsageError, match="write it as key=value"):
        _train("--set", "epochs")
    with pytest.raises(UsageError, match="recipe 'bset' is not known"):
        _train("--recipe", "bset")
    with pytest.raises(UsageError, match="--resume needs --out"):
        _train("--resume")
    assert _train("--device", "tpu").exit_code == 2
    assert _train("--checkpoint-every", "-1").exit_code == 2
    assert sorted(own_folder.iterdir()) == before


def test_trackers_are_named_and_the_old_option_is_taken_with_a_hint() -> None:
    with pytest.raises(UsageError, match="tracker 'wandb' is not known"):
        _train("--track", "wandb", "--out", "run")
    result = _train("--tensorboard", "--out", "run")
    assert result.stderr.startswith(
        "Warning: --tensorboard is called --track tensorboard now; the old name goes with"
    )
    assert list(Path("run/tensorboard").iterdir())


def test_a_run_that_diverges_says_what_to_try() -> None:
    with pytest.raises(TrainingError, match=r"--set optimizer\.learning_rate=1e\+29"):
        _train("--set", "optimizer.learning_rate=1e30", "--set", "network.name=mlp")


def test_exit_codes() -> None:
    assert (TrainingError.exit_code, UsageError.exit_code) == (1, 2)
    assert RunStoppedError.exit_code == 130


def test_several_seeds_are_summarised(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Seeds] = []

    def once(count: int, *what: Any, on_run: Callable[[Run], None], **wishes: Any) -> Seeds:
        """Train the first time; later tell the same again."""
        assert (count, wishes["seed"]) == (2, 5)
        if made:
            for run in made[0].runs:
                on_run(run)
        else:
            made.append(train_seeds(count, *what, on_run=on_run, **wishes))
        return made[0]

    monkeypatch.setattr("tenfold.training.seeds.train_seeds", once)
    command = ("--seeds", "2", "--seed", "5", "--out", "all")
    *_, last = (json.loads(line) for line in _train(*command, "--json").stdout.splitlines())
    assert (last["event"], last["seeds"]) == ("seeds", [5, 6])
    assert last == {"event": "seeds"} | json.loads(Path("all/seeds.json").read_text())
    text = _train(*command).stdout
    assert "seed 6: accuracy " in text
    assert "2 seeds: accuracy " in text
    assert "95 % interval of the mean" in text
    assert _train(*command, "--quiet").stdout == "all\n"


def test_several_seeds_are_not_resumed() -> None:
    with pytest.raises(UsageError, match="--resume goes on with one run"):
        _train("--seeds", "2", "--resume", "--out", "all")


def test_a_run_on_composed_strips_prints_what_it_came_to(
    own_folder: Path,
    large: Splits,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("tenfold.synthesis.pages.hands.HELD_OUT", 200)
    monkeypatch.setattr("tenfold.training.pages.run.MOST_PAGES", 1)
    # What is exported is tested with the run itself; here tenfold's own network takes its place.
    kind = replace(KINDS["line"], export=lambda _, info: with_info(bundled_content(LINE), info))
    monkeypatch.setitem(KINDS, "line", kind)
    train, test = large.train, large.test
    np.savez(
        own_folder / "large.npz",
        x_train=train.images, y_train=train.targets, x_test=test.images, y_test=test.targets,
    )  # fmt: skip
    tiny = [f"--set={key}" for key in ("steps=1", "batch=2", "validation=2")]
    command = ["train", "--data", "large.npz", "--recipe", "line", *tiny]
    result = CliRunner().invoke(app, [*command, "--out", "run", "--json"])
    (done,) = (json.loads(line) for line in result.stdout.splitlines())
    assert (done["event"], done["recipe"], done["strips"]) == ("done", "line", 2)
    recipe = parse_any(Path("run/recipe.toml").read_text(), "run/recipe.toml")
    assert isinstance(recipe, PagesRecipe)
    figures = {name: done[name] for name in ("strings_right", "character_error", "strips")}
    folder = Path("run")
    report(PagesRun(folder, folder / "model.onnx", recipe, done["data"], figures, 1.0, 2.0))
    shown = capsys.readouterr().out
    assert "Recipe line on strips composed of large.npz: 1 steps in " in shown
    assert "On 2 strips of hands and fonts held out:" in shown
    assert "character error" in shown
    assert "Run folder: run\n" in shown
    with pytest.raises(UsageError, match="one seed at a time"):
        _refused([*command, "--seeds", "2"])


def _refused(command: list[str]) -> None:
    error = CliRunner().invoke(app, command).exception
    assert error is not None
    raise error


def test_one_class_alone_is_warned_of_in_one_line(own_folder: Path, few: Splits) -> None:
    ones = few.train.images[few.train.targets == 1]
    np.savez("ones.npz", images=ones, labels=np.ones(len(ones), int))
    result = CliRunner().invoke(app, ["train", "--data", "ones.npz", *QUICK, "--out", "run"])
    assert result.exit_code == 0
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert line.startswith("Warning: ones.npz: all ")
    assert "accuracy only says how many of the test pictures show 1 too." in line


def test_a_picture_of_others_in_the_run_folder_is_left_alone(own_folder: Path) -> None:
    for name in ("samples.png", "result.json", "learning-curve.png"):
        Path("mine").mkdir(exist_ok=True)
        Path("mine", name).write_text("mine")
        with pytest.raises(UsageError, match=f"{name} is in it and would be overwritten"):
            _train("--out", "mine")
        Path("mine", name).unlink()
