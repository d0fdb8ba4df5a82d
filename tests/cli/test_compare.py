from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.cli.compare import _table
from tenfold.errors import UsageError
from tenfold.evaluation.metrics.paired import Paired
from tenfold.training.compare import Cell


@pytest.fixture(autouse=True)
def own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_npz: Callable[[Path], Path]
) -> Path:
    """Work in a folder of the test's own, with a few digits and a small recipe in it."""
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "few.npz")
    Path("small.toml").write_text("threads = 1\n[network]\nname = 'linear'\n")
    return tmp_path


def _compare(*arguments: str) -> Result:
    result = CliRunner().invoke(
        app, ["compare", "--data", "few.npz", "--recipe", "small.toml", "--epochs", "2", *arguments]
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


GRID = ["--losses", "cross-entropy,focal", "--optimizers", "adam, sgd", "--out", "here"]


def test_json_is_one_object_a_pair_the_best_first(own_folder: Path) -> None:
    result = _compare(*GRID, "--seeds", "2", "--json")
    assert result.stderr == ""
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert {(r["loss"], r["optimizer"]) for r in records} == {
        (loss, optimizer) for loss in ("cross-entropy", "focal") for optimizer in ("adam", "sgd")
    }
    means = [record["validation_accuracy_mean"] for record in records]
    assert means == sorted(means, reverse=True)
    assert all(len(r["validation_accuracies"]) == len(r["curve"]) == 2 for r in records)
    assert [r["verdict"] is None for r in records] == [True, False, False, False]
    assert all(
        r["against_best"].keys() == {"behind", "interval", "p", "p_here"} for r in records[1:]
    )
    assert json.loads(Path("here/compare.json").read_text()) == records
    with Image.open("here/curves.png") as image:
        assert image.format == "PNG"
        assert image.width > 800


@pytest.mark.parametrize("name", ["compare.json", "curves.png"])
def test_a_file_of_somebody_elses_is_overwritten_by_force_alone(name: str) -> None:
    Path("here").mkdir()
    Path("here", name).write_text("mine")
    once = [*GRID[-2:], "--losses", "focal", "--optimizers", "sgd", "--seeds", "1"]
    with pytest.raises(UsageError, match=rf"here: {name} is in it and would be overwritten"):
        _compare(*once)
    assert Path("here", name).read_text() == "mine"
    assert _compare(*once, "--force").exit_code == 0
    assert Path("here", name).read_bytes() != b"mine"


def test_people_get_a_table_that_fits_and_the_folder() -> None:
    widest = ["--losses", "mean-squared-error,focal", "--optimizers", "rmsprop, sgd"]
    text = _compare(*widest, "--seeds", "1", "--out", "here").stdout
    assert "validation accuracy in %: 60 pictures, 1 seed" in text
    assert "One seed says nothing about luck" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    table = text[: text.index("Best here: ")].splitlines()
    rows = [line.split() for line in table if line.startswith(("mean-squared", "focal"))]
    assert len(rows) == 4
    accuracies = [float(row[3]) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert "Figures and curves: here" in text


def test_the_method_is_named_and_a_hopeless_rate_is_called_worse() -> None:
    recipe = Path("small.toml").read_text() + "[optimizer]\nname = 'sgd'\nlearning_rate = 1e-9\n"
    Path("small.toml").write_text(recipe)
    pair = ["--losses", "cross-entropy", "--optimizers", "adam,sgd", "--epochs", "12"]
    text = _compare(*pair, "--seeds", "2", "--out", "here").stdout
    assert "Best here: cross-entropy, adam." in text
    assert "\nWorse: cross-entropy, sgd.\n" in text
    assert "Method: paired bootstrap over pictures and seeds, p < 0.05" in text


def test_the_number_of_processes_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def in_processes(function: Any, parts: Any, runs: Any, count: int, stop: Any) -> Iterator[Any]:
        asked.append(count)
        return ((n, function(parts, run, stop)) for n, run in enumerate(runs))

    monkeypatch.setattr("tenfold.training.compare.in_processes", in_processes)
    assert _compare(*GRID, "--seeds", "1", "--processes", "3", "--quiet").stdout
    assert asked == [3]


def test_quiet_names_the_best_alone() -> None:
    (line,) = _compare(*GRID, "--seeds", "1", "--quiet").stdout.splitlines()
    best = json.loads(Path("here/compare.json").read_text())[0]
    assert line == f"{best['loss']} {best['optimizer']}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--losses", "hinge"], "loss 'hinge' is not known. Known: cross-entropy, log-cosh"),
        (["--optimizers", "lion"], "optimizer 'lion' is not known. Known: rmsprop, sgd"),
        (["--losses", ","], "no loss to compare. Known: cross-entropy"),
        (["--optimizers", ""], "no optimizer to compare. Known: rmsprop"),
        (["--recipe", "gone.toml"], "gone.toml: cannot be read as a recipe"),
    ],
)
def test_mistakes_are_told(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        _compare("--out", "here", *arguments)
    assert message in str(caught.value)
    assert not list(Path("here").glob("*"))


def test_no_seeds_and_no_epochs_are_refused() -> None:
    assert _compare("--seeds", "0").exit_code == 2
    assert _compare("--epochs", "0").exit_code == 2


def test_the_widest_figures_fit_without_being_cut() -> None:
    right = np.zeros((5, 60), bool)
    right[:, :40] = True
    widest = Cell("mean-squared-error", "rmsprop", 0.00031, right, (), 543.21, 0)
    best = replace(widest, right=np.ones((5, 60), bool))
    against = Paired(behind=0.1234, interval=(-0.1234, 0.3456), p=0.5, p_here=0.5)
    console = Console(width=80, file=StringIO())
    console.print(_table([best, replace(widest, against=against)]))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "mean-squared-error rmsprop   0.00031  66.67" in text
    assert "12.34 −12.3 to 34.6 543" in text
