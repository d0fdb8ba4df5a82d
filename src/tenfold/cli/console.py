"""What all commands share: where they print, and their common options.

Names and whatever else strangers wrote reach a terminal only as `tenfold.names` writes them.
"""

from __future__ import annotations

import json
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, TextIO

import typer
from rich.console import Console
from rich.text import Text

from tenfold.errors import TenfoldError, TenfoldWarning, install
from tenfold.names import plain


class Terminal(Console):
    """A console that lets no text steer the terminal, in tables and headings neither.

    A terminal gets lines that break between words; a file or a pipe gets them whole.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, **options)
        self.soft_wrap = not self.is_terminal

    def render_str(self, text: str, **how: Any) -> Text:
        """Return text to print, its markup carried out, its control characters written out."""
        return super().render_str(plain(text, keep="\n\t"), **how)


out = Terminal()
err = Terminal(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object per line on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone.")]
Force = Annotated[
    bool, typer.Option("--force", help="Overwrite files too that tenfold did not write.")
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Look for MNIST here first, then in TENFOLD_DATA, then in your cache."),
]
AsIs = Annotated[
    bool | None,
    typer.Option(
        "--as-is/--framed",
        help="Keep images as they are (square, of one size), or frame each as the reader does; "
        "by default files are framed, but small ones of one size that need it not.",
    ),
]


def complain(message: str) -> None:
    """Print what went wrong, on standard error."""
    _head("Error: ", "bold red", message)


def _head(head: str, style: str, message: str) -> None:
    # In one piece, or a progress bar would come between.
    err.print(Text.assemble((head, style), plain(message)))


def note(message: str) -> None:
    """Print a line that people should see, on standard error."""
    err.print(plain(message), markup=False)


def say(text: str, *, end: str = "\n") -> None:
    """Print a result as it is, on standard output."""
    typer.echo(plain(text, keep="\n\t") + end, nl=False)


def counted(number: int, thing: str) -> str:
    """Return a number with what it counts: "1 row", "2,000 rows"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def print_json(record: object, keep: str = "") -> None:
    r"""Print one object on one line of standard output, in UTF-8 or, elsewhere, in ASCII.

    Parameters
    ----------
    record : object
    keep : str
        Characters that stay in its text as they are, such as the newline between lines read.
    """
    # Of lone surrogates, which no UTF-8 has, nothing is left after that.
    ascii_alone = (getattr(sys.stdout, "encoding", None) or "").lower() not in ("utf-8", "utf8")
    typer.echo(json.dumps(_plain(record, keep), ensure_ascii=ascii_alone))


def _plain(value: object, keep: str) -> object:
    if isinstance(value, str):
        return plain(value, keep)
    if isinstance(value, dict):
        return {_plain(key, keep): _plain(each, keep) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, keep) for each in value]
    return value


@contextmanager
def warnings_told() -> Iterator[None]:
    """Print tenfold's own warnings as one line each, the same one once."""
    before = warnings.showwarning
    told: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not issubclass(category, TenfoldWarning):
            before(message, category, filename, lineno, file, line)
        elif str(message) not in told:
            told.add(str(message))
            _head("Warning: ", "bold yellow", str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.simplefilter("always", TenfoldWarning)
        yield


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


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Name the extra to install where a package of it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tenfold"):
            raise
        raise TenfoldError(
            f"this command needs the package {error.name}, which is not installed. "
            + install(extra)
        ) from error
