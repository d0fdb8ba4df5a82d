"""tenfold train: from a data set and a recipe to a model file."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from tenfold.cli.console import (
    AsIs,
    DataDir,
    Json,
    Quiet,
    err,
    note,
    out,
    print_json,
    say,
    stop_on_interrupt,
)
from tenfold.cli.show_evaluation import accuracy_line, confusion_table
from tenfold.errors import OldFormatWarning, UsageError
from tenfold.evaluation.format import percent
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.training.baselines import Validation
    from tenfold.training.callbacks import Callback
    from tenfold.training.pages.run import PagesRun
    from tenfold.training.result import Run
    from tenfold.training.seeds import Seeds


EXAMPLE = "Example: tenfold train --data mnist --recipe mnist --set epochs=3 --out runs/mine"


Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute; auto takes CUDA if there.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the recipe; repeatable."),
]


def train(
    data: Annotated[
        str | None, typer.Option(help="digits, mnist, or a path (see 'tenfold data').")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="A built-in recipe's name or a TOML file.")
    ] = None,
    settings: Settings = None,
    seed: Annotated[int | None, typer.Option(help="Random seed in place of the recipe's.")] = None,
    seeds: Annotated[
        int,
        typer.Option(min=1, help="Train this many, each with the next random seed, and summarise."),
    ] = 1,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="The run folder; by default a new one below ./runs."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out where it stopped.")
    ] = False,
    device: Device = "auto",
    data_dir: DataDir = None,
    checkpoint_every: Annotated[
        float, typer.Option(min=0, help="Seconds between checkpoints.")
    ] = 10.0,
    track: Annotated[
        list[str] | None,
        typer.Option(
            metavar="tensorboard|mlflow",
            help="Keep the figures there too; repeatable. MLflow: in runs/mlflow.",
        ),
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", hidden=True)] = False,
    as_is: AsIs = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a network and save it as a model file with its figures.

    Without options: scikit-learn's digits, in seconds. --data takes your own labelled images: a
    folder of folders 0 to 9 with images of any size, a table of files and labels, the results of a
    form review, and more (docs/data.md). Without --recipe, the settings follow from how many they
    are.
    """
    from tenfold.cli.progress import JsonLines, Loading
    from tenfold.training import run as training
    from tenfold.training.progress import Bar
    from tenfold.training.recipe import parse_settings
    from tenfold.training.seeds import train_seeds

    if resume and seeds > 1:
        raise UsageError("--resume goes on with one run; give --out RUNS/seed-N and no --seeds.")
    with ExitStack() as stack:
        callbacks: list[Callback] = [JsonLines()] if json else []
        if not quiet and not json:
            callbacks.append(stack.enter_context(Bar(err)))
        callbacks.append(stack.enter_context(Loading()))
        wishes: dict[str, Any] = {
            "settings": parse_settings(settings or []),
            "seed": seed,
            "out": folder,
            "device": device,
            "data_dir": data_dir,
            "callbacks": callbacks,
            "stop": stack.enter_context(stop_on_interrupt()),
            "checkpoint_every": checkpoint_every,
            "track": _tracked(track or [], tensorboard),
            "as_is": as_is,
            "tell": (lambda _: None) if json or quiet else note,
        }
        if seeds > 1:
            several = train_seeds(seeds, data, recipe, on_run=_teller(json, quiet), **wishes)
        else:
            result = training.train(data, recipe, resume=resume, **wishes)
    if seeds > 1:
        _report_seeds(several, json, quiet)
    elif json:
        print_json({"event": "done"} | result.to_dict())
    elif quiet:
        say(shown(result.model))
    else:
        report(result)


def _tracked(track: list[str], tensorboard: bool) -> list[str]:
    """Return where figures are kept, once each; the old option is still taken."""
    if tensorboard:
        hint = "--tensorboard is called --track tensorboard now"
        warnings.warn(f"{hint}; the old name goes with the next release.", OldFormatWarning, 2)
        track = [*track, "tensorboard"]
    return list(dict.fromkeys(track))


def _teller(json: bool, quiet: bool) -> Callable[[Run], None]:
    """Return what tells of each seed's run when it has ended."""

    def tell(run: Run) -> None:
        if json:
            print_json({"event": "done"} | run.to_dict())
        elif not quiet:
            out.print(f"seed {run.recipe.seed}: {accuracy_line(run.evaluation)}")

    return tell


def _report_seeds(found: Seeds, json: bool, quiet: bool) -> None:
    """Print what several seeds came to."""
    if json:
        print_json({"event": "seeds"} | found.to_dict())
        return
    if quiet:
        say(shown(found.folder))
        return
    from tenfold.evaluation.report.sentences import say as sentence

    out.print(f"\n{len(found.runs)} seeds: [bold]accuracy {sentence('runs', found.accuracy)}[/]")
    out.print(f"Run folders: [bold]{escape(shown(found.folder))}[/] (seed-…, seeds.json)")


def report(run: Run | PagesRun) -> None:
    """Print what a run came to."""
    from tenfold.training.pages.run import PagesRun

    if isinstance(run, PagesRun):
        _report_on_pages(run)
        return
    recipe, evaluation = run.recipe, run.evaluation
    epochs = "1 epoch" if recipe.epochs == 1 else f"{recipe.epochs} epochs"
    rate = run.history[-1].images_per_second
    out.print(
        f"\nRecipe [bold]{escape(shown(recipe.name))}[/] on {escape(shown(evaluation.data))}: "
        f"{epochs} in {run.train_seconds:.1f} s ({rate:,.0f} images/s), "
        f"random seed {recipe.seed}"
    )
    out.print(
        f"Test set, {evaluation.count:,} images: loss {run.test_loss:.4f} "
        f"({recipe.loss.name}), {accuracy_line(evaluation)}\n"
    )
    if run.validation is not None:
        _report_validation(run.validation)
    out.print(confusion_table(evaluation))
    out.print(f"\nRun folder: [bold]{escape(shown(run.folder))}[/]")
    out.print("  model.onnx            the trained network: tenfold evaluate takes it")
    out.print("  learning-curve.png    loss and accuracy over the epochs")
    out.print("  samples.png           the first training images")
    out.print("  mistakes.png          misclassified test images, most confident first")
    if (run.folder / "mlflow.json").exists():
        from tenfold.training.mlflow import noted

        out.print(f"MLflow: {escape(noted(run.folder))}", markup=False)


def _report_validation(found: Validation) -> None:
    """Print what the validation pictures say, beside two baselines."""
    how = f"cross-fitting in {found.folds} parts" if found.folds else f"{found.count:,} images"
    out.print(
        f"Validation accuracy {percent(found.accuracy)} ({how}).\nOn the same images: nearest "
        f"neighbour {percent(found.nearest_neighbour)}, tenfold's own classifier "
        f"{percent(found.bundled)}\n"
    )


def _report_on_pages(run: PagesRun) -> None:
    """Print what a run on composed pages came to."""
    recipe, results = run.recipe, dict(run.results)
    unit = "pages" if "pages" in results else "strips"
    count = int(results.pop(unit))
    out.print(
        f"\nRecipe [bold]{escape(shown(recipe.name))}[/] on {unit} composed of "
        f"{escape(shown(run.data))}: "
        f"{recipe.steps:,} steps in {run.train_seconds:,.0f} s, random seed {recipe.seed}"
    )
    out.print(f"On {count:,} {unit} of hands and fonts held out:\n")
    for name, value in results.items():
        out.print(f"  {name.replace('_', ' '):<16} {100 * value:5.1f} %")
    out.print(f"\nRun folder: [bold]{escape(shown(run.folder))}[/]")
    out.print("  model.onnx            the trained network")
    out.print("  metrics.jsonl         the figures of every hundred steps")
