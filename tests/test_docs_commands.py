"""Every tenfold command that the pages show is one: all are parsed, and what is quick is run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

from tenfold.cli import app
from tenfold.training.result import Run

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(tenfold [a-z][^`]*)`")
# Told in the text as a placeholder, or as the command alone, without what it needs.
STAND_INS = {"FOLDER", "NAME", "FILE"}

# What a page's command becomes here: the same command on little data, for few epochs. What is not
# named runs as it stands. None: tested elsewhere, for the reason beside it.
SMALL: list[tuple[str, str | None]] = [
    (r"^tenfold (serve|form|lab)\b.*", None),  # servers and stacks: tests/server, tests/forms
    (r"^tenfold train --recipe (finder|line)$", None),  # hours: tests/training/pages
    (r"--to web\b.*", None),  # fetches ONNX Runtime Web: tests/export/web
    (r"--to keras\b", "--to torch"),  # Keras takes long to start: tests/export/test_keras.py
    (r"^(tenfold train --resume)", r"\1"),
    (r"--data mnist\b", "--data digits"),
    (r"--recipe small\b", "--recipe digits"),
    (r"^(tenfold train(?!.* --resume).*)$", r"\1 --set epochs=1"),
    (r"^(tenfold tutorial.*)$", r"\1 --epochs 1"),
    (r"^(tenfold compare.*?)( --epochs \d+)?$", r"\1 --epochs 1"),
    (r"--seeds \d+", "--seeds 2"),
    (r"--losses \S+( --optimizers \S+)?", "--losses cross-entropy"),
    (r"^(tenfold compare --recipe.*)", r"\1 --losses log-cosh --optimizers rmsprop"),
    (r" --report report.html", " --report report.html --quick"),
]


def shown() -> list[str]:
    """Return every tenfold command of the pages, whole."""
    found: dict[str, None] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if page.name == "commands.md":
            continue
        blocks = [block for kind, block in FENCE.findall(text) if kind in ("", "console", "sh")]
        for block in blocks:
            for line in block.replace("\\\n", " ").splitlines():
                bare = line.strip().removeprefix("$ ")
                bare = re.sub(r"^(?:\w+=\S+ )+", "", bare)
                if re.match(r"(\.venv/bin/)?tenfold (?!is at)", bare):
                    command = bare.removeprefix(".venv/bin/")
                    found[re.sub(r"\s+#.*$", "", command)] = None
    return list(found)


def spans() -> list[str]:
    """Return commands that stand in the text with at least one argument, and are not fragments."""
    found = {span for page in PAGES for span in SPAN.findall(page.read_text(encoding="utf-8"))}
    return sorted(span for span in found if "--" in span or len(span.split()) > 2)


def parse(command: str) -> None:
    """Let the command line take a command apart, as it would before running it."""
    words = shlex.split(re.split(r" [|>] ", command)[0])[1:]
    group: Any = typer.main.get_command(app)
    context = group.make_context("tenfold", words, resilient_parsing=False)
    while True:
        rest = [*context._protected_args, *context.args]
        name, inner, rest = context.command.resolve_command(context, rest)
        context = inner.make_context(name, rest, parent=context)
        if not hasattr(inner, "commands"):
            return


@pytest.mark.parametrize("command", shown())
def test_commands_in_blocks_are_ones(command: str) -> None:
    parse(command)


@pytest.mark.parametrize("command", spans())
def test_commands_in_the_text_are_ones(command: str) -> None:
    if STAND_INS & set(command.split()):
        return
    problem = None
    try:
        parse(command)
    except Exception as error:
        problem = error
    # A command may be named without its arguments, an option without its value.
    assert type(problem).__name__ in ("NoneType", "MissingParameter", "BadOptionUsage"), problem


def small(command: str) -> str | None:
    """Return what is run in place of a command, or None."""
    for pattern, other in SMALL:
        if re.search(pattern, command):
            if other is None:
                return None
            command = re.sub(pattern, other, command)
    return command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """A folder that has what the pages' commands name."""
    folder = tmp_path_factory.mktemp("place")
    sample = ROOT / "docs" / "pictures" / "sample.png"
    (folder / "docs" / "pictures").mkdir(parents=True)
    for name in ("scans", "forms", "marks", "mine", "runs"):
        (folder / name).mkdir()
    for name in ("docs/pictures/sample.png", "scans/a.png", "forms/b.png", "marks/c.png"):
        shutil.copy(sample, folder / name)
    page = Image.open(sample).convert("RGB")
    for name in ("photo.jpg", "meter.jpg", "exam.jpg", "scan.pdf", "mine/a.jpg"):
        page.save(folder / name)
    (folder / "class-list.csv").write_text("student_id\n40718123\n")
    (folder / "mine" / "labels.csv").write_text("file,truth\na.jpg,40718|25936\n")
    for name in ("mine", "new", "old"):
        shutil.copytree(run.folder, folder / "runs" / name)
    shutil.copy(run.model, folder / "model.onnx")
    # USPS's images are of 16×16: here some of that size.
    images = np.kron(np.eye(8, dtype=np.uint8)[None] * 200, np.ones((20, 2, 2), np.uint8))
    np.savez(folder / "usps.npz", images=images, labels=np.arange(20) % 10)
    (folder / "mine.toml").write_text(
        subprocess.run(
            [sys.executable, "-m", "tenfold", "recipe", "digits"],
            capture_output=True, text=True, check=True,
        ).stdout
    )  # fmt: skip
    return folder


RUN = [command for command in shown() if small(command)]


@pytest.mark.slow
@pytest.mark.parametrize("command", RUN)
def test_commands_do_what_they_should(command: str, place: Path) -> None:
    line = small(command)
    assert line is not None
    line = line.replace("tenfold ", f"{shlex.quote(sys.executable)} -m tenfold ", 1)
    done = subprocess.run(
        ["/bin/bash", "-c", line], cwd=place, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    # One picture of the place may not be what is expected of it, which is told, and not a fault.
    assert done.returncode in ((0, 1) if "--expect" in command else (0,)), done.stderr
    assert done.stdout or done.stderr


def test_most_commands_are_run() -> None:
    assert len(shown()) >= 30
    assert len(RUN) > len(shown()) * 0.55
