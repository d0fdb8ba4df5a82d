"""What a model answers to pictures without labels, as a table to hand in or to go on with.

The table's columns are those of the data: ids stay as the source has them, and where it has none
they count from 1 under the names that Kaggle's competition asks for, ``ImageId`` and ``Label``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenfold.data.splits import whole_of
from tenfold.errors import UsageError
from tenfold.evaluation.test_sets import framed
from tenfold.files import check_target, write_whole
from tenfold.model import Model
from tenfold.samples.load import Data, load

SUFFIXES = (".csv", ".tsv", ".parquet", ".npz")


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model answers to each picture of a source.

    Parameters
    ----------
    ids : array, shape (n,)
        What the source calls each picture: numbers from 1, or text.
    id_name, label_name : str
        What to call the two columns.
    labels : str array, shape (n,)
    probabilities : float32 array, shape (n, classes)
    classes : tuple of str
    assumed : str
        What was assumed of the source, in one line; or empty.
    """

    ids: NDArray[np.int64] | NDArray[np.str_]
    id_name: str
    label_name: str
    labels: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    classes: tuple[str, ...]
    assumed: str

    def __len__(self) -> int:
        return len(self.labels)


def predict(
    model: Model, source: Data, data_dir: Path | None = None, *, as_is: bool | None = None
) -> Predictions:
    """Ask a model for every picture of a source, in its order; labels in it are not looked at.

    Parameters
    ----------
    model : Model
    source, data_dir, as_is
        As for `tenfold.samples.load.load`.

    Raises
    ------
    UsageError, DataError, ModelError
        If the source cannot be used, or not with this model.

    Examples
    --------
    >>> from tenfold.reader.networks import bundled_model
    >>> bar = np.zeros((1, 28, 28), np.uint8)
    >>> bar[0, 4:24, 13:15] = 255
    >>> found = predict(bundled_model(), (bar, ["0"]))
    >>> found.id_name, found.ids, found.labels
    ('ImageId', array([1]), array(['1'], dtype='<U1'))
    """
    loaded = load(source, data_dir, as_is=as_is)
    data = whole_of(loaded.train, loaded.test)
    probabilities = model.predict_proba(framed(data, model).images)
    classes = model.info.classes
    labels = np.array(classes)[probabilities.argmax(axis=1)]
    if data.ids is None:
        ids: NDArray[np.int64] | NDArray[np.str_] = np.arange(1, len(data) + 1)
        names = ("ImageId", "Label")
    else:
        ids = _numbers(data.ids)
        names = (data.id_name, "Label" if data.id_name[:1].isupper() else "label")
    return Predictions(ids, *names, labels, probabilities, classes, loaded.assumed)


def write_predictions(
    found: Predictions, path: str | Path, *, probabilities: bool = False, force: bool = False
) -> Path:
    """Write a table of predictions: CSV, TSV, Parquet or NPZ, by the name's end.

    With ``probabilities`` each class has a column too, called ``p_CLASS``; in an NPZ they are one
    array. Returns the path.

    Raises
    ------
    UsageError
        If the name has another end.
    TenfoldError
        If it cannot be written, or a file lies there and ``force`` is False.
    """
    path = check_table(path, force=force)
    suffix = path.suffix.lower()
    content: bytes | str
    if suffix == ".npz":
        content = _npz(found, probabilities)
    else:
        columns: dict[str, NDArray[np.generic]] = {
            found.id_name: found.ids,
            found.label_name: found.labels,
        }
        if probabilities:
            columns |= {f"p_{n}": found.probabilities[:, k] for k, n in enumerate(found.classes)}
        if suffix == ".parquet":
            content = _parquet(columns)
        else:
            content = _text(columns, "\t" if suffix == ".tsv" else ",")
    return write_whole(path, content)


def check_table(path: str | Path, *, force: bool = False) -> Path:
    """Find out early whether a table can be written here; raises as `write_predictions`."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: predictions are written as {', '.join(SUFFIXES)}.")
    check_target(path, force=force)
    return path


def _numbers(ids: NDArray[np.str_]) -> NDArray[np.int64] | NDArray[np.str_]:
    """Return ids as numbers where all are written as such, so that tables have them as numbers."""
    try:
        numbers = ids.astype(np.int64)
    except (ValueError, OverflowError):
        return ids
    return numbers if (numbers.astype(np.str_) == ids).all() else ids


def _text(columns: dict[str, NDArray[np.generic]], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    written = [
        [f"{value:.6f}" for value in column] if column.dtype.kind == "f" else column.tolist()
        for column in columns.values()
    ]
    writer.writerows(zip(*written, strict=True))
    return text.getvalue()


def _parquet(columns: dict[str, NDArray[np.generic]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    arrays = {
        name: pa.array(column.tolist() if column.dtype.kind == "U" else column)
        for name, column in columns.items()
    }
    pq.write_table(pa.table(arrays), sink)
    return bytes(sink.getvalue())


def _npz(found: Predictions, probabilities: bool) -> bytes:
    buffer = io.BytesIO()
    arrays: dict[str, NDArray[np.generic]] = {"ids": found.ids, "labels": found.labels}
    if probabilities:
        arrays["probabilities"] = found.probabilities
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
