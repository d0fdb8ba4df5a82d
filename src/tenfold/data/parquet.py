"""Parquet tables: a column for each pixel, or one of lists; a label and ids beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.data.arrays import Stack, stack_of
from tenfold.data.labels import ID_NAMES, LABEL_NAMES
from tenfold.errors import DataError
from tenfold.files import open_file

_PIXELS = frozenset({"image", "images", "pixels", "x"})  # columns of lists

Columns = dict[str, Any]  # a column's name → a list, or an array of numbers


def read_columns(path: Path) -> Columns:
    """Read all columns of a Parquet file; raises DataError if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_file(path) as file:
            table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        why = str(error).splitlines()[0]
        raise DataError(f"{path}: cannot be read as Parquet ({why}).") from error
    if not table.num_rows:
        raise DataError(f"{path}: holds no rows.")
    return {
        name: column.to_numpy() if pa.types.is_primitive(column.type) else column.to_pylist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def read_parquet(path: Path, columns: Columns | None = None) -> Stack:
    """Read a Parquet table of pixels; see `tenfold.data.tables.read_csv`.

    Parameters
    ----------
    path : Path
    columns : dict, optional
        What `read_columns` gave, where it was read already.

    Raises
    ------
    DataError
        If it is no Parquet file, its pixels make no pictures, or its labels are no digits.
    """
    columns = read_columns(path) if columns is None else columns
    plain = {name.strip().casefold(): name for name in columns}
    label = [plain[name] for name in plain if name in LABEL_NAMES]
    own = [plain[n] for n in plain if n in ID_NAMES or n.startswith(("unnamed:", "__index"))]
    if len(label) > 1:
        raise DataError(f"{path}: the columns {', '.join(label)}: leave one.")
    lists = [name for name in columns if name.strip().casefold() in _PIXELS]
    pixels = lists[:1] or [name for name in columns if name not in {*label, *own}]
    stack = stack_of(
        _table([columns[name] for name in pixels], path),
        np.asarray(columns[label[0]]) if label else None,
        "all",
        f"{path}",
        f"{path}: {label[0]}" if label else f"{path}",
    )
    if not own:
        return stack
    ids = np.asarray(columns[own[0]]).astype(np.str_)
    return Stack(stack.images, stack.labels, stack.split, stack.where, ids, own[0])


def _table(columns: list[Any], path: Path) -> NDArray[Any]:
    try:
        if len(columns) == 1:
            return np.array(list(columns[0]))
        return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{path}: its columns hold no pixels ({error}). Give a number for each pixel, or "
            "columns 'file' and 'label'."
        ) from error
