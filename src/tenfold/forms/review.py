"""The review: what a person still has to look at, and what they say.

What is shown in one window is leased to it for some minutes, so that two reviewers do the same
work only where one of them was gone for longer. Every decision is saved at once, and none is
overwritten: one about what has been decided meanwhile is a conflict, which a person settles. Sure
fields drawn by lot are mixed in for an audit.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tenfold.errors import DataError, UsageError
from tenfold.forms.database import Row
from tenfold.forms.figures import Progress, Summary, progress, summarise
from tenfold.forms.items import Item, Kind, find, free, item_of
from tenfold.forms.log import Action, Decided, Who, in_force, put_field, put_page, take_back
from tenfold.forms.objections import objection, value_of
from tenfold.forms.results import Results
from tenfold.forms.sheet_results import lot
from tenfold.forms.template import Field
from tenfold.names import plain

BATCH = 20
LEASE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decision: saved, or not saved because of a conflict or an objection.

    Parameters
    ----------
    saved : bool
    conflict : Decided or None
        What another reviewer has decided meanwhile. To replace it, name its ``id``.
    objection : str
        Why the value cannot stand in the field, by the template. To keep it, insist.
    """

    saved: bool
    conflict: Decided | None = None
    objection: str = ""


class Review:
    """The review of a folder of results.

    Parameters
    ----------
    results : Results
    audit : float
        Share of the sure fields to mix in, 0 to 1.
    lease : float
        Seconds for which what one window shows is shown in no other.

    Raises
    ------
    UsageError
        If the share is none.

    Examples
    --------
    >>> review = Review(Results.open("results"))  # doctest: +SKIP
    >>> for item in review.batch("window-1", "Ada"):  # doctest: +SKIP
    ...     review.decide(item.id, item.value, "window-1", "Ada")
    """

    def __init__(
        self, results: Results, *, audit: float = 0.0, lease: float = LEASE_SECONDS
    ) -> None:
        if not 0 <= audit <= 1:
            raise UsageError(f"an audit of {audit:g}: give a share from 0 to 1.")
        self.results = results
        self.audit = audit
        self._lease = lease
        self._database = results.database
        self._fields = {field.name: field for field in results.fields}

    def batch(
        self,
        window: str,
        reviewer: str,
        *,
        skipped_fields: Collection[int] = (),
        skipped_pages: Collection[int] = (),
        most: int = BATCH,
    ) -> list[Item]:
        """Lease the next items to a window, and return them.

        Parameters
        ----------
        window : str
            Where they are shown.
        reviewer : str
        skipped_fields, skipped_pages : collection of int
            What the reviewer does not want to decide; others get it.
        most : int
            How many items.
        """
        now = time.time()
        skipped: dict[Kind, Collection[int]] = {"field": skipped_fields, "page": skipped_pages}
        items: list[Item] = []
        with self._database.transaction() as db:
            db.execute("DELETE FROM lease WHERE until <= ?", (now,))
            for kind, passed in skipped.items():
                for number in passed:
                    db.execute(
                        "DELETE FROM lease WHERE kind = ? AND item = ? AND window = ?",
                        (kind, number, window),
                    )
                left = most - len(items)
                rows = free(
                    db, kind, window, now, audit=self.audit, skipped=passed, most=left
                )  # fmt: skip
                items += [item_of(kind, row, self._fields) for row in rows]
            for item in items:
                self._lend(db, item.kind, item.id, Who(plain(reviewer), window, now))
        return items

    def decide(
        self,
        field: int,
        value: str | None,
        window: str,
        reviewer: str,
        *,
        replaces: int | None = None,
        insist: bool = False,
    ) -> Outcome:
        """Save what stands in a field, unless somebody else has said otherwise meanwhile.

        Parameters
        ----------
        field : int
        value : str or None
            None where it is blank.
        window, reviewer : str
        replaces : int, optional
            The decision that this one is meant to replace.
        insist : bool
            Whether to keep a value that the template does not allow.

        Raises
        ------
        DataError
            If there is no such field.
        """
        who = Who(plain(reviewer), window, time.time())
        with self._database.transaction() as db:
            row = _found(db, "field", field)
            known = self._fields[row["name"]]
            text = _stored(known, value)
            before = in_force(db, row, who.time)
            if before is not None and before.id != replaces:
                same = before.value == text
                return Outcome(same, None if same else before)
            why = "" if insist else objection(db, known, row, text)
            if why:
                return Outcome(False, objection=why)
            put_field(db, row, text, who)
        return Outcome(True)

    def decide_page(
        self,
        page: int,
        template_page: int | None,
        values: Mapping[str, str | None],
        window: str,
        reviewer: str,
        *,
        replaces: int | None = None,
        insist: bool = False,
    ) -> Outcome:
        """Save what stands on a page that was not aligned, or that it is to be left out.

        Parameters
        ----------
        page : int
        template_page : int or None
            Which page of the template it is; None leaves it out.
        values : mapping of str to (str or None)
            What stands in its fields; the others are blank.
        window, reviewer : str
        replaces : int, optional
            The decision that this one is meant to replace.
        insist : bool
            Whether to keep values that the template does not allow.

        Raises
        ------
        DataError
            If there is no such page, or no such field on that page of the template.
        """
        who = Who(plain(reviewer), window, time.time())
        fields = [field for field in self.results.fields if field.page == template_page]
        for name in values.keys() - {field.name for field in fields}:
            raise DataError(f"{name}: page {template_page} of the template has no such field.")
        texts = {field.name: _stored(field, values.get(field.name)) for field in fields}
        with self._database.transaction() as db:
            row = _found(db, "page", page)
            before = in_force(db, row, who.time)
            if before is not None and before.id != replaces:
                same = before.action == "left out" and template_page is None
                return Outcome(same, None if same else before)
            for field in fields if not insist else ():
                why = objection(db, field, None, texts[field.name])
                if why:
                    return Outcome(False, objection=why)
            action: Action = "left out" if template_page is None else "entered"
            number = put_page(db, row, action, template_page, who)
            for name, text in texts.items():
                put_field(db, self._made(db, row, name), text, who, number)
        return Outcome(True)

    def undo(self, window: str, reviewer: str) -> Item | None:
        """Take back the last decision made in a window, and return what it was about."""
        now = time.time()
        with self._database.transaction() as db:
            taken = take_back(db, window, now)
            if taken is None:
                return None
            self._lend(db, *taken, Who(plain(reviewer), window, now))
            return item_of(taken[0], _found(db, *taken), self._fields)

    def release(self, window: str) -> None:
        """Give back what is leased to a window that is closed."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM lease WHERE window = ?", (window,))

    def image(self, page: int) -> bytes:
        """Return the picture of a page as it was kept: PNG or JPEG; empty if none was."""
        row = self._database.row(
            "SELECT content FROM picture WHERE page = ? AND field IS NULL", (page,)
        )
        return b"" if row is None else bytes(row["content"])

    def progress(self, window: str) -> Progress:
        """Count what is open and what is decided."""
        return progress(self._database, self.audit, window)

    def summary(self) -> Summary:
        """Say what was seen, what it found, and what errors are still to be expected."""
        return summarise(self._database)

    def _lend(self, db: sqlite3.Connection, kind: Kind, item: int, who: Who) -> None:
        db.execute(
            "REPLACE INTO lease VALUES (?, ?, ?, ?, ?)",
            (kind, item, who.window, who.reviewer, who.time + self._lease),
        )

    def _made(self, db: sqlite3.Connection, page: Row, name: str) -> Row:
        """Return the row of a field, made where the page has none: it was not aligned."""
        db.execute(
            "INSERT OR IGNORE INTO field (page, name, position, probability, "
            "runner_up_probability, status, reason, candidates, lot) "
            "VALUES (?, ?, ?, 0, 0, 'not aligned', '', '[]', ?)",
            (
                *(page["id"], name, list(self._fields).index(name)),
                lot(page["source"], page["number"], name),
            ),
        )
        row: Row = db.execute(
            "SELECT * FROM field WHERE page = ? AND name = ?", (page["id"], name)
        ).fetchone()
        return row


def _stored(field: Field, value: str | None) -> str | None:
    return None if value is None else value_of(field, plain(value))


def _found(db: sqlite3.Connection, kind: Kind, number: int) -> Row:
    row = find(db, kind, number)
    if row is None:
        raise DataError(f"there is no {kind} {number} in these results. Load the page again.")
    return row
