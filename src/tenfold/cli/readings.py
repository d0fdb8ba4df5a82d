"""The half of tenfold evaluate that measures the reader on a table of pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from tenfold.cli.console import err, out, print_json
from tenfold.evaluation.words import between, percent

if TYPE_CHECKING:
    from tenfold.evaluation.readings import Row, TableEvaluation
    from tenfold.model import Model
    from tenfold.reader.reader import Layout


def evaluate_pictures(
    model: Model,
    table: Path,
    sheet: Path,
    *,
    layout: Layout | None,
    min_confidence: float,
    json: bool,
    quiet: bool,
) -> None:
    """Read every picture of a table, print how that went, and save the failures as a sheet."""
    from tenfold.evaluation.failures import failures_sheet
    from tenfold.pictures import save_png

    evaluation = read_table(model, table, layout, min_confidence, hidden=quiet or json)
    if json:
        print_json(evaluation.to_dict() | {"model": model.path, "mistakes_picture": str(sheet)})
    elif quiet:
        typer.echo(percent(evaluation.mean_over_sources))
    else:
        _report(evaluation, model.path)
        out.print(f"\nWhat was read wrongly: [bold]{escape(str(sheet))}[/]")
    save_png(failures_sheet(evaluation), sheet)


def read_table(
    model: Model, table: Path, layout: Layout | None, min_confidence: float, *, hidden: bool
) -> TableEvaluation:
    """Read every picture of a table, with a bar unless hidden."""
    from tenfold.evaluation.readings import evaluate_table

    def progress(rows: list[Row]) -> Iterable[Row]:
        return track(
            rows, description="reading", console=err, disable=hidden or not err.is_terminal
        )

    return evaluate_table(
        table, model, layout=layout, min_confidence=min_confidence, track=progress
    )


def _report(evaluation: TableEvaluation, model: str) -> None:
    right = sum(answer.right for answer in evaluation.answers)
    out.print(
        f"\n{escape(f'{model} on {evaluation.data}')}: {evaluation.count:,} pictures from "
        f"{len(evaluation.sources)} sources\n"
        f"[bold]read without a fault {percent(evaluation.mean_over_sources)}[/] (mean over sources)"
        f" · {percent(evaluation.accuracy)} of all ({right:,}; "
        f"95 % interval {between(evaluation.interval)})\n"
        f"character error rate {percent(evaluation.mean_character_error_rate)} (mean over sources)"
        f" · {percent(evaluation.character_error_rate)} of all digits\n"
        f"nothing refused in {percent(evaluation.coverage)}, of which "
        f"{percent(evaluation.covered_accuracy)} without a fault\n"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("source")
    for name in ("pictures", "without fault", "character errors", "nothing refused"):
        table.add_column(name, justify="right")
    for source in evaluation.sources:
        shares = (source.accuracy, source.character_error_rate, source.coverage)
        table.add_row(source.name, f"{source.count:,}", *(percent(share, 1) for share in shares))
    out.print(table)
    out.print(_risk_table(evaluation))
    for answer in evaluation.answers:
        if answer.error is not None:
            err.print(answer.error, markup=False)  # it begins with the file


def _risk_table(evaluation: TableEvaluation) -> Table:
    """Lay out how much is wrong among the surest pictures."""
    table = Table(
        title="A picture is as sure as the least sure of its numbers",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in ("the surest", "pictures", "wrong", "error", "confidence at least"):
        table.add_column(name, justify="right")
    for risk in evaluation.risk:
        shares = (percent(risk.error), percent(risk.threshold))
        table.add_row(percent(risk.coverage, 0), f"{risk.count:,}", f"{risk.wrong:,}", *shares)
    return table
