"""tenfold evaluate: measure a model file on labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tenfold.cli.console import DataDir, Json, Quiet
from tenfold.errors import UsageError
from tenfold.files import check_target

EXAMPLE = "Example: tenfold evaluate runs/mine/model.onnx --data mnist --report report.html"


def evaluate(
    model: Annotated[
        str, typer.Argument(help="A model file, or 'bundled' for the one that comes with tenfold.")
    ],
    data: Annotated[
        list[str],
        typer.Option(
            help="digits, mnist, a path, or a table of pictures: file,label or file,truth. "
            "Several times: one table of all."
        ),
    ],
    report: Annotated[
        Path | None, typer.Option(help="Write everything measured as one HTML page.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Another model file to compare with, picture by picture.")
    ] = None,
    not_digits: Annotated[
        Path | None,
        typer.Option(help="Your own things that are no digits: a folder of pictures, or an .npz."),
    ] = None,
    brief: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes long: bad and moved pictures.")
    ] = False,
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
    worst mistakes as a picture. With --report or --json, everything else too: confidence,
    robustness, things that are no digits, what it looks at, cost. A table of people's own pictures
    is read as 'tenfold read' does, and measured per source and over sources.
    """
    from tenfold.cli.assessing import Wishes, evaluate_data, open_named
    from tenfold.cli.readings import evaluate_pictures
    from tenfold.evaluation.readings import is_picture_table

    if mistakes is not None:
        check_target(mistakes)
    opened = open_named(model)
    tables = tuple(Path(source) for source in data if is_picture_table(source))
    sheet = mistakes or opened.folder / "mistakes.png"
    if len(data) == len(tables) == 1 and report is None and against is None:
        evaluate_pictures(
            opened.model,
            tables[0],
            sheet,
            layout=layout,
            min_confidence=min_confidence,
            json=json,
            quiet=quiet,
        )
        return
    if len(data) == len(tables):
        raise UsageError(
            f"{data[0]}: a table of pictures is measured alone, or beside single digits. "
            "Give such data first, as in --data mnist --data mine/labels.csv."
        )
    wishes = Wishes(
        report=report,
        against=against,
        not_digits=not_digits,
        quick=brief,
        sheet=sheet,
        layout=layout,
        min_confidence=min_confidence,
        json=json,
        quiet=quiet,
    )
    sources = [source for source in data if Path(source) not in tables]
    evaluate_data(opened, sources, tables, split, data_dir, wishes)
