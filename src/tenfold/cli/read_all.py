"""``tenfold read --out``: many pictures into a folder of rows, with all cores or on Ray."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypedDict

import typer

from tenfold.cli.console import counted, err, note, print_json, say, stop_on_interrupt
from tenfold.cli.show_reading import show_left_out
from tenfold.cli.sources import Source, find
from tenfold.errors import INTERRUPTED, DataError, PageError, UsageError
from tenfold.files import open_file
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.reader.reader import Reader
    from tenfold.scale.run import Progress


_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


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
        progress = run.read_all(
            paths(pictures), inputs=pictures, reader=reader, report=move, stop=asked, **how
        )
    out = how["out"]
    if not progress.whole:
        _stopped(progress, out)
    if json:
        print_json({
            "out": str(out), "pictures": progress.pictures, "rows": progress.rows,
            "errors": progress.errors, "rate": round(progress.rate, 2),
        })  # fmt: skip
    elif not quiet:
        counts = (
            counted(progress.pictures, "picture"),
            counted(progress.rows, "row"),
            counted(progress.errors, "error"),
        )
        say(f"{', '.join(counts)}: {out}")
    if progress.errors:
        raise typer.Exit(1)


def _stopped(progress: Progress, out: Path) -> NoReturn:
    note(
        f"Stopped after {counted(progress.pictures, 'picture')}; what was read is saved. "
        f"Go on with the same command and --resume: {out}"
    )
    raise typer.Exit(INTERRUPTED)


def refuse_addresses(arguments: Sequence[str]) -> None:
    """Raise UsageError if an argument is no path but an address, such as ``s3://bucket/scans``."""
    for argument in arguments:
        if _ADDRESS.match(argument) and not os.path.lexists(argument):
            raise UsageError(
                f"{shown(argument)}: is an address; this command opens local and mounted paths. "
                "From S3 and the like Ray reads, in Python: tenfold.scale.read_dataset("
                'ray.data.read_binary_files("s3://…", include_paths=True), id="path"); see '
                "docs/scale.md."
            )


def hinted(error: PageError) -> PageError:
    """Return an error about a file that may hold many pictures with how these are read."""
    from tenfold.scale.items import LISTS, SHARDS

    if not error.file.lower().endswith((*SHARDS, *LISTS)):
        return error
    hint = "Tar shards, Parquet and lists of paths are read with --out."
    return PageError(f"{error} {hint}", error.file, error.page)


def paths(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the pictures and shards that arguments lead to, those of lists too.

    All arguments are looked at before the first path comes: nothing is written by then.

    Raises
    ------
    DataError
        If an argument leads nowhere or a folder cannot be listed: of so many none is left out
        without a word.
    """
    yield from chain.from_iterable([_found(argument) for argument in arguments])


def _found(argument: str) -> Iterable[str]:
    from tenfold.scale.items import LISTS, SHARDS

    if argument.lower().endswith(LISTS) and Path(argument).is_file():
        open_file(argument, shown(argument)).close()
        return _listed(argument)
    found = find([argument], SHARDS)
    names = [_path(source) for source in found.sources]
    if names == [str(Path(argument))]:  # a file by its name, not what a folder or pattern has
        open_file(argument, shown(argument)).close()
    show_left_out(found.others)
    return names


def _path(source: Source | PageError) -> str:
    if isinstance(source, PageError):
        raise DataError(str(source))
    if source.path is None:
        raise DataError("-: --out reads files. Save it, and give the file.")
    return str(source.path)


def _listed(name: str) -> Iterator[str]:
    """Yield the paths in a list, one per line, as they stand there; # begins a remark."""
    with open_file(name, shown(name)) as file:
        for line in file:
            path = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
            if path.strip() and not path.startswith("#"):
                yield path


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar with pictures per second, errors and time left; yield what moves it."""
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
    words = [counted(progress.pictures, "picture")]
    if progress.fresh:
        words.append(f"{progress.rate:.1f}/s")
    if progress.errors:
        words.append(counted(progress.errors, "error"))
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
