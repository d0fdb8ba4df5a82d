from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli.data import app
from tenfold.errors import DataError, TenfoldError, UsageError

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    monkeypatch.delenv("TENFOLD_DATA", raising=False)
    return tmp_path


def _run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, [*arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_show_prints_counts_size_range_and_digits_and_saves_the_sheet(own_folder: Path) -> None:
    result = _run("show", "digits")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("digits: 1,797 images of 8×8, values 0–255")
    assert [line.split() for line in lines if line.startswith(("train", "test", "all"))] == [
        ["train", "160", "161", "158", "161", "159", "163", "159", "159", "157", "160", "1597"],
        ["test", "18", "21", "19", "22", "22", "19", "22", "20", "17", "20", "200"],
        ["all", "178", "182", "177", "183", "181", "182", "181", "179", "174", "180", "1797"],
    ]
    assert "█" in result.stdout
    with Image.open(own_folder / "digits-samples.png") as image:
        assert image.format == "PNG"
        assert image.width > 800


def test_show_json_is_one_object(own_folder: Path) -> None:
    record = json.loads(_run("show", "digits", "--json", "--out", "s.png").stdout)
    assert record["name"] == "digits"
    assert (record["pictures"], record["size"]) == (1797, 8)
    assert (record["min"], record["max"]) == (0, 255)
    assert record["parts"]["test"]["counts"]["9"] == 20
    assert record["parts"]["train"]["pictures"] == 1597
    assert (own_folder / record["sheet"]).exists()


@pytest.mark.parametrize(("split", "count"), [("train", 1597), ("test", 200), ("all", 1797)])
def test_show_takes_one_part(split: str, count: int) -> None:
    record = json.loads(_run("show", "digits", "--split", split, "--json").stdout)
    assert {name: part["pictures"] for name, part in record["parts"].items()} == {split: count}


def test_quiet_leaves_the_drawing_out() -> None:
    text = _run("show", "digits", "--quiet").stdout
    assert "█" not in text
    assert "1597" in text


def test_a_set_without_labels_is_shown_without_counts(own_folder: Path) -> None:
    np.savez(own_folder / "bare.npz", images=np.eye(12)[None])
    assert "Without labels." in _run("show", "bare.npz").stdout
    assert (own_folder / "bare-samples.png").exists()
    record = json.loads(_run("show", "bare.npz", "--json").stdout)
    assert record["parts"] == {"all": {"pictures": 1, "counts": None}}


def test_a_set_too_small_to_split_is_shown(own_folder: Path) -> None:
    np.savez(own_folder / "one.npz", images=np.eye(12)[None], labels=[7])
    record = json.loads(_run("show", "one.npz", "--json").stdout)
    assert record["parts"]["all"]["counts"]["7"] == 1


def test_mistakes_are_told_and_nothing_is_written(own_folder: Path) -> None:
    (own_folder / "bad.csv").write_text("1,2\n")
    before = sorted(own_folder.iterdir())
    with pytest.raises(DataError, match=r"bad\.csv:1"):
        _run("show", "bad.csv")
    with pytest.raises(UsageError, match="'mnits' is neither"):
        _run("show", "mnits")
    with pytest.raises(UsageError, match=r"s\.gif: the sheet of samples is a PNG"):
        _run("show", "digits", "--out", "s.gif")
    assert sorted(own_folder.iterdir()) == before


def test_a_table_of_numbers_is_told_what_takes_it(own_folder: Path) -> None:
    (own_folder / "numbers.csv").write_text("file,truth\nline.png,1234\n")
    with pytest.raises(
        DataError, match=r"numbers \(columns 'file' and 'truth'\), which 'tenfold ev"
    ):
        _run("show", "numbers.csv")
    (own_folder / "other.csv").write_text("picture;number\nmine/0/a.jpg;0\n")
    with pytest.raises(DataError, match="first line, picture, number, does not say in which"):
        _run("show", "other.csv")


def test_list_says_what_is_at_hand() -> None:
    text = _run("list").stdout
    assert "built in" in text
    assert "not here yet" in text
    digits, mnist = (json.loads(line) for line in _run("list", "--json").stdout.splitlines())
    assert (digits["name"], digits["pictures"]) == ("digits", 1797)
    assert (mnist["name"], mnist["place"]) == ("mnist", None)


@pytest.mark.parametrize("command", ["show", "list"])
def test_help_has_a_worked_example(command: str) -> None:
    assert f"tenfold data {command}" in _run(command, "--help").stdout


def test_bad_data_costs_one_line_and_exit_code_1(own_folder: Path) -> None:
    (own_folder / "bad.csv").write_text("1,2\n")
    command = [sys.executable, "-c", "from tenfold.cli import main; main()"]
    result = subprocess.run(
        [*command, "data", "show", "bad.csv"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "bad.csv:1" in result.stderr


def test_the_docs_page_shows_the_real_output() -> None:
    assert _run("show", "digits").stdout.rstrip() in PAGE.read_text()


def test_a_sheet_overwrites_no_file_of_others(own_folder: Path) -> None:
    sheet = own_folder / "digits-samples.png"
    sheet.write_text("mine")
    with pytest.raises(TenfoldError, match="already exists and is not known to be tenfold's"):
        _run("show", "digits")
    assert sheet.read_text() == "mine"
    for _ in range(2):
        assert _run("show", "digits", "--quiet", "--force").exit_code == 0
    assert _run("show", "digits", "--quiet").exit_code == 0  # over its own


def test_a_hostile_name_reaches_no_terminal(own_folder: Path) -> None:
    name = "\x1b[31m\n.npz"
    np.savez(own_folder / name, images=np.eye(12)[None])
    result = _run("show", name, "--out", "s.png")
    assert result.stdout.startswith(r"\x1b[31m\n.npz: 1 images")
    assert json.loads(_run("show", name, "--json").stdout)["name"] == r"\x1b[31m\n.npz"
