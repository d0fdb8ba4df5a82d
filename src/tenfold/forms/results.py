"""What was read of a stack of scans, and what people decided about it, in one file.

Readings come in page by page, each in one transaction, so that whatever ends the reading leaves
whole pages behind. A page that is read again, by another model, takes the place of its earlier
reading; a person's decision about a field stays, as long as it is the same scan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tenfold.errors import UsageError
from tenfold.files import make_folder
from tenfold.forms.adding import add
from tenfold.forms.copies import Sheet, sheets_of
from tenfold.forms.database import NAME, Database
from tenfold.forms.sheet_results import (
    KEEP_IMAGES,
    Change,
    FieldResult,
    KeepImages,
    PageStatus,
    SheetResult,
    Status,
    keeps,
)
from tenfold.forms.template import Field, Template

__all__ = [
    "Change",
    "FieldResult",
    "KeepImages",
    "PageStatus",
    "Purged",
    "Results",
    "Sheet",
    "SheetResult",
    "Status",
]


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge removed: snippets of fields, pictures of pages, and their bytes."""

    snippets: int
    pages: int
    bytes: int


class Results:
    """A folder of results, open; see `Results.create` and `Results.open`.

    Attributes
    ----------
    folder : Path
    title, version : str
        Of the template they were read by.
    fields : tuple of Field
        The template's.
    pages : int
        How many the template has.
    keep_images : str
        What is kept of people's sheets: ``"no"``, ``"doubtful"`` or ``"all"``.

    Examples
    --------
    >>> from tenfold.forms.template import Template
    >>> form = Template(Path("form.toml"), "Meters", (), (), 0, "0123456789abcdef")
    >>> with Results.create(Path("results"), form) as results:
    ...     results.add(SheetResult("a.pdf", 1, None, "failed", "It is encrypted."))
    ...     results.done()
    {('a.pdf', 1)}
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        about = {row["key"]: row["value"] for row in database.rows("SELECT * FROM about")}
        form = json.loads(about["form"])
        self.title = str(form["title"])
        self.version = str(form["version"])
        self.pages = int(form["pages"])
        self.fields = tuple(_field(record) for record in form["fields"])
        self.keep_images: KeepImages = about["keep_images"]
        self._positions = {field.name: place for place, field in enumerate(self.fields)}

    @classmethod
    def create(
        cls, folder: str | Path, template: Template, *, keep_images: KeepImages = "doubtful"
    ) -> Results:
        """Open the results of a template in a folder, made if need be.

        Parameters
        ----------
        folder : str or Path
        template : Template
        keep_images : {"no", "doubtful", "all"}
            Which pictures are kept of what is added. Among the doubtful are pages that were not
            read, and one in twenty of the sure fields, drawn by lot, for audits.

        Raises
        ------
        UsageError
            If the folder holds results of another template or another version of it.
        TenfoldError
            If it cannot be written, or the disk is full.
        """
        if keep_images not in KEEP_IMAGES:
            raise UsageError(f"{keep_images!r}: keep images of 'no', 'doubtful' or 'all' fields.")
        folder = make_folder(folder)
        database = Database(folder, create=True)
        form = {
            "title": template.title,
            "version": template.version,
            "pages": len(template.pages),
            "fields": [asdict(field) for field in template.fields],
        }
        with database.transaction() as db:
            put = "INSERT OR IGNORE INTO about VALUES (?, ?)"
            db.execute(put, ("form", json.dumps(form)))
            db.execute("REPLACE INTO about VALUES ('keep_images', ?)", (keep_images,))
        results = cls(folder, database)
        if results.version != template.version:
            database.close()
            raise UsageError(
                f"{folder}: holds results of {_difference(results, template)}. Readings of two "
                "versions do not go into one table: choose another folder for the results, or "
                "take the template back that they were read by."
            )
        return results

    @classmethod
    def open(cls, folder: str | Path) -> Results:
        """Open a folder of results.

        Raises
        ------
        DataError
            If it holds none, or they are damaged.
        """
        folder = Path(folder)
        # Who gives the file means the folder.
        folder = folder.parent if folder.name == NAME else folder
        return cls(folder, Database(folder))

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def keeps(self, source: str, page: int, field: FieldResult) -> bool:
        """Whether the snippet of a field would be kept; where not, none need be encoded."""
        return keeps(self.keep_images, source, page, field)

    def add(self, sheet: SheetResult) -> None:
        """Store what was read on a page, in one transaction.

        The same page read again takes the place of its earlier reading; see `changed`.

        Raises
        ------
        TenfoldError
            If the disk is full or the file cannot be written; nothing of the page is stored then,
            and nothing else is lost.
        """
        with self.database.transaction() as db:
            add(db, sheet, self.version, self._positions, self.keep_images)

    def done(self, model: str | None = None) -> set[tuple[str, int]]:
        """Return source and page of all that was read, or of what this model read."""
        rows = self.database.rows(
            "SELECT source, number FROM page WHERE ?1 IS NULL OR model = ?1", (model,)
        )
        return {(row["source"], row["number"]) for row in rows}

    def digests(self) -> dict[str, str]:
        """Return the digest of each source's content, as it was when it was read."""
        rows = self.database.rows("SELECT source, digest FROM page GROUP BY source")
        return {row["source"]: row["digest"] for row in rows}

    def changed(self) -> list[Change]:
        """Return what was read otherwise when a page was read again, oldest first."""
        rows = self.database.rows(
            "SELECT page.source, page.number AS page, change.* FROM change "
            "JOIN page ON page.id = change.page ORDER BY change.id"
        )
        names = [each.name for each in fields(Change)]
        return [
            Change(**{name: row[name] for name in names} | {"kept": bool(row["kept"])})
            for row in rows
        ]

    def sheets(self) -> Iterator[Sheet]:
        """Yield one sheet after the other, in the order of sources and pages.

        Pages that a person left out are not among them; see `left_out`.
        """
        return sheets_of(self.database, self.pages)

    def left_out(self) -> int:
        """Count the pages that a person left out: they hold none of these forms."""
        return int(
            self.database.row(
                "SELECT count(*) FROM page JOIN decision ON decision.id = page.decision "
                "WHERE decision.action = 'left out'"
            )[0]
        )

    def purge(self, before: float) -> Purged:
        """Delete all pictures of pages read before a time, and give their space back.

        What was read and decided stays. The bytes are overwritten, not only let go.

        Parameters
        ----------
        before : float
            Seconds since 1970.
        """
        with self.database.transaction() as db:
            counted = db.execute(
                "SELECT count(field), count(*) - count(field), coalesce(sum(length(content)), 0) "
                "FROM picture WHERE page IN (SELECT id FROM page WHERE read < ?)",
                (before,),
            ).fetchone()
            db.execute(
                "DELETE FROM picture WHERE page IN (SELECT id FROM page WHERE read < ?)", (before,)
            )
        removed = Purged(*counted)
        if removed.bytes:
            self.database.compact()
        return removed


def _field(record: dict[str, Any]) -> Field:
    """Return a field of the template as it was stored."""
    known = {each.name for each in fields(Field)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in record.items()
        if name in known
    }
    return Field(**values)


def _difference(results: Results, template: Template) -> str:
    """Say how two templates differ, in a few words."""
    if results.title != template.title:
        return f"another form ({results.title}, not {template.title})"
    before = {field.name: field for field in results.fields}
    after = {field.name: field for field in template.fields}
    changed = [name for name in before | after if before.get(name) != after.get(name)]
    what = f"; {', '.join(changed[:5])} changed" if changed else ""
    more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
    return f"another version of {results.title or 'this template'} ({results.version}{what}{more})"
