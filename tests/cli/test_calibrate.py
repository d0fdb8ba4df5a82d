from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import ModelError, TenfoldError, UsageError
from tenfold.model import load_model
from tenfold.training.result import Run


@pytest.fixture(autouse=True)
def own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, write_npz: Callable[[Path], Path]
) -> Path:
    """Work in a folder of the test's own, with a model and a few digits in it."""
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "few.npz")
    shutil.copy(run.model, tmp_path / "model.onnx")
    return tmp_path


def _calibrate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["calibrate", *arguments], catch_exceptions=False)


def test_a_new_file_is_written_and_the_old_one_left(run: Run) -> None:
    text = _calibrate("model.onnx", "--data", "digits").stdout
    assert "fitted on 1,597 pictures (digits, train part)" in text
    assert "only roughly" not in text
    assert "only roughly" in _calibrate("model.onnx", "--data", "few.npz", "--out", "f.onnx").stdout
    assert "Written to model-calibrated.onnx" in text
    assert Path("model.onnx").read_bytes() == run.model.read_bytes()
    assert load_model("model-calibrated.onnx").info.temperature != 1


def test_json_and_quiet() -> None:
    options = ("model.onnx", "--data", "few.npz", "--out", "c.onnx")
    record = json.loads(_calibrate(*options, "--json").stdout)
    assert record["model"] == "c.onnx"
    assert record["pictures"] < 60  # what the recipe held out, not the test set
    before, after = (record[when]["negative_log_likelihood"] for when in ("before", "after"))
    assert after <= before
    assert _calibrate(*options, "--quiet").stdout == "c.onnx\n"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["gone.onnx", "--data", "few.npz"], ModelError, "gone.onnx: cannot be read"),
        (["model.onnx", "--data", "gone"], UsageError, "neither a known data set"),
        (["model.onnx", "--data", "few.npz", "--out", "no/c.onnx"], TenfoldError, "no/c.onnx"),
        (["model.onnx", "--data", "few.npz", "--out", "."], TenfoldError, "is a folder"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    arguments: list[str], error: type[TenfoldError], message: str, own_folder: Path
) -> None:
    before = sorted(own_folder.iterdir())
    with pytest.raises(error, match=message):
        _calibrate(*arguments)
    assert sorted(own_folder.iterdir()) == before


def test_pictures_of_another_size_are_told() -> None:
    images = np.zeros((80, 28, 28), np.uint8)
    np.savez("large.npz", images=images, labels=np.arange(80) % 10)
    with pytest.raises(ModelError, match="takes uint8 pictures"):
        _calibrate("model.onnx", "--data", "large.npz")


def test_no_file_of_others_is_overwritten() -> None:
    Path("photo.jpg").write_text("mine")
    with pytest.raises(TenfoldError, match="already exists"):
        _calibrate("model.onnx", "--data", "few.npz", "--out", "photo.jpg")
    assert Path("photo.jpg").read_text() == "mine"
    for force in (["--force"], []):  # then over its own
        done = _calibrate("model.onnx", "--data", "few.npz", "--out", "photo.jpg", *force)
        assert done.exit_code == 0
