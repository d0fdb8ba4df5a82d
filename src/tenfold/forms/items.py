"""What is shown to a person: doubtful fields, sure ones for an audit, pages not aligned."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tenfold.forms.database import Row
from tenfold.forms.template import Field

Kind: TypeAlias = Literal["field", "page"]

# Which fields a person is to decide about: `audit` is the share of the sure ones mixed in.
OPEN_FIELDS = """
    field.decision IS NULL
    AND (field.status IN ('doubtful', 'contradiction', 'not aligned')
         OR (field.status IN ('ok', 'blank') AND field.lot < :audit
             AND EXISTS (SELECT 1 FROM picture WHERE picture.page = field.page
                         AND picture.field = field.id)))
    AND page.status = 'read' AND page.decision IS NULL
"""
OPEN_PAGES = "page.status = 'not aligned' AND page.decision IS NULL"
_FREE = """
    NOT EXISTS (SELECT 1 FROM lease WHERE lease.kind = :kind AND lease.item = {kind}.id
                AND lease.until > :now AND lease.window != :window)
"""
_PICTURED = """
    EXISTS (SELECT 1 FROM picture WHERE picture.page = page.id AND picture.field IS NULL)
"""
_SELECT: dict[Kind, str] = {
    "field": f"""
        SELECT field.*, page.id AS page_id, page.source, page.number, {_PICTURED} AS pictured,
               (SELECT content FROM picture WHERE picture.page = page.id
                AND picture.field = field.id) AS snippet
        FROM field JOIN page ON page.id = field.page""",  # noqa: S608
    "page": f"SELECT page.*, page.id AS page_id, {_PICTURED} AS pictured FROM page",  # noqa: S608
}
_OPEN: dict[Kind, str] = {"field": OPEN_FIELDS, "page": OPEN_PAGES}
_ORDER: dict[Kind, str] = {
    "field": "field.position, page.source, page.number",
    "page": "page.source, page.number",
}


@dataclass(frozen=True, slots=True)
class Item:
    """Something to decide about: a field, or a page that was not aligned.

    Parameters
    ----------
    kind : str
        ``"field"`` or ``"page"``.
    id, page : int
        Its number, and that of its page, in the results.
    source : str
        The file.
    number : int
        Of the page in the file.
    reason : str
        Why it is shown.
    pictured : bool
        Whether the picture of the page was kept.
    field : Field or None
        Of the template.
    value, runner_up : str or None
        What was read, with `probability` and `runner_up_probability`.
    snippet : bytes
        PNG of the field; empty where none was kept.
    """

    kind: Kind
    id: int
    page: int
    source: str
    number: int
    reason: str
    pictured: bool
    field: Field | None = None
    value: str | None = None
    probability: float = 0.0
    runner_up: str | None = None
    runner_up_probability: float = 0.0
    snippet: bytes = b""


def find(db: sqlite3.Connection, kind: Kind, number: int) -> Row | None:
    """Return a field or a page by its number."""
    row: Row | None = db.execute(f"{_SELECT[kind]} WHERE {kind}.id = ?", (number,)).fetchone()
    return row


def free(
    db: sqlite3.Connection,
    kind: Kind,
    window: str,
    now: float,
    *,
    audit: float,
    skipped: Collection[int],
    most: int,
) -> list[Row]:
    """Return what is open and leased to nobody else, in the order in which it is shown."""
    passed = ",".join(str(int(number)) for number in skipped)
    rows: list[Row] = db.execute(
        f"{_SELECT[kind]} WHERE {_OPEN[kind]} AND {_FREE.format(kind=kind)} "
        f"AND {kind}.id NOT IN ({passed}) ORDER BY {_ORDER[kind]} LIMIT :most",
        {"audit": audit, "kind": kind, "window": window, "now": now, "most": most},
    ).fetchall()
    return rows


def item_of(kind: Kind, row: Row, fields: Mapping[str, Field]) -> Item:
    """Return a row as it is shown."""
    where = (row["id"], row["page_id"], row["source"], row["number"], row["reason"])
    if kind == "page":
        return Item(kind, *where, bool(row["pictured"]))
    return Item(
        kind,
        *where,
        pictured=bool(row["pictured"]),
        field=fields[row["name"]],
        value=row["value"],
        probability=row["probability"],
        runner_up=row["runner_up"],
        runner_up_probability=row["runner_up_probability"],
        snippet=row["snippet"] or b"",
    )
