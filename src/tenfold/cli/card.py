"""tenfold card: what a model file is, how good it is, and its limits, as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tenfold.cli.console import err

EXAMPLE = "Example: tenfold card runs/mine/model.onnx --out runs/mine/README.md"


def card(
    model: Annotated[
        str, typer.Argument(help="A model file, or 'bundled' for the one that comes with tenfold.")
    ],
    target: Annotated[
        Path | None, typer.Option("--out", help="The file to write; by default it is printed.")
    ] = None,
) -> None:
    """Write a model card in Markdown: data, recipe, figures with intervals, limits.

    From the model's metadata and from what 'tenfold evaluate' has measured of this very file.
    """
    from tenfold.cli.evaluate import BUNDLED, open_named
    from tenfold.evaluation.report.card import model_card
    from tenfold.files import check_target, write_whole

    if target is not None:
        check_target(target)
    opened = open_named(model)
    folder = None if model == BUNDLED else opened.folder
    text = model_card(opened.model.info, opened.content, folder, model)
    if target is None:
        typer.echo(text, nl=False)
    else:
        write_whole(target, text)
        err.print(f"Written to [bold]{escape(str(target))}[/]")
