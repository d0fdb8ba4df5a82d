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
from tenfold.cli.readings import evaluate_pictures

BUNDLED = "bundled"
EXAMPLE = "Example: tenfold evaluate runs/mine/model.onnx --data mnist"


def evaluate(
    model: Annotated[
        str, typer.Argument(help="A model file, or 'bundled' for the one that comes with tenfold.")
    ],
    data: Annotated[
        str,
        typer.Option(
            help="digits, mnist, a path, or a table of pictures: file,label or file,truth."
        ),
    ],
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
    layout: Annotated[
        Literal["auto", "digit", "line", "page"] | None,
        typer.Option(
            help="For tables: as for 'tenfold read'; digit if there are labels, else auto."
        ),
    ] = None,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="For tables: refuse digits less probable than this.")
    ] = 0.5,
    data_dir: DataDir = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model file on labelled pictures.

    Accuracy with its 95 % interval, loss, precision and recall per class, confusion, and the
    worst mistakes as a picture. A table of people's own pictures is read as 'tenfold read' does,
    and measured per source and over sources.
    """
    from tenfold.evaluation import evaluate as measuring
    from tenfold.evaluation.plots import mistakes_sheet
    from tenfold.evaluation.readings import is_picture_table
    from tenfold.model import load_model
    from tenfold.pictures import save_png
    from tenfold.reader.reader import Reader

    bundled = model == BUNDLED
    opened = Reader().model if bundled else load_model(model)
    path = mistakes or (Path() if bundled else Path(model).parent) / "mistakes.png"
    if is_picture_table(data):
        evaluate_pictures(
            opened,
            Path(data),
            path,
            layout=layout,
            min_confidence=min_confidence,
            json=json,
            quiet=quiet,
        )
        return
    pictures = measuring.choose_split(opened, data, split, data_dir)
    evaluation = measuring.evaluate(opened, pictures)
    if json:
        print_json(evaluation.to_dict() | {"model": model, "mistakes_picture": str(path)})
    elif quiet:
        typer.echo(percent(evaluation.accuracy))
    else:
        out.print(
            f"\n{escape(f'{model} on {evaluation.data}')} ({evaluation.split} part): "
            f"loss {evaluation.loss:.4f} (cross-entropy), {accuracy_line(evaluation)}\n"
        )
        out.print(confusion_table(evaluation))
        out.print(f"\nMistakes, the surest first: [bold]{escape(str(path))}[/]")
    # Last, so that a folder that cannot be written costs the picture alone.
    save_png(mistakes_sheet(pictures, evaluation), path)
