"""What a person typed, as a value of its field, and why it cannot be one: a slip, most often."""

from __future__ import annotations

import sqlite3
from decimal import Decimal, InvalidOperation

from tenfold.forms.constraint_text import words_of
from tenfold.forms.database import Row
from tenfold.forms.sheet_results import TICKED
from tenfold.forms.template import Field

TICKS = {"x", "1", "✓", "✗"}
FINAL = "iif(decision.id IS NULL, field.value, decision.value)"
ELSEWHERE = """
    SELECT page.source, page.number FROM field
    JOIN page ON page.id = field.page
    LEFT JOIN decision ON decision.id = field.decision
    WHERE field.name = ? AND field.id IS NOT ?
      AND ((decision.id IS NOT NULL AND decision.value = ?)
           OR (decision.id IS NULL AND field.status = 'ok' AND field.value = ?))
    LIMIT 1
"""
ON_PAGE = f"""
    SELECT field.name, {FINAL} AS value, decision.id IS NULL AND field.value IS NULL
    AND field.status != 'blank' AS unknown
    FROM field LEFT JOIN decision ON decision.id = field.decision WHERE field.page = ?
"""  # noqa: S608


def value_of(field: Field, text: str | None) -> str | None:
    """Return a value as it is stored: ``12,5`` as ``12.5``, a tick as ``x``; None where blank."""
    text = (text or "").strip()
    if field.kind == "tick":
        return TICKED if text.lower() in TICKS else None if text in ("", "0", "-") else text
    return (field.expect.value(text) if field.expect else text) or None


def objection(db: sqlite3.Connection, field: Field, row: Row | None, value: str | None) -> str:
    """Say why a value cannot stand in a field; nothing where it can.

    Parameters
    ----------
    db : sqlite3.Connection
    field : Field
    row : sqlite3.Row or None
        The field in the results, if it is there.
    value : str or None
        As of `value_of`.
    """
    if value is None:
        return ""
    if not _fits(field, row, value):
        return f"{value} is not what {field.name} may hold: {words_of(field)}."
    if field.unique:
        number = None if row is None else row["id"]
        found = db.execute(ELSEWHERE, (field.name, number, value, value)).fetchone()
        if found is not None:
            where = f"{found['source']}, page {found['number']}"
            return f"{value} is also on {where}, and each value of {field.name} stands once."
    return _sum(db, field, row, value) if field.sum_of and row is not None else ""


def _fits(field: Field, row: Row | None, value: str) -> bool:
    if row is not None and value in (row["value"], row["runner_up"]):
        return True
    if field.kind == "tick":
        return value == TICKED
    expect = field.expect
    return expect is None or value in (field.one_of or ()) or expect.accepts(value)


def _sum(db: sqlite3.Connection, field: Field, row: Row, value: str) -> str:
    """Say what the parts add up to, where all of them are known and it is something else."""
    there = {part["name"]: part for part in db.execute(ON_PAGE, (row["page"],))}
    parts = [there.get(name) for name in field.sum_of]
    try:
        if any(part is None or part["unknown"] for part in parts):
            return ""
        total = sum((Decimal(part["value"] or 0) for part in parts if part), Decimal(0))
        if total == Decimal(value):
            return ""
    except InvalidOperation:
        return ""
    return f"{' + '.join(field.sum_of)} is {total.normalize():f}, not {value}."
