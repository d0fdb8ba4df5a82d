"""tenfold predict: what a model answers to data without labels, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tenfold import decoders
from tenfold.cli.console import AsIs, DataDir, Force, Json, Quiet, note, print_json, say
from tenfold.errors import UsageError
from tenfold.names import shown

EXAMPLE = "Example: tenfold predict runs/mine/model.onnx --data test.csv --out submission.csv"


def predict(
    model: Annotated[
        str, typer.Argument(help="A model file, or 'bundled' for the one that comes with tenfold.")
    ],
    data: Annotated[
        str,
        typer.Option(
            help="A table of pixels or files, an .npz, or a folder of images of one digit each."
        ),
    ],
    target: Annotated[
        Path, typer.Option("--out", help="The table to write: .csv, .tsv, .parquet or .npz.")
    ],
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Add the probability of each class.")
    ] = False,
    data_dir: DataDir = None,
    as_is: AsIs = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write what a model answers to images without labels: an id and a label per line.

    Ids are those of the data: a column 'id' or 'ImageId', or the names of files. Where there are
    none they count from 1, as in Kaggle's 'Digit Recognizer' (ImageId,Label). Labels in the data
    are not looked at. For photos with more than one digit, use 'tenfold read'.
    """
    import numpy as np

    from tenfold.cli.evaluate import open_named
    from tenfold.data.splits import Splits, whole_of
    from tenfold.evaluation import predictions
    from tenfold.evaluation.test_sets import in_size
    from tenfold.samples.load import load

    predictions.check_table(target, force=force)
    if Path(data).resolve() == target.resolve():
        raise UsageError(f"{target}: holds the data themselves. Give --out another name.")
    opened = open_named(model)
    with decoders.caught():
        loaded = load(data, data_dir, as_is=as_is)
    given = whole_of(loaded.train, loaded.test)
    whole = in_size(given, opened.model.info.size)
    found = predictions.predict(opened.model, Splits(whole, whole.take(np.arange(0)), False))
    predictions.write_predictions(found, target, probabilities=probabilities, force=force)
    if json:
        print_json({"predictions": shown(target), "count": len(found), "model": shown(model)})
        return
    if not quiet:
        if loaded.assumed:
            note(f"{loaded.assumed}.")
        if whole.size != given.size:
            size = f"{whole.size}×{whole.size}"
            note(f"The model takes {size}, so each image was framed to that size.")
        note(f"{len(found):,} predictions, columns {found.id_name} and {found.label_name}:")
    say(shown(target))
