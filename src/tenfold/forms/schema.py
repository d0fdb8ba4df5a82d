"""The TOML of a template, table by table: which keys there are, and of what kind."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Key

from tenfold.errors import TenfoldError, UsageError
from tenfold.forms.checks import FieldError
from tenfold.forms.template import Field, Kind, TemplatePage
from tenfold.reader.expect import Expect

DIGITS = re.compile(r"(\d{1,3})(?:\s*-\s*(\d{1,3}))?")
Share = Annotated[float, Key(ge=0, le=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class PageTable(_Table):
    """``[[page]]``."""

    image: str | None = None  # by itself named after the template
    size: Annotated[list[Annotated[float, Key(gt=0)]], Key(min_length=2, max_length=2)] | None = (
        None
    )
    marks: bool = False


class FieldTable(_Table):
    """``[[field]]``."""

    name: Annotated[str, Key(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]
    page: Annotated[int, Key(ge=1)] = 1
    box: Annotated[list[Share], Key(min_length=4, max_length=4)]
    kind: Kind = "number"
    digits: int | str | None = None
    comb: bool | Annotated[int, Key(ge=1, le=60)] = False
    optional: bool = False
    range: Annotated[list[float], Key(min_length=2, max_length=2)] | None = None
    decimals: int | None = None
    pattern: str | None = None
    one_of: str | list[str | int] | None = None
    unique: bool = False
    checksum: str | None = None
    sum_of: list[str] = []
    date: str | None = None
    group: str | None = None


class HeadTable(_Table):
    """The file but for its fields."""

    title: str = ""
    code: Annotated[int, Key(ge=0, le=65535)] | None = None
    page: Annotated[list[PageTable], Key(min_length=1)]


class FormTable(HeadTable):
    """The whole file."""

    field: Annotated[list[FieldTable], Key(min_length=1)]


def parsed(
    record: dict[str, Any], path: Path
) -> tuple[str, int | None, tuple[TemplatePage, ...], tuple[Field, ...]]:
    """Return title, code, pages and fields of a template's TOML.

    Raises
    ------
    UsageError
        Naming the file, the field and the key, if a key is unknown or missing or of a wrong kind.
    """
    try:
        form = FormTable.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{path}: {_sentence(first, record)}") from None
    try:
        fields = tuple(field_of(table, path.parent) for table in form.field)
    except FieldError as error:
        raise UsageError(f"{path}: {error}") from error
    return form.title, form.code, _pages(form, path), fields


def head_of(record: dict[str, Any], path: Path) -> tuple[str, int | None, tuple[TemplatePage, ...]]:
    """Return title, code and pages of a template's TOML, whatever its fields are; see `parsed`."""
    head = {key: value for key, value in record.items() if key != "field"}
    try:
        form = HeadTable.model_validate(head)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"{path}: {_sentence(first, record)}") from None
    return form.title, form.code, _pages(form, path)


def slips_in(table: dict[str, Any]) -> list[tuple[str, str]]:
    """Return each key of a field's table that is wrong by itself, and what is wrong with it."""
    try:
        FieldTable.model_validate(table)
    except ValidationError as error:
        record = {"field": [table]}
        found = []
        for each in error.errors(include_url=False):
            loc = [*each["loc"]]
            said = _sentence({**each, "loc": ("field", 0, *loc)}, record)
            key = next((str(part) for part in loc if isinstance(part, str)), "")
            found.append((key, said.partition(": ")[2]))
        return found
    return []


def _pages(form: HeadTable, path: Path) -> tuple[TemplatePage, ...]:
    return tuple(
        TemplatePage(
            path.parent / (page.image or f"{path.stem}-{number}.png"), _pair(page.size), page.marks
        )
        for number, page in enumerate(form.page, 1)
    )


def field_of(table: FieldTable, folder: Path) -> Field:
    """Return a field as its table has it; a list of values is read from its file.

    Raises
    ------
    FieldError
        If its digits are none, or its list of values cannot be read.
    """
    digits = _digits(table)
    cells = int(table.comb) if table.comb is not True else None
    if table.comb is True:
        if digits is None:
            raise FieldError(table.name, "comb = true needs digits, or give comb = 8.")
        cells = digits[1]
    field = Field(
        name=table.name,
        page=table.page,
        box=(table.box[0], table.box[1], table.box[2], table.box[3]),
        kind=table.kind,
        digits=digits,
        cells=cells or None,
        optional=table.optional,
        range=_pair(table.range),
        decimals=table.decimals,
        pattern=table.pattern,
        unique=table.unique,
        checksum=table.checksum,
        sum_of=tuple(table.sum_of),
        date=table.date,
        group=table.group,
    )
    if isinstance(table.one_of, str):
        try:
            values = (field.expect or Expect()).listed_in(table.one_of, folder)
        except TenfoldError as error:
            raise FieldError(table.name, f"one_of: {error}") from error
        return field.with_values(values, table.one_of)
    if table.one_of is not None:
        return field.with_values(tuple(str(value) for value in table.one_of))
    return field


def _digits(table: FieldTable) -> tuple[int, int] | None:
    if table.digits is None:
        return None
    match = DIGITS.fullmatch(str(table.digits))
    if match is None:
        raise FieldError(table.name, f'digits = {table.digits!r}: give a number, or "4-6".')
    return int(match[1]), int(match[2] or match[1])


def _pair(values: list[float] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])


def _sentence(error: Any, record: dict[str, Any]) -> str:
    """Say what is wrong with a key, and of which field."""
    where, kind = [*error["loc"]], error["type"]
    table, rest = _table_of(where, record)
    key = next((str(part) for part in rest if isinstance(part, str)), "")
    if kind == "extra_forbidden":
        known = _KEYS[str(where[0]) if len(where) > 2 else ""]
        close = difflib.get_close_matches(key, known, n=1)
        advice = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
        return f"{table}there is no key {key!r}. {advice}"
    if kind == "missing":
        if not table and key in ("page", "field"):
            return f"there is no [[{key}]]; write one, as docs/forms.md shows."
        return f"{table}{key} is missing."
    allowed = error.get("ctx", {}).get("expected")
    message = f"must be one of {allowed}" if kind == "literal_error" else str(error["msg"])
    shown = repr(error["input"])
    value = f" = {shown[:60]}" if len(shown) <= 60 else ""
    return f"{table}{key}{value}: {message[:1].lower()}{message[1:]}."


def _table_of(where: list[str | int], record: dict[str, Any]) -> tuple[str, list[str | int]]:
    """Name the field or page that an error lies in, and return the rest of its place."""
    if len(where) < 2 or not isinstance(where[1], int):
        return "", where
    what, number = where[0], where[1]
    table = record[str(what)][number]
    name = table.get("name") if isinstance(table, dict) else None
    shown = repr(name) if isinstance(name, str) else str(number + 1)
    return f"{what} {shown}: ", where[2:]


_KEYS: dict[str, list[str]] = {
    "": list(FormTable.model_fields),
    "page": list(PageTable.model_fields),
    "field": list(FieldTable.model_fields),
}
