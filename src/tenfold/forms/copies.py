"""From pages to sheets: one filled-in copy of the form, one row of the table.

A copy is the pages of one file that follow each other in the template's order. Where a page of the
template is missing, its fields stay empty, rather than that two people's pages make one copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tenfold.forms.database import Database, Row
from tenfold.forms.sheet_results import SURE

# One row per field, and one for a page without any.
ROWS = """
SELECT page.id AS page, page.source, page.number, page.status AS page_status,
       page.reason AS page_reason, coalesce(stated.value, page.template_page) AS template_page,
       stated.action AS page_action,
       field.id, field.name, field.value, field.probability, field.status, field.reason,
       decision.value AS decided, decision.reviewer, decision.time
FROM page
LEFT JOIN decision AS stated ON stated.id = page.decision
LEFT JOIN field ON field.page = page.id
LEFT JOIN decision ON decision.id = field.decision
WHERE stated.action IS NOT 'left out'
ORDER BY page.source, page.number, field.position
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in one field of a sheet, as far as it is known.

    Parameters
    ----------
    value : str or None
        What a person decided, else what was read; None where it is blank.
    status : str
        ``"decided"`` if a person decided, else that of `FieldResult`.
    probability : float or None
        That the value is right; None where a person decided.
    reason : str
        Why it is not ok.
    reviewer : str or None
        Who decided.
    """

    value: str | None
    status: str
    probability: float | None
    reason: str = ""
    reviewer: str | None = None

    @property
    def open(self) -> bool:
        """Whether a person should still look at it."""
        return self.status != "decided" and self.status not in SURE


@dataclass(frozen=True, slots=True)
class Sheet:
    """One filled-in copy of the form.

    Parameters
    ----------
    source : str
        The file.
    pages : tuple of int
        Its pages in the file, in the template's order.
    problem : str
        Why a page could not be read; empty if it was.
    entries : dict of str to Entry
        By the name of the field.
    """

    source: str
    pages: tuple[int, ...]
    problem: str
    entries: dict[str, Entry]

    @property
    def open(self) -> list[str]:
        """Names of the fields that a person should still look at."""
        return [name for name, entry in self.entries.items() if entry.open]


@dataclass(slots=True)
class _Page:
    source: str
    number: int
    template_page: int | None
    problem: str
    entries: dict[str, Entry]


def sheets_of(database: Database, pages: int) -> Iterator[Sheet]:
    """Yield the sheets of all pages, in the order of sources and pages.

    Parameters
    ----------
    database : Database
    pages : int
        How many the template has.
    """
    for _, of_file in groupby(_pages(database), key=lambda page: page.source):
        for copy in _copies(of_file, pages):
            yield Sheet(
                copy[0].source,
                tuple(page.number for page in copy),
                copy[0].problem,
                {name: entry for page in copy for name, entry in page.entries.items()},
            )


def _copies(of_file: Iterable[_Page], pages: int) -> Iterator[list[_Page]]:
    copy: list[_Page] = []
    between: list[_Page] = []  # wrong pages among the others part none of them
    for page in of_file:
        last = copy[-1].template_page if copy else None
        if page.problem or page.template_page is None:
            between.append(page)
            continue
        if last is not None and (pages == 1 or page.template_page <= last):
            yield copy
            copy = []
        if not copy:
            yield from ([each] for each in between)
            between = []
        copy.append(page)
    if copy:
        yield copy
    yield from ([each] for each in between)


def _pages(database: Database) -> Iterator[_Page]:
    for _, rows in groupby(database.each(ROWS), key=lambda row: row["page"]):
        fields = list(rows)
        first = fields[0]
        read = first["page_status"] == "read" or first["page_action"] == "entered"
        number = first["template_page"]
        yield _Page(
            first["source"],
            first["number"],
            None if number is None else int(number),
            "" if read else first["page_reason"] or first["page_status"],
            {row["name"]: _entry(row) for row in fields if row["name"] is not None},
        )


def _entry(row: Row) -> Entry:
    if row["time"] is not None:
        return Entry(row["decided"], "decided", None, "", row["reviewer"])
    return Entry(row["value"], row["status"], row["probability"], row["reason"])


def values_of(database: Database, name: str) -> list[str]:
    """Return the different values of a field on all sheets: decided, else read."""
    rows = database.rows(
        "SELECT DISTINCT iif(decision.id IS NULL, field.value, decision.value) AS value "
        "FROM field LEFT JOIN decision ON decision.id = field.decision WHERE field.name = ?",
        (name,),
    )
    return [row["value"] for row in rows if row["value"] is not None]
