"""``tenfold read --out``: many pictures into a folder of rows, with all cores or on Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypedDict

import typer

from tenfold.cli.console import err, note, print_json, say, stop_on_interrupt
from tenfold.cli.readings import show_left_out
from tenfold.cli.sources import Source, find
from tenfold.errors import INTERRUPTED, DataError, PageError
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.reader.reader import Reader
    from tenfold.scale.run import Progress


class How(TypedDict):
    """What `tenfold.scale.read_all` takes beside the pictures and the reader."""

    out: Path
    resume: bool
    workers: int | None
    seconds: float
    part_size: int
    column: str | None
    address: str | None


def read_all(reader: Reader, pictures: Sequence[str], how: How, *, json: bool, quiet: bool) -> None:
    """Read all, show how far it is, and say what came of it; exit with 1 if a row has an error."""
    from tenfold.scale import run

    with stop_on_interrupt() as asked, _bar() as move:
        progress = run.read_all(paths(pictures), reader=reader, report=move, stop=asked, **how)
    out = how["out"]
    if not progress.whole:
        _stopped(progress, out)
    if json:
        print_json({
            "out": str(out), "pictures": progress.pictures, "rows": progress.rows,
            "errors": progress.errors, "rate": round(progress.rate, 2),
        })  # fmt: skip
    elif not quiet:
        say(f"{progress.pictures:,} pictures, {progress.rows:,} rows, {_errors(progress)}: {out}")
    if progress.errors:
        raise typer.Exit(1)


def _errors(progress: Progress) -> str:
    count = progress.errors
    return "1 error" if count == 1 else f"{count:,} errors"


def _stopped(progress: Progress, out: Path) -> NoReturn:
    note(
        f"Stopped after {progress.pictures:,} pictures; they are saved. "
        f"Go on with the same command and --resume: {out}"
    )
    raise typer.Exit(INTERRUPTED)


def paths(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the pictures and shards that arguments lead to, those of lists too.

    Raises
    ------
    DataError
        If an argument leads nowhere or a folder cannot be listed: of so many none is left out
        without a word.
    """
    from tenfold.scale.items import LISTS, SHARDS

    for argument in arguments:
        if argument.lower().endswith(LISTS) and Path(argument).is_file():
            yield from _listed(argument)
            continue
        found = find([argument], SHARDS)
        for source in found.sources:
            yield _path(source)
        show_left_out(found.others)


def _path(source: Source | PageError) -> str:
    if isinstance(source, PageError):
        raise DataError(str(source))
    if source.path is None:
        raise DataError("-: --out reads files. Save it, and give the file.")
    return str(source.path)


def _listed(name: str) -> Iterator[str]:
    """Yield the paths in a list, one a line, as they stand there."""
    from tenfold.files import open_file

    with open_file(name, shown(name)) as file:
        for line in file:
            path = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
            if path.strip():
                yield path


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar with pictures a second, errors and time left; yield what moves it."""
    from rich import progress as parts

    bar = parts.Progress(
        parts.TextColumn("reading"), parts.BarColumn(bar_width=20), parts.TaskProgressColumn(),
        parts.TextColumn("{task.fields[words]}"), console=err, disable=not err.is_terminal,
    )  # fmt: skip
    task = bar.add_task("reading", total=1.0, words="")

    def move(progress: Progress) -> None:
        bar.update(task, completed=progress.share, words=words_of(progress))

    with bar:
        yield move


def words_of(progress: Progress) -> str:
    """Say how fast it goes and how long it will take yet.

    >>> from tenfold.scale.run import Progress
    >>> words_of(Progress(pictures=900, errors=2))
    '900 pictures · 2 errors'
    """
    words = [f"{progress.pictures:,} pictures"]
    if progress.fresh:
        words.append(f"{progress.rate:.1f}/s")
    if progress.errors:
        words.append(_errors(progress))
    left = progress.seconds_left
    if left is not None:
        words.append(f"{_length(left)} left")
    return " · ".join(words)


def _length(seconds: float) -> str:
    """Write a length of time.

    >>> _length(75), _length(7300), _length(200_000)
    ('1:15 min', '2:01 h', '2 days 7 h')
    """
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}:{minutes:02} h"
    return f"{hours // 24} days {hours % 24} h"
