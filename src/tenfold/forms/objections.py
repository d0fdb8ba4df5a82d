"""Why a value that a person typed cannot stand in a field: a slip of the hand, most often."""

from __future__ import annotations

import sqlite3

from tenfold.forms.template import Field

ELSEWHERE = """
    SELECT page.source, page.number FROM field
    JOIN page ON page.id = field.page
    LEFT JOIN decision ON decision.id = field.decision
    WHERE field.name = ? AND field.id IS NOT ?
      AND ((decision.id IS NOT NULL AND decision.value = ?)
           OR (decision.id IS NULL AND field.status = 'ok' AND field.value = ?))
    LIMIT 1
"""


def objection(db: sqlite3.Connection, field: Field, number: int | None, text: str | None) -> str:
    """Say why a value cannot stand in a field; nothing where it can.

    Parameters
    ----------
    db : sqlite3.Connection
    field : Field
    number : int or None
        The field's number in the results, if it has one.
    text : str or None
        None where it is blank.
    """
    if text is None:
        return ""
    if field.unique:
        found = db.execute(ELSEWHERE, (field.name, number, text, text)).fetchone()
        if found is not None:
            where = f"{found['source']}, page {found['number']}"
            return f"{text} is also on {where}, and each value of {field.name} stands once."
    return ""
