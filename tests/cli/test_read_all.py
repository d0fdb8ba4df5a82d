from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.cli.read_all import words_of
from tenfold.errors import DataError, TenfoldError, UsageError
from tenfold.scale.run import Progress


@pytest.fixture
def folder(hand: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    for text in ("42", "7", "358"):
        Image.fromarray(hand.write(text, height=40)).save(f"scans/{text}.png")
    Path("scans/notes.md").touch()
    return tmp_path


def _run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["read", *arguments])
    if isinstance(result.exception, TenfoldError):
        raise result.exception
    return result


def _texts(out: str) -> dict[str, str | None]:
    parts = sorted(Path(out).glob("part-*.jsonl"))
    rows = [json.loads(line) for part in parts for line in part.read_text().splitlines()]
    return {row["id"]: row["text"] for row in rows}


def test_folders_patterns_and_lists_become_rows(folder: Path) -> None:
    Path("list.txt").write_text("# of May\nscans/42.png\n\n./#1.png\nscans/missing.png\n")
    result = _run("scans", "--out", "a.jsonl", "--workers", "1")
    assert result.exit_code == 0
    assert result.stdout == "3 pictures, 3 rows, 0 errors: a.jsonl\n"
    assert "1 file was left out, no pictures by name: scans/notes.md." in result.stderr
    assert _texts("a.jsonl") == {"scans/358.png": "358", "scans/42.png": "42", "scans/7.png": "7"}
    result = _run("list.txt", "scans/7*", "--out", "b.jsonl", "--workers", "1", "--json")
    assert result.exit_code == 1
    record = json.loads(result.stdout)
    assert record.pop("rate") > 0
    assert record == {"out": "b.jsonl", "pictures": 4, "rows": 4, "errors": 2}
    assert _texts("b.jsonl") == {
        "scans/42.png": "42", "./#1.png": None, "scans/missing.png": None, "scans/7.png": "7",
    }  # fmt: skip
    result = _run("scans/7.png", "--out", "c.jsonl", "--workers", "1")
    assert result.stdout == "1 picture, 1 row, 0 errors: c.jsonl\n"


def test_what_leads_nowhere_ends_the_command_before_anything_is_written(folder: Path) -> None:
    Path("empty").mkdir()
    for argument, words in {
        "void/*": r"void/\*: no file matches this pattern",
        "-": "--out reads files",
        "empty": "empty: no pictures in this folder",
        "nosuch": "nosuch: no such file",
        "nosuch/": "nosuch/: no such file",
        "nosuch.tar": "nosuch.tar: no such file",
        "nosuch.txt": "nosuch.txt: no such file",
    }.items():
        for resume in ([], ["--resume"]):
            with pytest.raises(DataError, match=words):
                _run("scans", argument, "--out", "a.jsonl", *resume)
            assert not Path("a.jsonl").exists()
    assert _run("scans", "--out", "a.jsonl", "--resume", "--quiet").stdout == ""
    assert len(_texts("a.jsonl")) == 3


def test_who_goes_on_gives_the_same_pictures(folder: Path) -> None:
    _run("scans", "--out", "a.jsonl", "--workers", "1")
    for other, now in ((["scans/7.png"], "scans/7.png"), (["scans", "b"], "b, scans")):
        words = rf"a\.jsonl: was begun with other pictures \(scans; now {now}\)"
        with pytest.raises(UsageError, match=words):
            _run(*other, "--out", "a.jsonl", "--resume")
    result = _run("scans/", "--out", "a.jsonl", "--resume")
    assert result.stdout == "3 pictures, 3 rows, 0 errors: a.jsonl\n"
    # What was begun before the pictures were written down.
    manifest = Path("a.jsonl/_manifest.jsonl")
    head, *lines = manifest.read_text().splitlines()
    record = json.loads(head)
    assert record.pop("inputs") == ["scans"]
    manifest.write_text("\n".join([json.dumps(record), *lines, ""]))
    assert _run("scans/7.png", "--out", "a.jsonl", "--resume").exit_code == 0


def test_an_address_is_told_from_a_path(folder: Path) -> None:
    for how in ([], ["--out", "a.jsonl"]):
        words = r"^s3://bucket/x: is an address; .* local and mounted .*read_dataset\(ray\.data\."
        with pytest.raises(UsageError, match=words):
            _run("scans", "s3://bucket/x", *how)
    assert not Path("a.jsonl").exists()


def test_shards_without_out_are_told_how_they_are_read(folder: Path) -> None:
    for name in ("a.tar", "a.parquet", "list.txt"):
        Path(name).write_bytes(b"many pictures")
        result = _run(name)
        assert result.exit_code == 1
        assert "Tar shards, Parquet and lists of paths are read with --out." in result.stderr
    Path("a.png").write_bytes(b"no picture")
    assert "--out" not in _run("a.png").stderr


def test_options_that_exclude_each_other_are_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="--resume goes on with an output"):
        _run("scans", "--resume")
    for option in (["--csv"], ["--annotate", "x"], ["--pages", "1"]):
        with pytest.raises(UsageError, match="--out writes rows alone"):
            _run("scans", "--out", "a.jsonl", *option)
    assert not Path("a.jsonl").exists()


def test_ctrl_c_keeps_what_was_read_and_says_how_to_go_on(folder: Path) -> None:
    Path("many.txt").write_text("scans/42.png\n" * 400)
    command = [sys.executable, "-m", "tenfold", "read", "many.txt", "--out", "a.jsonl"]
    process = subprocess.Popen(
        [*command, "--workers", "1", "--part-size", "1"], stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    while not list(Path("a.jsonl").glob("part-*")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of them
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Go on with the same command and --resume: a.jsonl" in errors
    count = int(errors.partition("Stopped after ")[2].split()[0])
    assert count == len(list(Path("a.jsonl").glob("part-*"))) > 0


def test_how_far_it_is_fits_a_line() -> None:
    progress = Progress(12_345_678, 12_345_679, 1_234, 5_000, 0.25, 0.2, time.monotonic() - 100)
    assert words_of(progress) == "12,345,678 pictures · 50.0/s · 1,234 errors · 25:00 min left"
    assert words_of(Progress(1, 1, 1)) == "1 picture · 1 error"
