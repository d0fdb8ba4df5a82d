from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import drawn_forms as drawn
from tenfold.cli import main
from tenfold.forms.template import load


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tenfold", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def blank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("card.pdf")
    path.write_bytes(drawn.meter().pdf)
    return path


def test_from_a_blank_to_sheets(
    blank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "form", "new", str(blank), "--out", "form.toml") == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert "comb of 8" in said
    form = load("form.toml")
    assert form.fields[0].name == "meter_number"
    assert Path("form-1.png").is_file()

    assert _run(monkeypatch, "form", "print", "form.toml", "--out", "s.pdf", "--copies", "3") == 0
    assert "No. 1 to 3" in capsys.readouterr().out
    printed = load("s.toml")
    assert printed.pages[0].marks
    assert printed.code == form.code
    assert printed.pages[0].image.name == "s-1.png"
    # Once more, for more of them, is nothing strange; a template that was changed is kept.
    assert _run(monkeypatch, "form", "print", "form.toml", "--out", "s.pdf", "--copies", "4") == 0
    Path("s.toml").write_text("# mine\n")
    assert _run(monkeypatch, "form", "print", "form.toml", "--out", "s.pdf") == 1
    assert Path("s.toml").read_text() == "# mine\n"


def test_a_template_that_people_wrote_is_not_overwritten(
    blank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("card.toml").write_text("# mine\n")
    assert _run(monkeypatch, "form", "new", str(blank)) == 1
    assert "card.toml" in capsys.readouterr().err
    assert not Path("card-1.png").exists()
    assert _run(monkeypatch, "form", "new", str(blank), "--force", "--json") == 0
    assert json.loads(capsys.readouterr().out)["template"] == "card.toml"


def test_the_sheets_template_never_takes_the_forms_place(
    blank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch, "form", "new", str(blank), "--out", "form.toml", "-q") == 0
    before = Path("form.toml").read_text()
    assert _run(monkeypatch, "form", "print", "form.toml", "--out", "form.pdf") == 2
    assert Path("form.toml").read_text() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("new", "none.pdf"),
        ("new", "card.pdf", "--out", "form.json"),
        ("new", "form.toml"),  # a template already
        ("new", "form.toml", "--edit"),
        ("new", "form.toml", "--edit", "--out", "other.toml"),
        ("print", "none.toml", "--out", "s.pdf"),
        ("print", "none.toml", "--out", "s.png"),
    ],
)
def test_mistakes_cost_a_line(
    arguments: tuple[str, ...],
    blank: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _run(monkeypatch, "form", *arguments) in (1, 2)
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
