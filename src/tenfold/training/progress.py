"""Show a run as it goes, where somebody can see it: a bar in a terminal, a line in a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from html import escape
from typing import Any

from rich.console import Console
from rich.errors import LiveError
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from tenfold.training.callbacks import Callback, Epoch, Step


class _Words(ABC):
    """What stands beside a bar: where the run is, its loss, the last epoch's accuracy."""

    _last = ""

    def on_step(self, step: Step) -> None:
        """Move the bar."""
        where = f"epoch {step.epoch}/{step.epochs}" if step.epochs else "training"
        self.show(step.step / step.steps, where, f"loss {step.loss:.4f}{self._last}")

    def on_epoch(self, epoch: Epoch) -> None:
        """Take over the epoch's figures; they stand until the next epoch ends."""
        if epoch.validation_accuracy is None:
            self._last = f" · training accuracy {100 * epoch.accuracy:.1f} %"
        else:
            self._last = f" · validation accuracy {100 * epoch.validation_accuracy:.1f} %"
        where = f"epoch {epoch.epoch}/{epoch.epochs}"
        self.show(epoch.epoch / epoch.epochs, where, f"loss {epoch.loss:.4f}{self._last}")

    @abstractmethod
    def show(self, done: float, where: str, figures: str) -> None:
        """Show how much is done, 0 to 1, and the words."""


class Bar(_Words):
    """A progress bar with loss and accuracy on a terminal; nothing where there is none.

    Parameters
    ----------
    console : rich.console.Console
        The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=1.0, figures="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: float, where: str, figures: str) -> None:
        """Show how much is done, 0 to 1."""
        self._progress.update(self._task, completed=done, description=where, figures=figures)


class NotebookBar(_Words):
    """A progress bar in the cell of a notebook; it needs no widgets."""

    def __init__(self) -> None:
        import IPython.display

        display: Any = IPython.display.display
        self._handle = display(self._html(0.0, "starting", ""), raw=True, display_id=True)

    def show(self, done: float, where: str, figures: str) -> None:
        """Show how much is done, 0 to 1."""
        self._handle.update(self._html(done, where, figures), raw=True)

    @staticmethod
    def _html(done: float, where: str, figures: str) -> dict[str, str]:
        words = " · ".join(filter(None, (where, figures)))
        bar = f'<progress max="1" value="{done:.4f}" aria-label="Training"></progress>'
        return {"text/plain": words, "text/html": f"{bar} {escape(words)}"}


@contextmanager
def followed(callbacks: Sequence[Callback], progress: bool | None) -> Iterator[list[Callback]]:
    """Return the callbacks of a run, with a progress bar among them where it is to be shown.

    Parameters
    ----------
    callbacks : sequence of Callback
        Those of the caller.
    progress : bool or None
        None shows a bar where there is a terminal or a notebook and nobody else follows the run.
    """
    console = Console(stderr=True, highlight=False)
    if progress is None:
        progress = not callbacks
    with ExitStack() as stack:
        told = [*callbacks]
        if progress and console.is_jupyter:
            told.append(NotebookBar())
        elif progress and console.is_terminal:
            with suppress(LiveError):  # somebody else's bar is there
                told.append(stack.enter_context(Bar(console)))
        yield told
