"""Rows as files: one part of the output, as Parquet or JSON lines, with the same columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias, cast

from tenfold.names import plain
from tenfold.reader.batch import Row

if TYPE_CHECKING:
    import pyarrow as pa

Format: TypeAlias = Literal["parquet", "jsonl"]
FORMATS: tuple[Format, ...] = ("parquet", "jsonl")


@cache
def schema() -> pa.Schema:
    """Return the columns, one for each key of `tenfold.reader.batch.Row`."""
    import pyarrow as pa

    text, whole, number = pa.string(), pa.int32(), pa.float64()
    of_number = [("text", text), ("confidence", number)]
    of_number += [(name, whole) for name in ("line", "x", "y", "width", "height")]
    return pa.schema([
        ("id", text), ("page", whole), ("text", text), ("value", text), ("confidence", number),
        ("numbers", pa.list_(pa.struct(of_number))), ("refused", whole), ("width", whole),
        ("height", whole), ("rotation", whole), ("notes", pa.list_(text)), ("seconds", number),
        ("error", text),
    ])  # fmt: skip


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table."""
    import pyarrow as pa

    return pa.Table.from_pylist(cast("list[dict[str, object]]", list(rows)), schema=schema())


def write_rows(file: BinaryIO, form: Format, rows: Sequence[Row]) -> None:
    """Write rows to an open file."""
    if form == "parquet":
        from pyarrow import parquet

        parquet.write_table(table_of(rows), file, compression="zstd")
        return
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def clean(row: Row) -> Row:
    """Return a row whose text is valid UTF-8 and steers no terminal, whoever named the picture."""
    named: Row = {**row, "id": plain(row["id"])}
    if row["error"] is not None:
        named["error"] = plain(row["error"])
    return named
