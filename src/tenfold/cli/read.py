"""tenfold read: read the digits in people's own pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tenfold import decoders
from tenfold.cli.console import Force, Json, Quiet, complain, err, note
from tenfold.cli.drawings import Drawings
from tenfold.cli.read_all import How, hinted, read_all, refuse_addresses
from tenfold.cli.show_reading import CSV_HEAD, Form, show, show_error, show_left_out
from tenfold.cli.sources import Source, find
from tenfold.errors import PageError, TenfoldError, UsageError, faults_of

if TYPE_CHECKING:
    from tenfold.preprocess.document import DocumentPage
    from tenfold.reader.reader import Reader

EXAMPLE = "Example: tenfold read photo.jpg scan.pdf scans/ --json"


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
    pages: Annotated[
        str | None,
        typer.Option(metavar="1-3,7", help="Pages to read of a PDF or TIFF; all by default."),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            metavar="L,T,W,H",
            help="Read this part alone: left, top, width, height as shares of the page, such as "
            "0.6,0.2,0.3,0.05.",
        ),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS",
            help="What its one number may be: '8 digits', '0..100; 1 decimal', 'one of list.csv', "
            "'luhn', 'date DD/MM/YYYY'; docs/read.md lists all.",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A model file, or a folder that 'tenfold fine-tune' wrote, instead of what comes "
            "with tenfold."
        ),
    ] = None,
    annotate: Annotated[
        Path | None, typer.Option(help="Folder for copies with boxes, digits and confidence drawn.")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(help="Folder for pictures of every step: paper, ink, lines and so on."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="NAME.parquet|.jsonl",
            help="Write rows into this folder instead, with all cores and to go on with; also "
            "reads tar, Parquet, and lists of paths in .txt. See docs/scale.md.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with --out where it was stopped.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that read into --out; one per core by default."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="Time limit of a page, with --out.")
    ] = 60.0,
    part_size: Annotated[
        int, typer.Option(min=1, help="Pictures of one part of --out, at most.")
    ] = 1000,
    column: Annotated[
        str | None, typer.Option(help="The column of images in Parquet, with --out.")
    ] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Who reads into --out: this machine, or Ray.")
    ] = "local",
    address: Annotated[str, typer.Option(help="Address of the Ray cluster.")] = "auto",
    force: Force = False,
    csv: Annotated[bool, typer.Option("--csv", help="One row per number, as CSV.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read the digits in pictures: photos, scans, PDF; single digits, numbers, pages.

    Prints the text line by line, the numbers of a line apart. A digit in
    [yellow]yellow[/] with a question mark is doubtful. Other ink is refused; what
    is struck out, and print in words, is left out. Every page of a PDF or TIFF
    and every picture is read, even if another one cannot be.
    """
    from tenfold.preprocess.document import parse_pages
    from tenfold.preprocess.geometry import parse_region
    from tenfold.reader.reader import Reader

    refuse_addresses(pictures)
    if csv and json:
        raise UsageError("--csv and --json exclude each other; choose one.")
    if out is None and resume:
        raise UsageError("--resume goes on with an output; name it with --out.")
    if out is not None and (csv or annotate or explain or pages):
        raise UsageError("--out writes rows alone, without --csv, --annotate, --explain, --pages.")
    form: Form = "json" if json else "csv" if csv else "quiet" if quiet else "people"
    only = None if pages is None else parse_pages(pages)
    reader = Reader(
        model,
        layout=layout,
        min_confidence=min_confidence,
        rotate=rotate,
        ink=ink,
        region=None if region is None else parse_region(region),
        expect=expect,
    )
    if out is not None:
        how: How = {
            "out": out, "resume": resume, "workers": workers, "seconds": seconds,
            "part_size": part_size, "column": column,
            "address": address if engine == "ray" else None,
        }  # fmt: skip
        read_all(reader, pictures, how, json=json, quiet=quiet)
        return
    if csv:
        typer.echo(CSV_HEAD)
    found = find(pictures)
    run = _Run(reader, only, form, Drawings(annotate, explain, force))
    run.read(found.sources)
    show_left_out(found.others)
    if not run.right:
        raise typer.Exit(1)


class _Run:
    """What a call reads, one page after the other; whatever goes wrong with one costs it one line.

    Parameters
    ----------
    reader : Reader
    only : sequence of range or None
        The pages to read of files of pages; None for all.
    form : str
        How readings are printed.
    drawings : Drawings

    Attributes
    ----------
    right : bool
        Whether nothing went wrong so far.
    """

    def __init__(
        self, reader: Reader, only: Sequence[range] | None, form: Form, drawings: Drawings
    ) -> None:
        self._reader, self._only, self._form, self._drawings = reader, only, form, drawings
        self.right = True

    def read(self, sources: Sequence[Source | PageError]) -> None:
        """Read all; a progress bar is shown where a person is looking."""
        from rich.progress import Progress

        bar = Progress(console=err, disable=not err.is_terminal, transient=True)
        with decoders.caught() as said, bar:
            task = bar.add_task("reading", total=len(sources), visible=len(sources) > 1)
            for done, source in enumerate(sources):
                if isinstance(source, PageError):
                    self._lost(source)
                    continue
                said()  # of the picture before
                for page in self._pages(source):
                    if isinstance(page, PageError):
                        self._lost(page)
                        said()
                        continue
                    self._page(source, page)
                    if said():
                        note(f"{page.picture.label}: {decoders.DAMAGED}.")
                    if page.count > 1:
                        bar.update(task, completed=done + page.number / page.count, visible=True)
                bar.update(task, completed=done + 1)

    def _pages(self, source: Source) -> Iterator[DocumentPage | PageError]:
        from tenfold.files import is_ours

        if source.path is not None and is_ours(source.path):
            note(f"{source.name}: left out, for tenfold itself drew it.")
            return
        try:
            with faults_of(source.name):
                content = source.content()
        except TenfoldError as error:
            yield PageError(str(error), source.name, None)
        else:
            yield from self._reader.open_pages(content, source.name, only=self._only)

    def _page(self, source: Source, page: DocumentPage) -> None:
        picture = page.picture
        try:
            trace = self._reader.trace(picture)
            with faults_of(picture.label, "printed"):
                show(trace.reading, self._form)
        except TenfoldError as error:
            self._lost(PageError(str(error), picture.name, picture.page))
            return
        try:
            with faults_of(picture.label, "drawn"):
                self._drawings.draw(source, trace)
        except TenfoldError as error:
            complain(str(error))
            self.right = False

    def _lost(self, error: PageError) -> None:
        show_error(hinted(error), self._form)
        self.right = False
