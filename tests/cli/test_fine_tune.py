"""tenfold fine-tune, and every command that its page shows."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.finetune.conftest import cache, mnist, seven, write_pictures
from typer.testing import CliRunner

from tenfold.cli import app, main
from tenfold.data.splits import Splits

PAGE = Path(__file__).parents[2] / "docs" / "fine-tune.md"
__all__ = ["cache", "mnist"]


def _shown() -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8")
    return [line.split()[1:] for line in re.findall(r"^ *(tenfold [a-z].*)$", text, re.MULTILINE)]


def test_the_commands_of_the_page_do_what_it_says(
    tmp_path: Path, large: Splits, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "mine", 24, large)
    Image.fromarray(seven(np.random.default_rng(99))).save("photo.jpg")
    fine_tune, read, lines = _shown()
    assert fine_tune[0] == lines[0] == "fine-tune"
    assert read[0] == "read"
    small = ["--reference", "500", "--allow", "20", "--data-dir", str(mnist)]
    done = CliRunner().invoke(app, [*fine_tune, *small])
    assert done.exit_code == 0, done.output
    assert "24 samples taught the last layer" in done.output
    assert "the reference set" in done.output
    assert max(map(len, done.output.splitlines())) <= 80
    found = CliRunner().invoke(app, [*read, "--layout", "digit", "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["text"]
    (tmp_path / "table.csv").write_text(
        "file,label\n" + "".join(f"mine/7/{k}.png,7\n" for k in (1, 3, 5)), encoding="utf-8"
    )
    measured = CliRunner().invoke(
        app, ["evaluate", "mine-reader", "--data", "table.csv", "--quiet"]
    )
    assert measured.exit_code == 0, measured.output


def test_a_mistake_is_one_line(
    tmp_path: Path, mnist: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table = "file,text\n1.png,12x\n"
    (tmp_path / "lines.csv").write_text(table, encoding="utf-8")
    shutil.copy(mnist / "t10k-labels-idx1-ubyte.gz", tmp_path / "1.png")
    monkeypatch.setattr(sys, "argv", ["tenfold", *_shown()[2]])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "lines.csv:2: the text '12x' holds 'x'" in said
