from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from tenfold.cli import app
from tenfold.cli.tutorial import read_steps, source
from tenfold.model import load_model
from tenfold.training.recipe import load_recipe


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What one epoch of the tutorial prints, and its run folder."""
    out = tmp_path_factory.mktemp("tutorial") / "run"
    result = CliRunner().invoke(
        app,
        ["tutorial", "--epochs", "1", "--out", str(out)],
        catch_exceptions=False,
        env={"COLUMNS": "80"},
    )
    assert result.exit_code == 0
    return result.stdout, out


def test_every_step_shows_its_code_and_its_real_shapes(told: tuple[str, Path]) -> None:
    text, _ = told
    shown = {line.strip() for line in text.splitlines()}
    assert "epochs, seed = 1, 0" in shown  # what is shown is what runs
    before, _, _ = text.partition("Trained in")  # and then where the files are
    assert max(len(line.rstrip()) for line in before.splitlines()) <= 80
    code = source().read_text(encoding="utf-8").replace("epochs, seed = 150, 0", "")
    for step in read_steps(code):
        assert not step.number or f"{step.number}. {step.title} " in text
        assert {line.strip() for line in step.code.splitlines()} <= shown
    for words in (
        "data (1797, 64), target (1797,)",
        "target[0] = 0",
        "images (1797, 1, 8, 8)",
        "images from 0 to 1",
        "targets (1797, 10), the 4th [0.0, 0.0, 0.0, 1.0, 0.0",
        "train (1597, 1, 8, 8), test (200, 1, 8, 8)",
        "53,002 parameters",
        "epoch   1: loss 0.0",
        "of 200; 95 % interval",
    ):
        assert words in text, words
    assert "▓▓▓▓▒▒▓▓░░" in text  # the first digit


def test_the_plain_steps_learn_as_the_recipe_does(told: tuple[str, Path]) -> None:
    text, out = told
    plain = re.search(r"^test accuracy ([\d.]+)%", text, re.MULTILINE)
    assert plain is not None
    accuracy = json.loads((out / "result.json").read_text())["test_accuracy"]
    assert float(plain[1]) / 100 == pytest.approx(accuracy, abs=0.2)  # after a single epoch


def test_every_layer_is_listed_with_its_parameters(told: tuple[str, Path]) -> None:
    rows = [line.split() for line in told[0].splitlines()]
    for layer, weights in (("Conv2d(1,", "320"), ("Conv2d(32,", "18,496")):
        assert any(row and row[0] == layer and row[-1] == weights for row in rows)
    linear = [row[-1] for row in rows if row and row[0].startswith("Linear(")]
    assert linear == ["32,896", "1,290"]


def test_it_is_a_run_like_any_other(told: tuple[str, Path]) -> None:
    text, out = told
    assert load_recipe(out / "recipe.toml") == load_recipe("tutorial").replace({"epochs": 1})
    assert json.loads((out / "result.json").read_text())["test_accuracy"] > 0.5
    assert load_model(out / "model.onnx", threads=1).info.parameters == 53_002
    assert str(out / "first.png") in text
    with Image.open(out / "first.png") as image:
        assert image.format == "PNG"


def test_no_epochs_are_refused() -> None:
    assert CliRunner().invoke(app, ["tutorial", "--epochs", "0"]).exit_code == 2
