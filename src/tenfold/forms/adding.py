"""Store what was read on a page: for the first time, or in place of an earlier reading."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence

from tenfold.errors import UsageError
from tenfold.forms.database import Row
from tenfold.forms.sheet_results import SURE, FieldResult, KeepImages, SheetResult, keeps, lot
from tenfold.names import plain

PUT_PAGE = """
INSERT INTO page (source, number, digest, template_page, status, reason, model, template, read)
VALUES (:source, :number, :digest, :template_page, :status, :reason, :model, :template, :read)
ON CONFLICT (source, number) DO UPDATE SET
    digest = excluded.digest, template_page = excluded.template_page, status = excluded.status,
    reason = excluded.reason, model = excluded.model, template = excluded.template,
    read = excluded.read
RETURNING id
"""
PUT_FIELD = """
INSERT INTO field (page, name, position, value, probability, runner_up, runner_up_probability,
                   status, reason, candidates, lot)
VALUES (:page, :name, :position, :value, :probability, :runner_up, :runner_up_probability,
        :status, :reason, :candidates, :lot)
ON CONFLICT (page, name) DO UPDATE SET
    position = excluded.position, value = excluded.value, probability = excluded.probability,
    runner_up = excluded.runner_up, runner_up_probability = excluded.runner_up_probability,
    status = excluded.status, reason = excluded.reason, candidates = excluded.candidates
RETURNING id
"""
EARLIER_FIELDS = """
SELECT field.*, decision.value AS decided FROM field
LEFT JOIN decision ON decision.id = field.decision WHERE field.page = ?
"""
NOT_READ = (None, "not aligned")


def add(
    db: sqlite3.Connection,
    sheet: SheetResult,
    version: str,
    positions: Mapping[str, int],
    keep_images: KeepImages,
) -> None:
    """Store one page within a transaction.

    Parameters
    ----------
    db : sqlite3.Connection
    sheet : SheetResult
    version : str
        Of the template.
    positions : mapping of str to int
        Where each field stands in the template.
    keep_images : str

    Raises
    ------
    UsageError
        If it has a field that the template lacks.
    """
    for field in sheet.fields:
        if field.field not in positions:
            raise UsageError(f"{sheet.source}: the template has no field {field.field!r}.")
    source = plain(sheet.source)
    earlier = db.execute(
        "SELECT * FROM page WHERE source = ? AND number = ?", (source, sheet.page)
    ).fetchone()
    page = db.execute(
        PUT_PAGE,
        {
            "source": source,
            "number": sheet.page,
            "digest": sheet.digest,
            "template_page": sheet.template_page,
            "status": sheet.status,
            "reason": plain(sheet.reason),
            "model": sheet.model,
            "template": version,
            "read": time.time(),
        },
    ).fetchone()["id"]
    before = {row["name"]: row for row in db.execute(EARLIER_FIELDS, (page,)).fetchall()}
    same_scan = earlier is not None and earlier["digest"] == sheet.digest
    if earlier is not None:
        _note_changes(db, earlier, sheet, before, kept=same_scan)
        db.execute("DELETE FROM picture WHERE page = ?", (page,))
    if not same_scan:
        db.execute("UPDATE page SET decision = NULL WHERE id = ?", (page,))
        db.execute("UPDATE field SET decision = NULL WHERE page = ?", (page,))
    decided = {n for n, row in before.items() if row["decision"] is not None and same_scan}
    doubtful = sheet.status == "not aligned"
    for field in sheet.fields:
        number = _put_field(db, page, source, sheet.page, positions[field.field], field)
        doubtful |= field.status not in SURE or field.field in decided
        wanted = keeps(keep_images, source, sheet.page, field)
        if field.snippet and (wanted or (field.field in decided and keep_images != "no")):
            _put_picture(db, page, number, field.snippet, field.cells)
    _forget(db, page, before.keys() - {field.field for field in sheet.fields})
    if sheet.image and (keep_images == "all" or (keep_images == "doubtful" and doubtful)):
        _put_picture(db, page, None, sheet.image, ())


def _put_field(
    db: sqlite3.Connection, page: int, source: str, number: int, position: int, field: FieldResult
) -> int:
    values = {
        "page": page,
        "name": field.field,
        "position": position,
        "value": field.value,
        "probability": field.probability,
        "runner_up": field.runner_up,
        "runner_up_probability": field.runner_up_probability,
        "status": field.status,
        "reason": plain(field.reason),
        "candidates": json.dumps(field.candidates),
        "lot": lot(source, number, field.field),
    }
    return int(db.execute(PUT_FIELD, values).fetchone()["id"])


def _put_picture(
    db: sqlite3.Connection,
    page: int,
    field: int | None,
    content: bytes,
    cells: Sequence[Sequence[int]],
) -> None:
    db.execute(
        "INSERT INTO picture (page, field, cells, content) VALUES (?, ?, ?, ?)",
        (page, field, json.dumps(cells), content),
    )


def _forget(db: sqlite3.Connection, page: int, names: Iterable[str]) -> None:
    """Drop fields that are read no more, but for those that a person has ever decided about."""
    for name in names:
        db.execute(
            "UPDATE field SET value = NULL, runner_up = NULL, probability = 0, candidates = '[]', "
            "runner_up_probability = 0, status = 'not aligned' WHERE page = ? AND name = ?",
            (page, name),
        )
        db.execute(
            "DELETE FROM field WHERE page = ? AND name = ? "
            "AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.field = field.id)",
            (page, name),
        )


def _note_changes(
    db: sqlite3.Connection,
    earlier: Row,
    sheet: SheetResult,
    before: Mapping[str, Row],
    *,
    kept: bool,
) -> None:
    """Note which fields of a page are read otherwise than before."""
    after = {field.field: (field.value, field.status) for field in sheet.fields}
    for name in [*before, *(after.keys() - before.keys())]:
        old = before.get(name)
        was = NOT_READ if old is None else (old["value"], old["status"])
        now = after.get(name, NOT_READ)
        decided = old is not None and old["decision"] is not None
        if was == now and (kept or not decided):
            continue
        db.execute(
            "INSERT INTO change (page, field, before, before_status, before_model, after, "
            "after_status, after_model, decided, kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(earlier["id"], name, *was, earlier["model"], *now, sheet.model),
                *(old["decided"] if old is not None and decided else None, kept),
            ),
        )
