from __future__ import annotations

import io
import json
import sys
import warnings

import pytest
from rich.progress import Progress
from rich.table import Table

from tenfold.cli.console import Terminal, complain, print_json, say, warnings_told
from tenfold.errors import TenfoldWarning

STEERING = "\x1b]0;title\x07\x9b31m\u202e"
WRITTEN = r"\x1b]0;title\x07\xc2\x9b31m\xe2\x80\xae"


def test_no_text_steers_a_terminal_in_tables_neither() -> None:
    output = io.StringIO()
    terminal = Terminal(file=output, force_terminal=True, color_system=None, width=80)
    table = Table(STEERING, title=STEERING)
    table.add_row(STEERING)
    terminal.print(table)
    terminal.print(f"[bold]{STEERING}[/]\n")
    terminal.rule(STEERING)
    text = output.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[3m", "")
    assert text.count(WRITTEN) == 5
    assert not set(text) & set("\x07\x9b\u202e")


def test_a_progress_bar_breaks_no_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    monkeypatch.setattr("tenfold.cli.console.err", terminal)
    with Progress(console=terminal, auto_refresh=False) as bar:
        bar.add_task("reading")
        bar.refresh()
        complain("a.png: no such file.")
    assert "Error: a.png: no such file." in str(terminal.file.getvalue())  # type: ignore[attr-defined]


def test_complaints_and_results_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    complain(f"a\n[red]{STEERING}")
    say(f"1\n2{STEERING}")
    printed = capsys.readouterr()
    assert printed.err == rf"Error: a\n[red]{WRITTEN}" + "\n"
    assert printed.out == f"1\n2{WRITTEN}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_json_is_whole_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    print_json({"a\udcff": ["日本", STEERING, {"text": "1\n2"}, 1.5, None]}, keep="\n")
    stream.flush()
    (line,) = raw.getvalue().decode("utf-8").splitlines()
    assert json.loads(line) == {r"a\xff": ["日本", WRITTEN, {"text": "1\n2"}, 1.5, None]}
    assert line.isascii() == (encoding != "utf-8")


def test_our_warnings_are_one_line_and_others_are_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[str] = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_: others.append(str(message)))
    with warnings_told():
        warnings.simplefilter("always")
        for _ in range(2):
            warnings.warn("few\npictures", TenfoldWarning, stacklevel=1)
        warnings.warn("of others", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "Warning: few\\npictures\n"
    assert others == ["of others"]
