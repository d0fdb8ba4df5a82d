from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from importlib.abc import MetaPathFinder
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tenfold import __version__
from tenfold.cli import app, main

COMMANDS = [
    "tutorial", "serve", "train", "evaluate", "compare", "recipe", "data show", "data list", "read",
    "card", "calibrate", "export", "form new", "form print", "form read", "form review",
    "form export", "form purge", "search", "lab", "fine-tune", "predict",
]  # fmt: skip


def _tenfold(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tenfold", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "80"},
        check=False,
    )


@cache
def _help(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)


@pytest.mark.parametrize("command", ["recipe", "recipe digits"])
def test_what_cannot_be_printed_is_told_in_one_line(command: str) -> None:
    line = "Error: standard output is closed, so nothing can be printed.\n"
    for closed, told in ((">&-", line), (">&- 2>&-", ""), ("<&- >&- 2>&-", "")):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{sys.executable} -m tenfold {command} {closed}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom tenfold.cli.streams import fill_closed\nfill_closed()\n"
        "file = open(sys.argv[1], 'w')\nos.write(2, b'of a library')\n"
        "file.write(str(file.fileno()))"
    )
    subprocess.run(
        ["/bin/sh", "-c", f'{sys.executable} -c "$1" "$2" <&- >&- 2>&-', "-", code,
         str(tmp_path / "written")],
        check=True,
    )  # fmt: skip
    assert int((tmp_path / "written").read_text()) > 2


def test_every_command_is_known_here() -> None:
    group = get_command(app)
    names = set(group.commands)  # type: ignore[attr-defined]
    assert {name.split()[0] for name in COMMANDS} == names


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_it_does_in_a_line_and_shows_an_example(command: str) -> None:
    text = _help(*command.split())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert re.match(rf"Usage: (tenfold|root|main) {command}\b", lines[0])
    assert lines[1].endswith(".")
    assert f"Example: tenfold {command}" in text


@pytest.mark.parametrize("command", ["train", "evaluate", "compare", "data show", "read"])
def test_commands_that_give_figures_speak_json_and_can_be_quiet(command: str) -> None:
    text = _help(*command.split())
    assert "--json" in text
    assert "--quiet" in text


def test_options_of_their_own_are_explained() -> None:
    for command in COMMANDS:
        lines = _help(*command.split()).splitlines()
        table = "\n".join(line.strip("│ ") for line in lines if line.startswith("│"))
        found = re.split(r"\n(?=(?:\* +)?--[a-z])", table)[1:]
        assert "--help" in [option.split()[0] for option in found]
        for option in found:
            assert re.search(r"[a-z]{3,}.*\.", option), option


def test_the_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"tenfold {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["frobnicate"], 2, "frobnicate"),
        (["train", "--epochs", "3"], 2, "--epochs"),
        (["train", "--data", "mnits"], 2, "Error: 'mnits' is neither a known data set"),
        (["train", "--set", "epochs=0"], 2, "Error: recipe: epochs = 0: "),
        (["evaluate", "gone.onnx", "--data", "digits"], 1, "Error: gone.onnx: cannot be read"),
    ],
)
def test_mistakes_cost_one_line_and_an_exit_code(
    arguments: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tenfold", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    output, errors = capsys.readouterr()
    assert (ended.value.code, output) == (code, "")
    assert said in errors
    if errors.startswith("Error: "):
        assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_shell_gets_them_too(tmp_path: Path) -> None:
    done = _tenfold("evaluate", "gone.onnx", "--data", "digits", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: gone.onnx: cannot be read")
    assert done.stderr.count("\n") == 1


def test_a_reader_who_has_had_enough_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m tenfold recipe digits | true"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


# A package that is not installed, as the import system sees it.
BLOCK = """
import sys
from importlib.abc import MetaPathFinder
class Without(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition('.')[0] == missing:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Without())
from tenfold.cli import main
main()
"""


@pytest.mark.parametrize(
    ("package", "extra", "arguments"),
    [
        ("pydantic", "train", ["recipe"]),
        ("optuna", "tune", ["search"]),
    ],
)
def test_a_missing_extra_is_named_with_the_way_to_install_it(
    package: str, extra: str, arguments: list[str], tmp_path: Path
) -> None:
    code = f"import sys\nsys.argv[1:] = {arguments}\nmissing = {package!r}\n" + BLOCK
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"needs the package {package}, which is not installed" in done.stderr
    assert f"pip install '.[{extra}]'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_mlflow_is_missed_once_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Without(MetaPathFinder):
        def find_spec(self, name: str, *_: object) -> None:
            if name.partition(".")[0] == "mlflow":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Without(), *sys.meta_path])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tenfold", "train", "--track", "mlflow"])
    with pytest.raises(SystemExit) as ended:
        main()
    output, errors = capsys.readouterr()
    assert (ended.value.code, output) == (1, "")
    assert "needs the package mlflow, which is not installed" in errors
    assert "pip install '.[mlflow]'" in errors
    assert list(tmp_path.iterdir()) == []


def _commands(group: Any, name: str) -> list[tuple[Any, str]]:
    found = [(group, name)]
    for each, command in getattr(group, "commands", {}).items():
        found += _commands(command, f"{name} {each}")
    return found


def test_help_breaks_lines_where_the_terminal_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = CliRunner().invoke(app, ["train", "--help"], terminal_width=80).stdout.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith(" Without options:"))
    paragraph = [line.strip() for line in lines[start:]]
    paragraph = paragraph[: paragraph.index("")]
    assert len(paragraph) > 2
    for line, after in pairwise(paragraph):
        assert len(line) + 1 + len(after.split()[0]) > 78  # no word fits any more


def test_help_shows_flags_bare_and_fits_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    commands = _commands(get_command(app), "tenfold")
    assert len(commands) > 15
    for _, name in commands:
        shown = CliRunner().invoke(app, [*name.split()[1:], "--help"], terminal_width=80)
        assert shown.exit_code == 0, name
        assert "bool" not in shown.stdout, name
        assert max(map(len, shown.stdout.splitlines())) <= 80, name
