"""tenfold read: read the digits in people's own pictures."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tenfold.cli.console import Json, Quiet, complain, err, out, print_json
from tenfold.errors import DataError, TenfoldError, UsageError, faults_of

if TYPE_CHECKING:
    from tenfold.reader.reader import Reader, Trace
    from tenfold.reader.reading import Reading

EXAMPLE = "Example: tenfold read photo.jpg scans/ --json"
CSV_HEAD = "file,line,number,text,confidence,digits,least_confidence,refused"
STDIN = "-"
DOUBT = 0.9


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
        typer.Option(help="Degrees clockwise to turn a picture first; auto turns what reads badly"),
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
        Path | None, typer.Option(help="Folder for pictures of every step: paper, ink, lines, …")
    ] = None,
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
    reader = Reader(model, layout=layout, min_confidence=min_confidence, rotate=rotate, ink=ink)
    if csv:
        typer.echo(CSV_HEAD)
    failed = False
    for trace in _traces(reader, pictures):
        try:
            if isinstance(trace, TenfoldError):
                raise trace
            with faults_of(trace.reading.file, "printed"):
                _print(trace.reading, json=json, csv=csv, quiet=quiet)
            with faults_of(trace.reading.file, "drawn"):
                _draw(trace, annotate, explain)
        except TenfoldError as error:
            complain(str(error))
            failed = True
    if failed:
        raise typer.Exit(1)


def _traces(reader: Reader, arguments: Sequence[str]) -> Iterator[Trace | TenfoldError]:
    """Read one picture after the other, with a progress bar where a person is looking."""
    from rich.progress import Progress

    tasks: list[str | TenfoldError] = []
    for argument in arguments:
        try:
            with faults_of(argument, "opened"):
                tasks += _expand(argument)
        except TenfoldError as error:
            tasks.append(error)
    show = err.is_terminal and len(tasks) > 1
    with Progress(console=err, disable=not show, transient=True) as progress:
        for task in progress.track(tasks, description="reading"):
            if isinstance(task, TenfoldError):
                yield task
                continue
            try:
                trace = _trace(reader, task)
            except TenfoldError as error:
                yield error
            else:
                yield trace


def _trace(reader: Reader, task: str) -> Trace:
    if task != STDIN:
        return reader.trace(task)
    name = "standard input"
    with faults_of(name):
        return reader.trace(sys.stdin.buffer.read(), name)


def _expand(argument: str) -> list[str]:
    """Files behind an argument: itself, a folder's pictures, or what a pattern matches."""
    from glob import glob, has_magic

    from tenfold.preprocess.image import SUFFIXES

    path = Path(argument)
    if argument == STDIN:
        return [argument]
    if path.is_dir():
        found = sorted(str(p) for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
        if not found:
            raise DataError(f"{argument}: no pictures in this folder. Use JPEG, PNG, TIFF, WebP, …")
        return found
    if has_magic(argument) and not path.exists():
        found = sorted(glob(argument, recursive=True))  # noqa: PTH207 (absolute patterns too)
        if not found:
            raise DataError(f"{argument}: no file matches this pattern.")
        return [name for name in found if not Path(name).is_dir()]
    return [argument]


def _print(reading: Reading, *, json: bool, csv: bool, quiet: bool) -> None:
    if json:
        print_json(reading.to_dict())
    elif csv:
        for row in _csv_rows(reading):
            typer.echo(row)
    elif quiet:
        typer.echo(reading.text)
    else:
        _print_for_people(reading)
    for note in reading.notes:
        err.print(f"{reading.file}: {note}.", markup=False)


def _print_for_people(reading: Reading) -> None:
    from rich.markup import escape

    tail = _left_out(reading, why=not reading.lines)
    tail = f"  [dim]({tail})[/]" if tail else ""
    if not reading.lines:
        out.print(f"{escape(reading.file)}: [dim]nothing read[/]{tail}")
        return
    several = len(reading.lines) > 1
    out.print(f"{escape(reading.file)}:" + (tail if several else ""), end="\n" if several else " ")
    for number in range(len(reading.lines)):
        text = _with_doubts(reading, number)
        out.print(f"  {text}" if several else text + tail)


def _with_doubts(reading: Reading, number: int) -> str:
    """Return the text of a line, its doubtful digits marked."""
    digits = iter([d for d in reading.digits if d.line == number and d.accepted])
    marked = ""
    for letter in reading.lines[number].text:
        digit = next(digits, None) if letter.isdigit() else None
        doubtful = digit is not None and digit.confidence < DOUBT
        marked += f"[yellow]{letter}?[/]" if doubtful else letter
    return marked


def _left_out(reading: Reading, why: bool) -> str:
    """Count what is not part of the text; empty where everything is."""
    from collections import Counter

    reasons = Counter(d.refused for d in reading.digits if d.refused and not d.left_out)
    parts = []
    if reasons:
        because = f": {' or '.join(sorted(map(str, reasons)))}" if why else ""
        parts.append(f"{_refused(reading)} refused{because}")
    left_out = Counter(str(digit.refused) for digit in reading.digits if digit.left_out)
    left_out.update(f"“{mark.text}”" for mark in reading.marks if not mark.in_text)
    counts = [f"{count} {what}" for what, count in left_out.items()]
    if counts:
        parts.append(f"left out: {', '.join(counts)}")
    return "; ".join(parts)


def _refused(reading: Reading) -> int:
    """Count what could not be read; what was left out on purpose is not among it."""
    return sum(not digit.accepted and not digit.left_out for digit in reading.digits)


def _csv_rows(reading: Reading) -> Iterator[str]:
    """One row a number; a picture without any has one row with empty text."""
    import csv
    import io

    rows: list[list[object]] = []
    for place, line in enumerate(reading.lines):
        pairs = zip(line.numbers, reading.digits_by_number(place), strict=True)
        for order, (number, digits) in enumerate(pairs, 1):
            least = min((digit.confidence for digit in digits), default=0.0)
            row = [reading.file, place + 1, order, number.text, f"{number.confidence:.4f}"]
            rows.append([*row, len(digits), f"{least:.4f}"])
    for row in rows or [[reading.file, 0, 0, "", "", 0, ""]]:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="").writerow([*row, _refused(reading)])
        yield buffer.getvalue()


def _draw(trace: Trace, annotate: Path | None, explain: Path | None) -> None:
    if annotate is None and explain is None:
        return
    from tenfold.files import make_folder
    from tenfold.pictures import save_png
    from tenfold.reader import draw
    from tenfold.reader import explain as explaining

    # The folders stay part of the name, so that a/1.png and b/1.png do not overwrite each other.
    name = re.sub(r"[^\w.-]+", "-", trace.picture.name).strip("-.") or "picture"
    try:
        if annotate is not None:
            target = make_folder(annotate) / f"{name}.read.png"
            save_png(draw.annotate(trace.picture, trace.reading), target)
        if explain is not None:
            explaining.explain(trace, explain / name)
    except TenfoldError as error:  # names the file to be written; the picture comes first
        raise TenfoldError(f"{trace.reading.file}: read, but not drawn. {error}") from error
