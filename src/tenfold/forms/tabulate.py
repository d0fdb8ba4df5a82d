"""The table of a stack: a row per sheet, a column per field, as CSV, XLSX, Parquet or JSON lines.

A column holds numbers where the template says that a field is one (a range, decimals, a sum), and
text everywhere else, so that a student number keeps its zeros. Text that begins as a formula does
is kept from being one: by an apostrophe in CSV, by its type in XLSX. Rows are written as they come,
in constant memory, and the file is there whole or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from tenfold.errors import TenfoldError
from tenfold.files import check_target, whole_file
from tenfold.forms.columns import Column, Value, columns_of
from tenfold.forms.copies import Sheet
from tenfold.forms.exported import refuse_foreign_table, remember
from tenfold.forms.results import Results
from tenfold.names import cell, plain

Format: TypeAlias = Literal["csv", "xlsx", "parquet", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "parquet", "jsonl")
MOST_ROWS = 1_048_575  # of a spreadsheet, below its head
MOST_LETTERS = 32_767  # of a cell
NO_XML = re.compile("[\ufffe\uffff]")  # what XML has no place for
ROWS_AT_ONCE = 1_000  # of a row group in Parquet


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Parameters
    ----------
    path : Path
    rows, columns : int
    open : int
        Fields that a person should still look at: they stand in the table as they were read.
    problems : int
        Rows of pages that could not be read.
    texts : tuple of str
        Columns of numbers that hold something else, and so are text.
    """

    path: Path
    rows: int
    columns: int
    open: int
    problems: int
    texts: tuple[str, ...]


def write_table(
    results: Results,
    path: str | Path,
    form: Format,
    *,
    probabilities: bool = False,
    force: bool = False,
) -> Written:
    """Write the table of all sheets.

    Parameters
    ----------
    results : Results
    path : str or Path
    form : {"csv", "xlsx", "parquet", "jsonl"}
    probabilities : bool
        Whether to add a column with the probability and one with the status of each field.
    force : bool
        Whether to replace a file that is not as tenfold wrote it.

    Raises
    ------
    TenfoldError
        If a file lies there that is no table of these results, or was changed since; if it cannot
        be written, the disk is full, or a spreadsheet has no room for so many rows.

    Examples
    --------
    >>> with Results.open("results") as results:  # doctest: +SKIP
    ...     write_table(results, "marks.xlsx", "xlsx").rows
    212
    """
    path = Path(path)
    check_target(path, force=True)
    refuse_foreign_table(results.database, path, force=force)
    columns, texts = columns_of(results, probabilities)
    count = _Count()
    with whole_file(path) as file:
        WRITERS[form](file, columns, count.passing(results.sheets()))
    remember(results.database, path)
    return Written(path, count.rows, len(columns), count.open, count.problems, tuple(texts))


@dataclass(slots=True)
class _Count:
    rows: int = 0
    open: int = 0
    problems: int = 0

    def passing(self, sheets: Iterable[Sheet]) -> Iterator[Sheet]:
        for sheet in sheets:
            self.rows += 1
            self.open += 0 if sheet.problem else len(sheet.open)
            self.problems += bool(sheet.problem)
            yield sheet


def _write_csv(file: BinaryIO, columns: list[Column], sheets: Iterable[Sheet]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([cell(column.name) for column in columns])
        for sheet in sheets:
            writer.writerow([cell(column.of(sheet)) for column in columns])
    finally:
        text.detach()  # the file is closed by whoever opened it


def _write_jsonl(file: BinaryIO, columns: list[Column], sheets: Iterable[Sheet]) -> None:
    for sheet in sheets:
        record = {column.name: column.of(sheet) for column in columns}
        file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")


def _write_xlsx(file: BinaryIO, columns: list[Column], sheets: Iterable[Sheet]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    table = book.create_sheet("Sheets")
    table.freeze_panes = "A2"

    def filled(value: Value) -> object:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(table, NO_XML.sub("\ufffd", plain(value))[:MOST_LETTERS])
        # Text whatever it looks like, also for whoever edits it: openpyxl would take "=…" for a
        # formula, and spreadsheets "00417" for a number.
        made.data_type, made.number_format, made.quotePrefix = "s", "@", True
        return made

    try:
        table.append([filled(column.name) for column in columns])
        for row, sheet in enumerate(sheets):
            if row == MOST_ROWS:
                raise TenfoldError(
                    f"a spreadsheet holds {MOST_ROWS:,} rows, and there are more. "
                    "Write CSV, JSON lines or Parquet."
                )
            table.append([filled(column.of(sheet)) for column in columns])
        book.save(file)
    except BaseException:
        with suppress(Exception):  # on a full disk it would complain later, when nobody listens
            table.close()
        raise


def _write_parquet(file: BinaryIO, columns: list[Column], sheets: Iterable[Sheet]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    whole, number = pa.int64(), pa.float64()
    types = {"text": pa.string(), "whole": whole, "tick": whole, "number": number}
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    rows = ([column.of(sheet) for column in columns] for sheet in sheets)
    with parquet.ParquetWriter(file, schema) as writer:
        while part := list(islice(rows, ROWS_AT_ONCE)):
            by_column = zip(zip(*part, strict=True), schema.types, strict=True)
            arrays = [pa.array(values, type_) for values, type_ in by_column]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


WRITERS: dict[Format, Callable[[BinaryIO, list[Column], Iterable[Sheet]], None]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "parquet": _write_parquet,
    "jsonl": _write_jsonl,
}
