"""tenfold compare: losses and optimizers side by side, and what may be said of the differences."""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from textwrap import fill
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
    counted,
    err,
    out,
    print_json,
    say,
    stop_on_interrupt,
)
from tenfold.cli.train import Device
from tenfold.errors import INTERRUPTED, UsageError
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.training.compare import Cell

FIGURES, CURVES = "compare.json", "curves.png"  # in the folder of the results
EXAMPLE = (
    "Example: tenfold compare --losses cross-entropy,focal --optimizers adam,muon --processes 2"
)
LOSSES, OPTIMIZERS = "cross-entropy,log-cosh,mean-squared-error", "rmsprop,sgd,adam"
Processes = Annotated[
    int, typer.Option(min=1, help="Runs at the same time, each with its share of the cores.")
]


def compare(
    losses: Annotated[
        str,
        typer.Option(
            help="Losses, separated by commas.",
            show_default=LOSSES.replace(",", ", "),
        ),
    ] = LOSSES,
    optimizers: Annotated[
        str,
        typer.Option(
            help="Optimizers, separated by commas.", show_default=OPTIMIZERS.replace(",", ", ")
        ),
    ] = OPTIMIZERS,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each pair.")] = 5,
    epochs: Annotated[int | None, typer.Option(min=1, help="Replaces the recipe's.")] = None,
    data: Annotated[str, typer.Option(help="digits, mnist, or a path.")] = "digits",
    recipe: Annotated[
        str | None, typer.Option(help="A built-in recipe's name or a TOML file.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Where the results go; by default a new folder below ./runs."),
    ] = None,
    processes: Processes = 1,
    device: Device = "auto",
    data_dir: DataDir = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Try losses and optimizers on the same data and budget; judge on a validation set.

    The recipe fixes everything else. The test set is not looked at. Each pair is tested against
    the best by a paired bootstrap over images and seeds.
    """
    from tenfold.files import make_folder
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
            processes=processes,
            on_run=on_run,
            stop=stop,
        )
        stopped = stop()
    if stopped:
        err.print("Stopped; what follows is of the pairs that were finished.")
    if not cells:
        raise typer.Exit(INTERRUPTED)
    _save(cells, target, force)
    _show(cells, target, json, quiet)
    if stopped:
        raise typer.Exit(INTERRUPTED)


def _save(cells: list[Cell], target: Path, force: bool) -> None:
    """Write the figures and the curves."""
    from tenfold.evaluation.plots import comparison_curves
    from tenfold.files import write_output

    records = [cell.to_dict() for cell in cells]
    figures = jsonlib.dumps(records, indent=2) + "\n"
    write_output(target / FIGURES, figures, force=force)
    curves = {f"{cell.loss}, {cell.optimizer}": cell.curves for cell in cells}
    write_output(target / CURVES, comparison_curves(curves), force=force)


def _show(cells: list[Cell], target: Path, json: bool, quiet: bool) -> None:
    if json:
        for cell in cells:
            print_json(cell.to_dict())
    elif quiet:
        say(f"{cells[0].loss} {cells[0].optimizer}")
    else:
        out.print(_table(cells))
        out.print()
        for line in _verdict(cells):
            out.print(fill(line, 80, break_on_hyphens=False), markup=False)
        out.print(f"\nFigures and curves: [bold]{escape(shown(target))}[/] ({FIGURES}, {CURVES})")


def _refuse_used(folder: Path) -> None:
    """Raise UsageError where results would overwrite files, now and not after the training."""
    for name in (FIGURES, CURVES):
        if os.path.lexists(folder / name):
            raise UsageError(
                f"{folder}: {name} is in it and would be overwritten. "
                "Choose another folder with --out, or overwrite it with --force."
            )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _table(cells: list[Cell]) -> Table:
    """Lay out what fits into 80 columns; compare.json has the rest."""
    seeds, pictures = cells[0].right.shape
    heading = f"validation accuracy in %: {pictures:,} pictures, {counted(seeds, 'seed')}"
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD)
    table.show_edge, table.padding = False, (0, 0, 0, 0)  # else 80 columns are too few
    for name in ("loss", "optimizer"):
        table.add_column(name, no_wrap=True)
    for name in ("rate", "mean", "95 %", "behind", "95 %", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    for cell in cells:
        behind = cell.against
        table.add_row(
            cell.loss,
            cell.optimizer,
            f"{cell.learning_rate:.2g}",
            f"{100 * cell.mean:.2f}",
            _range(cell.interval),
            "" if behind is None else f"{100 * behind.behind:.2f}",
            "" if behind is None else _range(behind.interval),
            f"{cell.seconds:.1f}" if cell.seconds < 100 else f"{cell.seconds:.0f}",
        )
    return table


def _range(interval: tuple[float, float]) -> str:
    low, high = (f"{100 * each:.1f}" for each in interval)
    return f"{low}–{high}" if not low.startswith("-") else f"{low} to {high}".replace("-", "−")


def _verdict(cells: list[Cell]) -> Iterator[str]:
    """Say what may be said of the others beside the best, and how it was found."""
    from tenfold.evaluation.metrics.paired import METHOD

    best, *others = cells
    for cell in cells:
        if cell.diverged:
            ran = f"{cell.diverged} of {counted(len(cell.right), 'run')} diverged"
            yield f"{_name(cell)}: {ran}, counted as 0 %."
    if not others:
        return
    yield f"Best here: {_name(best)}."
    single = len(best.right) == 1
    heads = {
        "worse": "Worse",
        "worse with these seeds": "Worse with these seeds, but runs differ too much from seed to "
        "seed to say so of others",
    }
    for verdict, head in heads.items():
        if found := [_name(cell) for cell in others if cell.verdict == verdict]:
            yield f"{head}: {'; '.join(found)}."
    if alike := [cell for cell in others if cell.verdict == "not told apart"]:
        most = max(cell.against.interval[1] for cell in alike if cell.against is not None)
        yield (
            f"Not told apart from the best: {'; '.join(map(_name, alike))}. That does not make "
            f"them equal: they may be up to {100 * most:.1f} points behind. More "
            f"{'' if single else 'seeds or '}pictures would show smaller differences."
        )
    if single:
        yield "One seed says nothing about luck: another may come out differently."
    method = METHOD.removesuffix(" and seeds") if single else METHOD
    yield f"Method: {method}, p < 0.05 as adjusted by Holm. Behind: points behind the best."


def _name(cell: Cell) -> str:
    return f"{cell.loss}, {cell.optimizer}"
