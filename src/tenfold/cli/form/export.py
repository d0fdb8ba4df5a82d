"""tenfold form export: the table of a stack, and what people decided as labelled data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold.cli.console import Force, Json, Quiet, counted, needing, note, print_json, say
from tenfold.errors import UsageError
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.forms.results import Results
    from tenfold.forms.tabulate import Format, Written

EXAMPLE = "Example: tenfold form export results/ --xlsx --out marks.xlsx"

ResultsFolder = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="The folder that 'tenfold form read' wrote to.")
]


def export(
    results: ResultsFolder,
    csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values.")] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="A spreadsheet.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Parquet, with types.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object per line.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write it; table.FORMAT in the results unless said otherwise."),
    ] = None,
    probabilities: Annotated[
        bool,
        typer.Option(
            "--probabilities",
            help="Add a column with the probability and the status of each field.",
        ),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(help="Write decisions as labelled data into this new folder."),
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a table of what was read and decided: one row per sheet, one column per field.

    A column holds numbers where the template gives the field a range or decimals, or sums it;
    student numbers keep their zeros. Text never becomes a formula. Without a format it is CSV.
    --data writes what people decided, with its pictures: 'tenfold train --data DIR' takes the
    digits and 'tenfold evaluate MODEL --data DIR/lines.csv' the lines.
    """
    from tenfold.forms.results import Results

    chosen: dict[Format, bool] = {"csv": csv, "xlsx": xlsx, "parquet": parquet, "jsonl": jsonl}
    formats = [form for form, wanted in chosen.items() if wanted]
    if not formats and data is None:
        formats = ["csv"]
    if out is not None and len(formats) != 1:
        raise UsageError(f"{shown(out)}: --out is for one table; choose one format.")
    with needing("forms"), Results.open(results) as opened:
        for form in formats:
            target = out or opened.folder / f"table.{form}"
            _export(opened, target, form, probabilities, force=force, json=json, quiet=quiet)
        if data is not None:
            _label(opened, data, json=json, quiet=quiet)


def _export(
    results: Results,
    target: Path,
    form: Format,
    probabilities: bool,
    *,
    force: bool,
    json: bool,
    quiet: bool,
) -> None:
    from tenfold.forms.tabulate import write_table

    written = write_table(results, target, form, probabilities=probabilities, force=force)
    if json:
        print_json(asdict(written) | {"path": shown(written.path)})
        return
    say(shown(written.path))
    if not quiet:
        _tell(results, written)


def _tell(results: Results, written: Written) -> None:
    note(f"{counted(written.rows, 'row')}, {counted(written.columns, 'column')}.")
    if written.problems:
        note(f"{counted(written.problems, 'row')} of pages that were not read; 'problem' says why.")
    if written.open:
        note(
            f"{counted(written.open, 'field')} not reviewed yet, in the table as read: "
            f"tenfold form review {shown(results.folder)}"
        )
    left_out = results.left_out()
    if left_out:
        note(f"{counted(left_out, 'page')} left out in the review: not in the table.")
    for name in written.texts:
        note(f"{name}: not all values are numbers, so the whole column is text.")


def _label(results: Results, folder: Path, *, json: bool, quiet: bool) -> None:
    from tenfold.forms.decisions import write_labelled

    written = write_labelled(results, folder)
    if json:
        print_json(asdict(written) | {"folder": shown(written.folder)})
        return
    say(shown(written.folder))
    if quiet:
        return
    note(f"{counted(written.lines, 'line')} in lines.csv, {counted(written.digits, 'digit')}.")
    if not written.digits:
        note("Single digits come from combs alone, so there are none to train a classifier on.")
