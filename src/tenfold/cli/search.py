"""tenfold search: the best recipe within a budget, judged on a validation set."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tenfold import decoders
from tenfold.cli.compare import Processes
from tenfold.cli.console import (
    DataDir,
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
from tenfold.errors import INTERRUPTED
from tenfold.evaluation.format import between, percent
from tenfold.names import shown

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from tenfold.training.search_results import Found

EXAMPLE = "Example: tenfold search mine.toml --recipe digits --minutes 10 --processes 2"


def search(
    space: Annotated[
        Path | None,
        typer.Argument(help="Where to look: a TOML file of ranges and choices; or the usual."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="End after so many in all; 50 without --minutes.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="End after so many minutes.")
    ] = None,
    data: Annotated[str, typer.Option(help="digits, mnist, or a path.")] = "digits",
    recipe: Annotated[
        str | None, typer.Option(help="Where to begin, and what the space leaves out.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="The folder; a search that lies there is gone on with."),
    ] = None,
    pruner: Annotated[
        Literal["median", "hyperband", "none"],
        typer.Option(help="What breaks hopeless trials off, epoch by epoch."),
    ] = "median",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each trial; their mean counts.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of what is tried.")] = 0,
    validation: Annotated[float, typer.Option(help="Share of the training set that judges.")] = 0.2,
    processes: Processes = 1,
    device: Device = "auto",
    data_dir: DataDir = None,
    show_space: Annotated[
        bool, typer.Option("--show-space", help="Print the usual space, to copy and change.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Search for the recipe of the highest validation accuracy, with Optuna.

    The same command with the same --out goes on after Ctrl-C or a kill, and shares the work where
    it runs in several shells or on several machines. The test set is not looked at.
    """
    from tenfold.training import search as searching
    from tenfold.training.search_space import USUAL

    if show_space:
        typer.echo(USUAL.read_text(encoding="utf-8"), nl=False)
        return
    target = folder or Path("runs") / f"search-{datetime.now():%Y%m%d-%H%M%S}"
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    hidden = quiet or json or not err.is_terminal
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_interrupt())
        progress = stack.enter_context(Progress(*columns, console=err, disable=hidden))
        stack.enter_context(decoders.caught())
        task = progress.add_task("starting", total=trials)

        def on_trial(count: int, best: FrozenTrial | None) -> None:
            words = counted(count, "trial")
            if best is not None and best.value is not None:
                words += f", the best {percent(best.value)}"
            progress.update(task, completed=count, description=words)

        found = searching.search(
            space,
            data,
            recipe,
            out=target,
            trials=trials,
            minutes=minutes,
            pruner=pruner,
            seeds=seeds,
            seed=seed,
            validation=validation,
            processes=processes,
            device=device,
            data_dir=data_dir,
            on_trial=on_trial,
            stop=stop,
        )
        stopped = stop()
    if stopped:
        err.print("Stopped. The same command with this --out goes on:", shown(target))
    if found is not None:
        _show(found, json, quiet)
    elif not stopped:
        err.print("No trial was finished within the budget; give more --trials or --minutes.")
    if stopped or found is None:
        raise typer.Exit(INTERRUPTED if stopped else 1)


def _show(found: Found, json: bool, quiet: bool) -> None:
    from tenfold.training.search_results import LEAST, PICTURE, RECIPE, TABLE

    best = found.folder / RECIPE
    if json:
        print_json(found.to_dict())
        return
    if quiet:
        say(shown(best))
        return
    out.print(
        f"{counted(found.whole, 'trial')} finished, {found.pruned} pruned, {found.failed} failed; "
        f"judged on {found.pictures:,} validation pictures"
    )
    out.print(
        f"Best: trial {found.trial}, validation accuracy [bold]{percent(found.accuracy)}[/] "
        f"(95 % interval {between(found.interval, 1)})"
    )
    if found.start is not None:
        out.print(f"The recipe it began with: {percent(found.start)}")
    for key, value in found.changes.items():
        share = found.importances.get(key)
        value = f"{value:.4g}" if isinstance(value, float) else str(value)
        mattered = "" if share is None else f"   importance {percent(share, 0)}"
        out.print(f"  {key:<26} {escape(value):<12}{mattered}")
    out.print("The best of many on the same pictures: expect a little less elsewhere.\n")
    out.print(f"Folder: [bold]{escape(shown(found.folder))}[/]")
    out.print(f"  {RECIPE:<18} tenfold train --recipe {escape(shown(best))}")
    out.print(f"  {TABLE:<18} every trial")
    if found.importances:
        out.print(f"  {PICTURE:<18} what mattered")
    elif found.whole < LEAST:
        out.print(f"No {PICTURE}: what mattered is told from {LEAST} finished trials on.")
    else:
        out.print(f"No {PICTURE}: the trials are too alike to tell what mattered.")
