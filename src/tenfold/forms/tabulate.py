"""The table of a stack: one row a sheet, one column a field, as CSV, XLSX, Parquet or JSON lines.

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
from tenfold.forms.copies import Sheet, values_of
from tenfold.forms.exported import refuse_foreign_table, remember
from tenfold.forms.results import Results
from tenfold.forms.template import Field
from tenfold.names import cell, plain

Format: TypeAlias = Literal["csv", "xlsx", "parquet", "jsonl"]
Value: TypeAlias = str | int | float | None
Type: TypeAlias = Literal["text", "whole", "number"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "parquet", "jsonl")
MOST_ROWS = 1_048_575  # of a spreadsheet, below its head
MOST_LETTERS = 32_767  # of a cell
NO_XML = re.compile("[\ufffe\uffff]")  # what XML has no place for
ROWS_AT_ONCE = 1_000  # of a row group in Parquet


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its head, what it holds, and how a sheet fills it."""

    name: str
    type: Type
    of: Callable[[Sheet], Value]


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
    columns, texts = _columns(results, probabilities)
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


def _columns(results: Results, probabilities: bool) -> tuple[list[Column], list[str]]:
    """Return the columns, and the names of those that should hold numbers and do not all."""
    db = results.database
    types: dict[str, Type] = {}
    texts = []
    for field in results.fields:
        promised = _promised(field, results.fields)
        found = promised if promised == "text" else _widened(promised, values_of(db, field.name))
        if found != promised and found == "text":
            texts.append(field.name)
        types[field.name] = found
    columns = [
        column
        for field in results.fields
        for column in _of_field(field.name, types[field.name], probabilities)
    ]
    taken = {column.name for column in columns}
    return [
        Column(_free("source", taken), "text", lambda sheet: sheet.source),
        Column(_free("page", taken), "whole", lambda sheet: sheet.pages[0]),
        *columns,
        Column(_free("problem", taken), "text", _problem),
    ], texts


def _free(name: str, taken: set[str]) -> str:
    """Return the head of a column that is no field's, told from those that are."""
    while name in taken:
        name = f"{name}_"
    return name


def _of_field(name: str, type_: Type, probabilities: bool) -> Iterator[Column]:
    def value(sheet: Sheet) -> Value:
        entry = sheet.entries.get(name)
        return None if entry is None else _as(type_, entry.value)

    def probability(sheet: Sheet) -> Value:
        entry = sheet.entries.get(name)
        return None if entry is None or entry.probability is None else round(entry.probability, 4)

    def status(sheet: Sheet) -> Value:
        entry = sheet.entries.get(name)
        return None if entry is None else entry.status

    yield Column(name, type_, value)
    if probabilities:
        yield Column(f"{name}_probability", "number", probability)
        yield Column(f"{name}_status", "text", status)


def _problem(sheet: Sheet) -> str:
    """Say why a row is not to be trusted as it stands."""
    if sheet.problem:
        return sheet.problem
    return "; ".join(f"{name}: {sheet.entries[name].status}" for name in sheet.open)


def _promised(field: Field, fields: Iterable[Field]) -> Type:
    """Return what a column holds, as the template has it."""
    if field.kind == "tick":
        return "whole"
    summed = bool(field.sum_of) or any(field.name in each.sum_of for each in fields)
    if field.range is None and field.decimals is None and not summed:
        return "text"
    return "number" if field.decimals else "whole"


def _widened(type_: Type, values: Iterable[str]) -> Type:
    """Return the type that was promised, or a wider one that all values have."""
    for value in values:
        if type_ == "whole" and not isinstance(_number(value), int):
            type_ = "number"
        if type_ == "number" and isinstance(_number(value), str):
            return "text"
    return type_


def _as(type_: Type, value: str | None) -> Value:
    if value is None or type_ == "text":
        return value
    return float(value) if type_ == "number" else int(value)


def _number(value: str) -> int | float | str:
    """Return a whole number below 2⁶³, another number, or what is none as it is."""
    if not value.isascii() or not value.strip("+-").replace(".", "", 1).isdigit():
        return value
    try:
        whole = int(value)
    except ValueError:
        return float(value)
    return whole if abs(whole) < 2**63 else value


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

    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
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
