from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import ModelError, TenfoldError, UsageError
from tenfold.training.result import Run

SMALL = Path(__file__).parents[1] / "export" / "small.onnx"
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def folder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a copy of the model file to work in."""
    monkeypatch.chdir(tmp_path)
    Path("my-model.onnx").write_bytes(run.model.read_bytes())
    return tmp_path


def _tenfold(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments], catch_exceptions=False)


def test_files_are_named_after_the_model() -> None:
    done = _tenfold("bundled", "--to", "torch", "--out", "new/torch")
    assert done.stdout.startswith("new/torch/digits.py\nnew/torch/digits.safetensors\n")
    assert "differ from those of ONNX Runtime by" in done.stdout
    assert Path("new/torch/digits.safetensors").is_file()


def test_a_name_that_no_module_can_have_is_model() -> None:
    done = _tenfold("my-model.onnx", "--to", "torch", "--out", ".", "--quiet")
    assert done.stdout == "model.py\nmodel.safetensors\n"
    assert "from model import load" in Path("model.py").read_text()


@pytest.mark.parametrize("name", ["torch", "class", "json"])
def test_no_module_hides_another(name: str) -> None:
    Path("my-model.onnx").rename(f"{name}.onnx")
    _tenfold(f"{name}.onnx", "--to", "torch", "--out", "out")
    assert sorted(path.name for path in Path("out").iterdir()) == ["model.py", "model.safetensors"]


@pytest.mark.parametrize("name", ["bundled", "finder", "line"])
def test_what_is_not_written_in_c_is_told_before_pictures_are_looked_for(name: str) -> None:
    with pytest.raises(UsageError, match="is not written in C"):
        _tenfold(name, "--to", "c", "--out", "out", "--data", "gone.npz")


def test_json_says_what_was_found() -> None:
    pytest.importorskip("keras")
    done = _tenfold("my-model.onnx", "--to", "keras", "--out", "k", "--json")
    found = json.loads(done.stdout)
    assert found["files"] == ["k/model.keras"]
    assert found["difference"] < 1e-5


def test_files_of_others_stay() -> None:
    Path("model.py").write_text("mine")
    with pytest.raises(TenfoldError, match="already exists"):
        _tenfold("my-model.onnx", "--to", "torch", "--out", ".")
    assert not Path("model.safetensors").exists()
    assert Path("model.py").read_text() == "mine"
    for force in (["--force"], []):  # then over its own
        assert _tenfold("my-model.onnx", "--to", "torch", "--out", ".", *force).exit_code == 0


def test_mistakes_are_told() -> None:
    with pytest.raises(UsageError, match="--data goes with '--to c' alone"):
        _tenfold("bundled", "--to", "torch", "--out", ".", "--data", "mnist")
    with pytest.raises(UsageError, match="takes no glyphs"):
        _tenfold("my-model.onnx", "--to", "onnx", "--out", ".")
    with pytest.raises(TenfoldError, match="8×8; the network takes 28×28"):
        _tenfold(str(SMALL), "--to", "c", "--out", ".", "--data", "digits")
    with pytest.raises(ModelError, match=r"gone\.onnx: cannot be read"):
        _tenfold("gone.onnx", "--to", "c", "--out", ".")
    assert {path.name for path in Path().iterdir()} == {"my-model.onnx"}
    assert (
        CliRunner().invoke(app, ["export", "bundled", "--to", "pmml", "--out", "."]).exit_code == 2
    )
