"""tenfold read: read the digits in people's own pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tenfold import decoders
from tenfold.cli.console import Force, Json, Quiet, complain, err, note
from tenfold.cli.drawings import Drawings
from tenfold.cli.readings import CSV_HEAD, Form, show
from tenfold.cli.sources import Source, find
from tenfold.errors import TenfoldError, UsageError, faults_of

if TYPE_CHECKING:
    from tenfold.reader.reader import Reader

EXAMPLE = "Example: tenfold read photo.jpg scans/ --json"


def read(
    pictures: Annotated[
        list[str], typer.Argument(help="Files, folders, patterns such as 'scans/*.png', or - .")
    ],
    layout: Annotated[
        Literal["auto", "digit", "line", "page"],
        typer.Option(help="What a picture holds: one digit, one line, a page; auto decides."),
    ] = "auto",
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Refuse digits that are less probable than this.")
    ] = 0.5,
    rotate: Annotated[
        Literal["auto", "0", "90", "180", "270"],
        typer.Option(help="Degrees clockwise to turn it first; auto turns what reads badly."),
    ] = "auto",
    ink: Annotated[
        Literal["auto", "all", "handwritten", "printed"],
        typer.Option(
            metavar="<auto|all| handwritten|printed>",  # it wraps at the space
            help="Which digits to keep; auto leaves out print that belongs to words.",
        ),
    ] = "auto",
    model: Annotated[
        Path | None, typer.Option(help="A model file instead of the one that comes with tenfold.")
    ] = None,
    annotate: Annotated[
        Path | None, typer.Option(help="Folder for copies with boxes, digits and confidence drawn.")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(help="Folder for pictures of every step: paper, ink, lines and so on."),
    ] = None,
    force: Force = False,
    csv: Annotated[bool, typer.Option("--csv", help="One row a number, as CSV.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read the digits in pictures: photos, scans, drawings; single digits, numbers, pages.

    Prints the text line by line, the numbers of a line apart. A digit in
    [yellow]yellow[/] with a question mark is doubtful. What is no digit is refused; what
    is struck out, and print in words, is left out. Every picture is read, even
    if another one cannot be.
    """
    from tenfold.reader.reader import Reader

    if csv and json:
        raise UsageError("--csv and --json exclude each other; choose one.")
    form: Form = "json" if json else "csv" if csv else "quiet" if quiet else "people"
    reader = Reader(model, layout=layout, min_confidence=min_confidence, rotate=rotate, ink=ink)
    if csv:
        typer.echo(CSV_HEAD)
    if not _read_all(reader, find(pictures), form, Drawings(annotate, explain, force)):
        raise typer.Exit(1)


def _read_all(
    reader: Reader, sources: Sequence[Source | TenfoldError], form: Form, drawings: Drawings
) -> bool:
    """Read one picture after the other; whatever goes wrong with one costs it one line.

    A progress bar is shown where a person is looking. Returns whether nothing went wrong.
    """
    from rich.progress import Progress

    right = True
    with decoders.caught() as said:
        bar = Progress(console=err, disable=not err.is_terminal or len(sources) < 2, transient=True)
        with bar:
            for source in bar.track(sources, description="reading"):
                said()  # of the picture before
                try:
                    if isinstance(source, TenfoldError):
                        raise source
                    _read_one(reader, source, form, drawings)
                except TenfoldError as error:
                    complain(str(error))
                    right = False
                else:
                    if said():
                        note(f"{source.name}: {decoders.DAMAGED}.")
    return right


def _read_one(reader: Reader, source: Source, form: Form, drawings: Drawings) -> None:
    from tenfold.files import is_ours

    with faults_of(source.name):
        if source.path is not None and is_ours(source.path):
            note(f"{source.name}: left out, for tenfold itself drew it.")
            return
        trace = reader.trace(source.content(), source.name)
    with faults_of(source.name, "printed"):
        show(trace.reading, form)
    with faults_of(source.name, "drawn"):
        drawings.draw(source, trace)
