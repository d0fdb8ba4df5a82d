"""What all commands share: where they print, their common options, and their tables."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from tenfold.evaluation.words import between, percent

if TYPE_CHECKING:
    from tenfold.evaluation.evaluate import Evaluation

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Look for MNIST here first, then in TENFOLD_DATA, then in your cache."),
]


def complain(message: str) -> None:
    """Print what went wrong, on standard error."""
    err.print("[bold red]Error:[/] ", end="")
    err.print(message, markup=False)


def print_json(record: object) -> None:
    """Print one object on one line of standard output."""
    typer.echo(json.dumps(record, ensure_ascii=False))


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C into a request that a loop can ask for; a second Ctrl-C ends at once."""
    asked = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def accuracy_line(evaluation: Evaluation) -> str:
    """Say accuracy and interval in one line."""
    right = evaluation.count - len(evaluation.mistakes)
    return (
        f"[bold]accuracy {percent(evaluation.accuracy)}[/]  ({right:,} of {evaluation.count:,}; "
        f"95 % interval {between(evaluation.interval)})"
    )


def confusion_table(evaluation: Evaluation) -> Table:
    """Lay out who was taken for whom, with recall and precision at the margins."""
    title = "what it is (rows) and what was read (columns)"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.collapse_padding = True  # so that five digits a cell fit into 80 columns
    table.add_column("", justify="right", style="bold", no_wrap=True)
    for name in evaluation.classes:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("recall", justify="right", no_wrap=True)
    for i, name in enumerate(evaluation.classes):
        row = evaluation.confusion[i].tolist()
        cells = [_cell(count, on_diagonal=i == j) for j, count in enumerate(row)]
        recall = percent(evaluation.recall[i], 1) if evaluation.support[i] else "–"
        table.add_row(name, *cells, recall)
    table.add_section()
    table.add_row("precision", *(f"{100 * p:.0f}" for p in evaluation.precision), "%")
    return table


def _cell(count: int, on_diagonal: bool) -> str:
    if on_diagonal:
        return f"[green]{count}[/]"
    return f"[bold red]{count}[/]" if count else "[dim]·[/]"
