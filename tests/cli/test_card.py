from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import ModelError, TenfoldError
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


def _tenfold(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments], catch_exceptions=False)


def test_a_card_takes_over_what_was_evaluated(run: Run) -> None:
    before = _tenfold("card", "model.onnx").stdout
    assert before.startswith("# Model card: model.onnx\n")
    assert "of 60 test images read right when it was trained" in before
    _tenfold("evaluate", "model.onnx", "--data", "few.npz", "--quick", "--json")
    done = _tenfold("card", "model.onnx", "--out", "card.md")
    assert done.stdout == ""
    card = Path("card.md").read_text()
    assert f"| few.npz, test part | 60 | {100 * run.evaluation.accuracy:.2f} % |" in card
    assert "| letters | 1,000 |" in card


def test_the_bundled_model_has_one() -> None:
    assert "Model card: bundled" in _tenfold("card", "bundled").stdout


def test_mistakes_are_told() -> None:
    with pytest.raises(ModelError, match=r"few\.npz: no ONNX model"):
        _tenfold("card", "few.npz")
    with pytest.raises(TenfoldError, match="cannot be written"):
        _tenfold("card", "model.onnx", "--out", "gone/card.md")
