"""tenfold calibrate: make a model file's confidence honest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tenfold import decoders
from tenfold.cli.console import DataDir, Force, Json, Quiet, out, print_json, say
from tenfold.evaluation.format import percent
from tenfold.names import shown

EXAMPLE = "Example: tenfold calibrate runs/mine/model.onnx --data mnist --out calibrated.onnx"


def calibrate(
    model: Annotated[Path, typer.Argument(help="A model file; it is left as it is.")],
    data: Annotated[
        str, typer.Option(help="digits, mnist, or a path; its test set is not looked at.")
    ],
    target: Annotated[
        Path | None,
        typer.Option("--out", help="The new file; by default NAME-calibrated.onnx beside it."),
    ] = None,
    data_dir: DataDir = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit the temperature that makes confidence mean what it says; write a new model file.

    On pictures the model has not learned from and that no test uses: what its recipe held out for
    validation, if it learned from this very data, else the training set. Answers stay the same.
    """
    from tenfold.evaluation.encode import encode
    from tenfold.files import check_target, write_output
    from tenfold.model import open_model, read_content
    from tenfold.training.temperature import FEWEST, calibrated, fitting_part

    target = target or model.with_name(f"{model.stem}-calibrated.onnx")
    content = read_content(model)
    opened = open_model(content, str(model))
    check_target(target, force=force)
    with decoders.caught():
        pictures, fingerprint = fitting_part(opened, data, data_dir)
    written, before, after = calibrated(opened, content, pictures, fingerprint)
    write_output(target, written, force=force)
    if json:
        figures = {"before": encode(before), "after": encode(after)}
        print_json({"model": shown(target), "pictures": len(pictures)} | figures)
    elif quiet:
        say(shown(target))
    else:
        out.print(
            f"Temperature {after.temperature:.4f}, fitted on {len(pictures):,} pictures "
            f"({escape(shown(pictures.name))}, {pictures.split} part). On these: calibration error "
            f"{percent(before.error)} → {percent(after.error)}, negative log-likelihood "
            f"{before.negative_log_likelihood:.4f} → {after.negative_log_likelihood:.4f}."
        )
        if len(pictures) < FEWEST:
            out.print("So few pictures tell a temperature only roughly.")
        out.print(f"Written to [bold]{escape(shown(target))}[/]")
