"""tenfold card: what a model file is, how good it is, and its limits, as Markdown."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from tenfold.cli.console import Force, note, say
from tenfold.names import plain, shown

EXAMPLE = "Example: tenfold card runs/mine/model.onnx --out runs/mine/README.md"
LICENSE = "apache-2.0"  # tenfold's, and that of what comes with it


def card(
    model: Annotated[
        str,
        typer.Argument(
            help="A model file, or one that comes with tenfold: 'bundled', 'finder', 'line'."
        ),
    ],
    target: Annotated[
        Path | None, typer.Option("--out", help="The file to write; by default it is printed.")
    ] = None,
    license_id: Annotated[
        str | None,
        typer.Option(
            "--license",
            help="The model's licence as hubs name it, such as apache-2.0; of the bundled model "
            "it is known.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write a model card in Markdown: data, recipe, figures with intervals, limits.

    Its YAML header is the one that model hubs read: upload it as the README.md of the model. All is
    from the model's metadata and from what 'tenfold evaluate' has measured of this very file.
    """
    from tenfold.cli.evaluate import BUNDLED, open_named
    from tenfold.evaluation.report.card import model_card
    from tenfold.files import check_target, write_output

    if target is not None:
        check_target(target, force=force)
    if model in ("finder", "line"):  # measured on composed pages; their cards come with them
        text = (files("tenfold.models") / f"{model}.md").read_text(encoding="utf-8")
    else:
        opened = open_named(model)
        folder = None if model == BUNDLED else opened.folder
        license_id = license_id or (LICENSE if model == BUNDLED else None)
        written = model_card(opened.model.info, opened.content, folder, shown(model), license_id)
        text = plain(written, keep="\n\t")
    if target is None:
        say(text, end="")
    else:
        write_output(target, text, force=force)
        note(f"Written to {shown(target)}")
