"""tenfold compare: losses and optimizers side by side."""

from __future__ import annotations

import json as jsonlib
import os
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tenfold import decoders
from tenfold.cli.console import (
    DataDir,
    Force,
    Json,
    Quiet,
    err,
    out,
    print_json,
    say,
    stop_on_interrupt,
)
from tenfold.cli.train import Device
from tenfold.errors import INTERRUPTED, UsageError
from tenfold.evaluation.format import between, number, percent
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.training.compare import Cell

FIGURES, CURVES = "compare.json", "curves.png"  # in the folder of the results
EXAMPLE = "Example: tenfold compare --losses cross-entropy,focal --optimizers adam,muon --seeds 5"


def compare(
    losses: Annotated[
        str, typer.Option(help="Losses, separated by commas.")
    ] = "cross-entropy,log-cosh,mean-squared-error",
    optimizers: Annotated[
        str, typer.Option(help="Optimizers, separated by commas.")
    ] = "rmsprop,sgd,adam",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each pair.")] = 2,
    epochs: Annotated[int | None, typer.Option(min=1, help="Replaces the recipe's.")] = None,
    data: Annotated[str, typer.Option(help="digits, mnist, or a path.")] = "digits",
    recipe: Annotated[
        str | None, typer.Option(help="A built-in recipe's name or a TOML file.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Where the results go; by default a new folder below ./runs."),
    ] = None,
    device: Device = "auto",
    data_dir: DataDir = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Try losses and optimizers on the same data and budget; judge on validation data.

    The recipe fixes everything else. The test set is not looked at.
    """
    from tenfold.evaluation.plots import comparison_curves
    from tenfold.files import make_folder, write_output
    from tenfold.training import compare as comparing

    target = folder or Path("runs") / f"compare-{datetime.now():%Y%m%d-%H%M%S}"
    if not force:
        _refuse_used(target)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn())
    hidden = quiet or json or not err.is_terminal
    progress = Progress(*columns, TimeRemainingColumn(), console=err, disable=hidden)
    with progress, stop_on_interrupt() as stop, ExitStack() as loading:
        loading.enter_context(decoders.caught())
        task = progress.add_task("starting", total=None)

        def on_run(done: int, total: int, name: str) -> None:
            if not done:  # names and data are sound; can the results be written?
                make_folder(target)
                loading.close()
            progress.update(task, completed=done, total=total, description=name)

        cells = comparing.compare(
            data,
            recipe,
            losses=_names(losses),
            optimizers=_names(optimizers),
            seeds=seeds,
            epochs=epochs,
            device=device,
            data_dir=data_dir,
            on_run=on_run,
            stop=stop,
        )
        stopped = stop()
    if stopped:
        err.print("Stopped; what follows is of the pairs that were finished.")
    if not cells:
        raise typer.Exit(INTERRUPTED)
    records = [cell.to_dict() for cell in cells]
    figures = jsonlib.dumps(records, indent=2) + "\n"
    write_output(target / FIGURES, figures, force=force)
    curves = {f"{cell.loss}, {cell.optimizer}": cell.curve for cell in cells}
    write_output(target / CURVES, comparison_curves(curves), force=force)
    if json:
        for record in records:
            print_json(record)
    elif quiet:
        say(f"{cells[0].loss} {cells[0].optimizer}")
    else:
        out.print(_table(cells, seeds))
        out.print(_verdict(cells, seeds), markup=False)
        out.print(f"\nFigures and curves: [bold]{escape(shown(target))}[/] ({FIGURES}, {CURVES})")
    if stopped:
        raise typer.Exit(INTERRUPTED)


def _refuse_used(folder: Path) -> None:
    """Raise UsageError where results would overwrite files, now and not after the training."""
    for name in (FIGURES, CURVES):
        if os.path.lexists(folder / name):
            raise UsageError(
                f"{folder}: {name} lies here and would be overwritten. "
                "Choose another folder with --out, or overwrite it with --force."
            )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _table(cells: list[Cell], seeds: int) -> Table:
    heading = f"validation accuracy, mean ± standard deviation over {seeds} seeds"
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.collapse_padding = True  # so that it fits into 80 columns
    for name in ("loss", "optimizer"):
        table.add_column(name, no_wrap=True)
    for name in ("rate", "accuracy", "95 %", "p", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for cell in cells:
        accuracy = f"{percent(cell.mean)} ± {100 * cell.spread.deviation:.2f}"
        if cell.diverged:
            accuracy = f"{accuracy} ({cell.diverged} diverged)"
        interval = cell.spread.interval
        table.add_row(
            cell.loss,
            cell.optimizer,
            f"{cell.learning_rate:g}",
            accuracy,
            "–" if interval is None else between((interval[0], min(interval[1], 1.0)), 1)[:-2],
            "" if cell.p is None else number(cell.p),
            f"{cell.seconds:.1f}",
        )
    return table


def _verdict(cells: list[Cell], seeds: int) -> str:
    """Say which differences from the best are ones."""
    best, *others = cells
    if not others:
        return ""
    if seeds == 1:
        return (
            "One seed says nothing about luck: give --seeds 5 to know which differences are ones."
        )
    worse = sum(bool(cell.differs) for cell in others)
    same = [f"{cell.loss}, {cell.optimizer}" for cell in others if not cell.differs]
    if not same:
        return (
            f"{best.loss}, {best.optimizer} is better than every other (paired t-test, p < 0.05)."
        )
    return (
        f"No difference found between the best and {'; '.join(same)}: luck alone may do it (paired "
        f"t-test over {seeds} seeds, p as adjusted by Holm). {worse or 'None'} "
        f"{'is' if worse <= 1 else 'are'} worse. More --seeds tell finer differences."
    )
