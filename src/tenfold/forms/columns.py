"""The columns of a table: one a field, of the type that the template promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tenfold.forms.copies import Entry, Sheet, values_of
from tenfold.forms.results import Results
from tenfold.forms.sheet_results import TICKED
from tenfold.forms.template import Field

Value: TypeAlias = str | int | float | None
Type: TypeAlias = Literal["text", "whole", "number", "tick"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its head, what it holds, and how a sheet fills it.

    A tick is 1 or 0.
    """

    name: str
    type: Type
    of: Callable[[Sheet], Value]


def columns_of(results: Results, probabilities: bool) -> tuple[list[Column], list[str]]:
    """Return the columns, and the names of those that should hold numbers and do not all.

    Parameters
    ----------
    results : Results
    probabilities : bool
        Whether each field has its probability and status in further columns.
    """
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
        return None if entry is None else _as(type_, entry)

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
        return "tick"
    summed = bool(field.sum_of) or any(field.name in each.sum_of for each in fields)
    if field.range is None and field.decimals is None and not summed:
        return "text"
    return "number" if field.decimals else "whole"


def _widened(type_: Type, values: Iterable[str]) -> Type:
    """Return the type that was promised, or a wider one that all values have."""
    for value in values:
        if type_ == "tick" and value != TICKED:
            return "text"
        if type_ == "whole" and not isinstance(_number(value), int):
            type_ = "number"
        if type_ == "number" and isinstance(_number(value), str):
            return "text"
    return type_


def _as(type_: Type, entry: Entry) -> Value:
    value = entry.value
    if type_ == "tick" and entry.status != "not aligned":
        return int(value is not None)
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
