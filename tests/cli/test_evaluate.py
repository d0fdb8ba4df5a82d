from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import DataError, ModelError
from tenfold.training.outcome import Run


@pytest.fixture(autouse=True)
def own_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    write_npz: Callable[[Path], Path],
) -> Path:
    """Work in a folder of the test's own, with a model and a few digits in it."""
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "few.npz")
    shutil.copy(run.model, tmp_path / "model.onnx")
    return tmp_path


def _evaluate(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["evaluate", "model.onnx", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_json_is_one_object_with_every_figure(run: Run) -> None:
    result = _evaluate("--data", "few.npz", "--json")
    assert result.stderr == ""
    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    expected = run.evaluation.to_dict() | {"data": "few.npz"}
    assert {key: record[key] for key in expected} == expected
    assert record["model"] == "model.onnx"
    with Image.open(record["mistakes_picture"]) as image:
        assert image.format == "PNG"


def test_quiet_prints_the_accuracy_alone(run: Run) -> None:
    result = _evaluate("--data", "few.npz", "--quiet", "--mistakes", "m.png")
    assert result.stdout == f"{100 * run.evaluation.accuracy:.2f} %\n"
    assert Path("m.png").exists()
    assert not Path("mistakes.png").exists()


def test_people_get_figures_a_table_and_the_picture(run: Run) -> None:
    text = _evaluate("--data", "few.npz").stdout
    right = 60 - len(run.evaluation.mistakes)
    assert "model.onnx on few.npz (test part): loss " in text
    assert f"({right} of 60; 95 % interval " in text
    assert "Mistakes, the surest first: mistakes.png" in text
    rows = [line.split() for line in text.splitlines()]
    counts = run.evaluation.confusion.tolist()
    for digit, row in enumerate(counts):
        shown = ["·" if not n and i != digit else str(n) for i, n in enumerate(row)]
        assert [str(digit), *shown] in [cells[:11] for cells in rows]


@pytest.mark.parametrize(("split", "count"), [("train", 300), ("test", 60), ("all", 360)])
def test_a_part_can_be_asked_for(split: str, count: int) -> None:
    record = json.loads(_evaluate("--data", "few.npz", "--split", split, "--json").stdout)
    assert (record["split"], record["count"]) == (split, count)


def test_mistakes_are_told_and_nothing_is_written(own_folder: Path) -> None:
    np.savez("large.npz", images=np.zeros((3, 28, 28), np.uint8), labels=[1, 2, 3])
    np.savez("bare.npz", images=np.zeros((3, 8, 8), np.uint8))
    before = sorted(own_folder.iterdir())
    with pytest.raises(ModelError, match=r"takes uint8 pictures of shape \(n, 8, 8\)"):
        _evaluate("--data", "large.npz")
    with pytest.raises(DataError, match="has no labels"):
        _evaluate("--data", "bare.npz")
    with pytest.raises(ModelError, match=r"few\.npz: no ONNX model"):
        CliRunner().invoke(app, ["evaluate", "few.npz", "--data", "digits"], catch_exceptions=False)
    assert _evaluate().exit_code == 2  # without --data
    assert _evaluate("--data", "few.npz", "--split", "half").exit_code == 2
    assert sorted(own_folder.iterdir()) == before
