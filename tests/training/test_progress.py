from __future__ import annotations

import io
import sys
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from tenfold.training import progress
from tenfold.training.callbacks import Epoch, Step
from tenfold.training.progress import Bar, NotebookBar, followed

STEP = Step(5, 10, 2, 150, 0.25)
EPOCH = Epoch(150, 150, 0.25, 0.9, 0.3, 0.975, 1e-3, 25_000.0, 2.0)


class _Heard:
    def on_step(self, step: Step) -> None:
        """Hear a step."""

    def on_epoch(self, epoch: Epoch) -> None:
        """Hear an epoch."""


def _terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    screen = io.StringIO()

    def console(**_: Any) -> Console:
        return Console(file=screen, force_terminal=True, width=80, force_jupyter=False)

    monkeypatch.setattr(progress, "Console", console)
    return screen


def test_a_pipe_gets_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with followed([], None) as told:
        assert told == []
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_one_line_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _terminal(monkeypatch)
    with followed([], None) as told:
        (bar,) = told
        assert isinstance(bar, Bar)
        bar.on_step(STEP)
        bar.on_epoch(EPOCH)
    text = Console(file=io.StringIO()).render_str(screen.getvalue()).plain
    assert "epoch 150/150" in text
    assert "loss 0.2500 · validation accuracy 97.5 %" in text


@pytest.mark.parametrize("wish", [None, False])
def test_who_follows_the_run_alone_gets_no_bar(
    wish: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = _terminal(monkeypatch)
    heard = _Heard()
    with followed([heard], wish) as told:
        assert told == [heard]
    assert screen.getvalue() == ""


def test_a_second_bar_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    _terminal(monkeypatch)
    with followed([], True) as first, followed([], True) as second:
        assert len(first) == 1
        assert isinstance(second, list)


def test_a_notebook_gets_a_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            assert raw
            shown.append(data)

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(data)
        return Handle()

    module = ModuleType("IPython.display")
    module.display = display  # type: ignore[attr-defined]
    package = ModuleType("IPython")
    package.display = module  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    line = NotebookBar()
    line.on_step(STEP)
    line.on_epoch(EPOCH)
    assert 'value="0.5000"' in shown[1]["text/html"]
    assert shown[2]["text/plain"] == "epoch 150/150 · loss 0.2500 · validation accuracy 97.5 %"
