from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import ModelError, TenfoldError
from tenfold.model import open_model
from tenfold.training.export import with_info
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
    assert "\n---\n\n# Model card: model.onnx\n" in before
    assert "on 60 test images when it was trained" in before
    _tenfold("evaluate", "model.onnx", "--data", "few.npz", "--quick", "--json")
    done = _tenfold("card", "model.onnx", "--out", "card.md")
    assert done.stdout == ""
    card = Path("card.md").read_text()
    assert f"| few.npz, test split | 60 | {100 * run.evaluation.accuracy:.2f} % |" in card
    assert "| letters | 1,000 |" in card


def test_the_bundled_model_has_one() -> None:
    assert "Model card: bundled" in _tenfold("card", "bundled").stdout


def test_mistakes_are_told() -> None:
    with pytest.raises(ModelError, match=r"few\.npz: not a model file of tenfold's"):
        _tenfold("card", "few.npz")
    with pytest.raises(TenfoldError, match="cannot be written"):
        _tenfold("card", "model.onnx", "--out", "gone/card.md")


def test_metadata_reaches_no_terminal(run: Run) -> None:
    content = Path("model.onnx").read_bytes()
    info = replace(
        open_model(content, "").info, data="\x1b]0;\x07\n# Heading", versions={"\x9b": "\x1b[31m"}
    )
    Path("\x1b.onnx").write_bytes(with_info(content, info))
    printed = _tenfold("card", "\x1b.onnx").stdout
    _tenfold("card", "\x1b.onnx", "--out", "card.md")
    assert Path("card.md").read_text() == printed
    assert "\n# Model card: \\x1b.onnx\n" in printed
    assert r"| data | \x1b]0;\x07\n# Heading, " in printed
    assert not set(printed) & set("\x1b\x07\x9b")


def test_a_card_overwrites_no_file_of_others() -> None:
    Path("README.md").write_text("mine")
    with pytest.raises(TenfoldError, match="already exists"):
        _tenfold("card", "model.onnx", "--out", "README.md")
    assert Path("README.md").read_text() == "mine"
    for force in (["--force"], []):  # then over its own
        assert _tenfold("card", "model.onnx", "--out", "README.md", *force).exit_code == 0


@pytest.mark.parametrize("name", ["finder", "line"])
def test_the_networks_that_find_and_read_lines_have_cards(name: str) -> None:
    assert _tenfold("card", name).stdout.startswith("# The network that")
