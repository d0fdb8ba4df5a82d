from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import TenfoldError, UsageError


@pytest.fixture
def folder(hand: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans" / "deep").mkdir(parents=True)
    Image.fromarray(hand.write("42")).save("scans/a.png")
    Image.fromarray(hand.write("7\n358")).save("scans/deep/b.jpg", quality=95)
    Path("scans/notes.txt").write_text("no picture")
    Path("broken.png").write_text("no picture")
    return tmp_path


def _run(*arguments: str, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(app, ["read", *arguments], input=stdin)
    if isinstance(result.exception, TenfoldError):
        raise result.exception
    return result


def test_people_get_the_text_line_by_line(folder: Path) -> None:
    result = _run("scans")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "scans/a.png: 42",
        "scans/deep/b.jpg:",
        "  7",
        "  358",
    ]


def test_json_is_one_object_a_picture(folder: Path) -> None:
    records = [json.loads(line) for line in _run("scans/**/*.*g", "--json").stdout.splitlines()]
    assert [(record["file"], record["text"]) for record in records] == [
        ("scans/a.png", "42"),
        ("scans/deep/b.jpg", "7\n358"),
    ]
    assert {"lines", "digits", "seconds"} <= set(records[0])
    assert records[1]["digits"][1]["line"] == 1


def test_csv_is_one_row_a_line(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_run("scans", "--csv").stdout)))
    assert [(row["file"], row["line"], row["text"], row["digits"]) for row in rows] == [
        ("scans/a.png", "1", "42", "2"),
        ("scans/deep/b.jpg", "1", "7", "1"),
        ("scans/deep/b.jpg", "2", "358", "3"),
    ]


def test_standard_input_is_read(folder: Path) -> None:
    result = _run("-", "--quiet", stdin=Path("scans/a.png").read_bytes())
    assert result.stdout == "42\n"


def test_the_others_are_read_even_if_one_cannot_be(folder: Path) -> None:
    result = _run("broken.png", "nothing.png", "scans/a.png", "void/*.png", "--quiet")
    assert result.exit_code == 1
    assert result.stdout == "42\n"
    errors = result.stderr.strip().splitlines()
    assert len(errors) == 3
    for name, line in zip(["void/*.png", "broken.png", "nothing.png"], sorted(errors), strict=True):
        assert any(name in error for error in errors), (name, line)


def test_a_folder_without_pictures_is_an_error(folder: Path) -> None:
    Path("empty").mkdir()
    result = _run("empty")
    assert result.exit_code == 1
    assert "no pictures in this folder" in result.stderr


def test_nothing_read_says_so(folder: Path) -> None:
    Image.new("L", (60, 60), 255).save("blank.png")
    assert _run("blank.png").stdout == "blank.png: nothing read\n"


def test_copies_and_steps_are_drawn(folder: Path) -> None:
    assert _run("scans", "--annotate", "out", "--explain", "steps", "--quiet").exit_code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "scans-a.png.read.png",
        "scans-deep-b.jpg.read.png",
    ]
    assert len(list(Path("steps", "scans-a.png").iterdir())) == 5


def test_csv_and_json_exclude_each_other(folder: Path) -> None:
    with pytest.raises(UsageError, match="exclude"):
        _run("scans", "--csv", "--json")


def test_an_animation_says_that_its_first_frame_was_read(hand: ModuleType, folder: Path) -> None:
    frames = [Image.fromarray(hand.write(text)) for text in ("3", "8")]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    result = _run("moving.gif")
    assert result.stdout == "moving.gif: 3\n"
    assert "first frame" in result.stderr


def test_the_shell_gets_no_torch_and_no_traceback(folder: Path) -> None:
    code = (
        "import sys; sys.argv = ['tenfold', 'read', 'scans/a.png', 'broken.png']\n"
        "from tenfold.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, 'torch' in sys.modules)"
    )
    environment = os.environ | {"COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.splitlines() == ["scans/a.png: 42", "1 False"]
    assert "Traceback" not in done.stderr
    assert "broken.png" in done.stderr
