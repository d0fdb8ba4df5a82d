"""What all commands share: where they print, and their common options."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

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
