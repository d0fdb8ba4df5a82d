"""tenfold card: what a model file is, how good it is, and its limits, as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenfold.cli.console import Force, note, say
from tenfold.names import plain, shown

EXAMPLE = "Example: tenfold card runs/mine/model.onnx --out runs/mine/README.md"


def card(
    model: Annotated[
        str, typer.Argument(help="A model file, or 'bundled' for the one that comes with tenfold.")
    ],
    target: Annotated[
        Path | None, typer.Option("--out", help="The file to write; by default it is printed.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a model card in Markdown: data, recipe, figures with intervals, limits.

    From the model's metadata and from what 'tenfold evaluate' has measured of this very file.
    """
    from tenfold.cli.evaluate import BUNDLED, open_named
    from tenfold.evaluation.report.card import model_card
    from tenfold.files import check_target, write_output

    if target is not None:
        check_target(target, force=force)
    opened = open_named(model)
    folder = None if model == BUNDLED else opened.folder
    text = plain(model_card(opened.model.info, opened.content, folder, shown(model)), keep="\n\t")
    if target is None:
        say(text, end="")
    else:
        write_output(target, text, force=force)
        note(f"Written to {shown(target)}")
