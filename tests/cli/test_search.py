from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import UsageError
from tenfold.training.recipe import load_recipe


@pytest.fixture(autouse=True)
def own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_npz: Callable[[Path], Path]
) -> Path:
    """Work in a folder of the test's own, with a few digits, a recipe and a space in it."""
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "few.npz")
    Path("small.toml").write_text("threads = 1\nepochs = 2\n[network]\nname = 'linear'\n")
    Path("space.toml").write_text(
        "optimizer.learning_rate = { low = 1e-4, high = 0.1, log = true }"
    )
    return tmp_path


def _search(*arguments: str) -> Result:
    common = ["--data", "few.npz", "--recipe", "small.toml"]
    result = CliRunner().invoke(app, ["search", *common, *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_people_get_the_best_and_where_it_lies() -> None:
    text = _search("space.toml", "--trials", "3", "--out", "here").stdout
    assert "3 trials finished, 0 pruned, 0 failed; judged on 60 validation pictures" in text
    assert "No importance.png: what mattered is told from 10 finished trials on." in text
    assert not Path("here/importance.png").exists()
    assert "1 trial finished," in _search("space.toml", "--trials", "1", "--out", "one").stdout
    assert "Best: trial " in text
    assert "The recipe it began with: " in text
    assert "  optimizer.learning_rate" in text
    assert "  best.toml          tenfold train --recipe here/best.toml" in text
    assert max(map(len, text.splitlines())) <= 80
    assert load_recipe("here/best.toml").name == "small-search"


def test_json_and_quiet_go_on_with_the_search() -> None:
    (line,) = _search("space.toml", "--trials", "2", "--out", "here", "--json").stdout.splitlines()
    record = json.loads(line)
    assert record["trials"] == {"whole": 2, "pruned": 0, "failed": 0}
    assert record["recipe"] == "here/best.toml"
    assert 0 < record["validation_interval"][0] < record["validation_accuracy"] <= 1
    done = _search("space.toml", "--trials", "3", "--out", "here", "--quiet")
    assert (done.stdout, done.stderr) == ("here/best.toml\n", "")
    assert len(Path("here/trials.csv").read_text().splitlines()) == 4


def test_the_usual_space_is_shown_to_be_copied() -> None:
    Path("mine.toml").write_text(_search("--show-space").stdout)
    record = json.loads(_search("mine.toml", "--trials", "2", "--out", "here", "--json").stdout)
    assert "augment.rotation" in record["changes"]


def test_mistakes_are_told() -> None:
    Path("space.toml").write_text("[optimizer]\nlr = [1]")
    with pytest.raises(UsageError, match=r"Did you mean optimizer\.learning_rate"):
        _search("space.toml", "--out", "here")
    assert not Path("here").exists()
    assert _search("--trials", "0").exit_code == 2
    assert _search("--pruner", "shears").exit_code == 2
    with pytest.raises(UsageError, match="cannot hold out 2"):
        _search("--validation", "2", "--out", "here")
