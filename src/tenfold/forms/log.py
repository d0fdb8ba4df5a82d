"""The log of decisions: each is added, taken back or replaced by another, and none is changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tenfold.forms.database import Row
from tenfold.forms.items import Kind
from tenfold.forms.sheet_results import SURE

Action: TypeAlias = Literal["value", "blank", "left out", "entered"]


@dataclass(frozen=True, slots=True)
class Who:
    """Who decides: a reviewer in a window of the page, and when."""

    reviewer: str
    window: str
    time: float


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that holds.

    Parameters
    ----------
    id : int
    action : str
    value : str or None
    reviewer : str
    seconds : float
        How long ago it was made.
    """

    id: int
    action: Action
    value: str | None
    reviewer: str
    seconds: float


def in_force(db: sqlite3.Connection, row: Row, now: float) -> Decided | None:
    """Return the decision that holds for a field or a page."""
    if row["decision"] is None:
        return None
    found = db.execute("SELECT * FROM decision WHERE id = ?", (row["decision"],)).fetchone()
    seconds = max(0.0, now - found["time"])
    return Decided(found["id"], found["action"], found["value"], found["reviewer"], seconds)


def put_field(
    db: sqlite3.Connection, row: Row, value: str | None, who: Who, within: int | None = None
) -> None:
    """Add a decision about a field; ``within`` is that about its page which it is part of."""
    action: Action = "blank" if value is None else "value"
    number = _add(
        db,
        who,
        page=row["page"],
        field=row["id"],
        action=action,
        value=value,
        proposed=row["value"],
        audit=row["status"] in SURE,
        replaces=row["decision"],
        within=within,
    )
    _point(db, "field", row["id"], number)


def put_page(
    db: sqlite3.Connection, row: Row, action: Action, template_page: int | None, who: Who
) -> int:
    """Add a decision about a page, and return its number."""
    number = _add(
        db,
        who,
        page=row["id"],
        field=None,
        action=action,
        value=None if template_page is None else str(template_page),
        proposed=None,
        audit=False,
        replaces=row["decision"],
        within=None,
    )
    _point(db, "page", row["id"], number)
    return number


def take_back(db: sqlite3.Connection, window: str, now: float) -> tuple[Kind, int] | None:
    """Take back the last decision of a window that still holds; return what it was about."""
    last = db.execute(
        "SELECT decision.* FROM decision LEFT JOIN field ON field.id = decision.field "
        "JOIN page ON page.id = decision.page WHERE window = ? AND undone IS NULL "
        "AND within IS NULL AND decision.id = iif(decision.field IS NULL, page.decision, "
        "field.decision) ORDER BY decision.id DESC LIMIT 1",
        (window,),
    ).fetchone()
    if last is None:
        return None
    parts = db.execute("SELECT * FROM decision WHERE within = ?", (last["id"],)).fetchall()
    for each in (*parts, last):
        db.execute("UPDATE decision SET undone = ? WHERE id = ?", (now, each["id"]))
        # Only where it still holds: another reviewer may have replaced it.
        db.execute(
            f"UPDATE {_kind(each)} SET decision = ? WHERE decision = ?",  # noqa: S608
            (_standing(db, each["replaces"]), each["id"]),
        )
    return _kind(last), last["page"] if last["field"] is None else last["field"]


def _kind(decision: Row) -> Kind:
    return "page" if decision["field"] is None else "field"


def _standing(db: sqlite3.Connection, number: int | None) -> int | None:
    """Return this decision, or where it was taken back the one that it had replaced."""
    while number is not None:
        row = db.execute("SELECT replaces, undone FROM decision WHERE id = ?", (number,)).fetchone()
        if row["undone"] is None:
            return number
        number = row["replaces"]
    return None


def _point(db: sqlite3.Connection, kind: Kind, item: int, decision: int) -> None:
    db.execute(f"UPDATE {kind} SET decision = ? WHERE id = ?", (decision, item))  # noqa: S608
    db.execute("DELETE FROM lease WHERE kind = ? AND item = ?", (kind, item))


def _add(db: sqlite3.Connection, who: Who, **values: object) -> int:
    values |= {"reviewer": who.reviewer, "window": who.window, "time": who.time}
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    added = db.execute(f"INSERT INTO decision ({names}) VALUES ({marks})", values)  # noqa: S608
    return int(added.lastrowid or 0)
