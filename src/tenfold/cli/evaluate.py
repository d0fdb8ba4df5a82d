"""tenfold evaluate: measure a model file on labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from tenfold.cli.console import (
    DataDir,
    Json,
    Quiet,
    accuracy_line,
    confusion_table,
    out,
    percent,
    print_json,
)

EXAMPLE = "Example: tenfold evaluate runs/mine/model.onnx --data mnist"


def evaluate(
    model: Annotated[Path, typer.Argument(help="The model file, as 'tenfold train' wrote it.")],
    data: Annotated[str, typer.Option(help="digits, mnist, or a path (see 'tenfold data').")],
    split: Annotated[
        Literal["train", "test", "all"] | None,
        typer.Option(help="Which part; by default its test part, or all of what is new to it."),
    ] = None,
    mistakes: Annotated[
        Path | None,
        typer.Option(
            help="Where to save the picture of the mistakes; by default beside the model."
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model file on labelled pictures.

    Accuracy with its 95 % interval, loss, precision and recall per class, confusion, and the
    worst mistakes as a picture.
    """
    from tenfold.evaluation import evaluate as measuring
    from tenfold.evaluation.plots import mistakes_sheet
    from tenfold.model import load_model
    from tenfold.pictures import save_png

    opened = load_model(model)
    pictures = measuring.choose_split(opened, data, split, data_dir)
    evaluation = measuring.evaluate(opened, pictures)
    path = model.with_name("mistakes.png") if mistakes is None else mistakes
    save_png(mistakes_sheet(pictures, evaluation), path)
    if json:
        print_json(evaluation.to_dict() | {"model": str(model), "mistakes_picture": str(path)})
    elif quiet:
        typer.echo(percent(evaluation.accuracy))
    else:
        out.print(
            f"\n{escape(f'{model} on {evaluation.data}')} ({evaluation.split} part): "
            f"loss {evaluation.loss:.4f} (cross-entropy), {accuracy_line(evaluation)}\n"
        )
        out.print(confusion_table(evaluation))
        out.print(f"\nMistakes, the surest first: [bold]{escape(str(path))}[/]")
