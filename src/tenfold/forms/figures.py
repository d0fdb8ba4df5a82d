"""How far a review is, and what it leaves behind: shares, expected errors, the audit's interval."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tenfold.forms.database import Database
from tenfold.forms.items import OPEN_FIELDS, OPEN_PAGES

# Fields that belong to a sheet: not those of pages that were left out or never read.
COUNTED = """
    FROM field JOIN page ON page.id = field.page
    LEFT JOIN decision AS stated ON stated.id = page.decision
    LEFT JOIN decision ON decision.id = field.decision
    WHERE stated.action IS NOT 'left out' AND (page.status = 'read' OR field.decision IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is.

    Parameters
    ----------
    open : int
        Fields and pages still to be decided about.
    elsewhere : int
        How many of them are leased to other windows.
    decided : int
        Fields and pages that a person has decided about.
    """

    open: int
    elsewhere: int
    decided: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What the sure fields turned out to be that a person saw.

    Parameters
    ----------
    seen, wrong : int
        How many a person saw, and how many of them were read wrongly.
    rate, low, high : float
        Share of the wrong, and its 95 % interval (Wilson's).
    """

    seen: int
    wrong: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What a review came to.

    Parameters
    ----------
    fields, seen : int
        Fields of all sheets, and how many of them a person decided about.
    changed : int
        How many of the seen were something else than was read.
    open : int
        Fields and pages still to be decided about, those for an audit aside.
    expected_errors : float
        Errors to be expected among the fields nobody saw: the sum of 1 − probability.
    audit : Audit or None
        None without an audit.
    """

    fields: int
    seen: int
    changed: int
    open: int
    expected_errors: float
    audit: Audit | None


def progress(database: Database, audit: float, window: str) -> Progress:
    """Count what is open and what is decided."""
    values = {"audit": audit, "now": time.time(), "window": window}
    leased = "lease.until > :now AND lease.window != :window"
    row = database.row(
        f"""
        SELECT (SELECT count(*) FROM field JOIN page ON page.id = field.page WHERE {OPEN_FIELDS})
             + (SELECT count(*) FROM page WHERE {OPEN_PAGES}) AS open,
               (SELECT count(*) FROM lease JOIN field ON field.id = lease.item
                JOIN page ON page.id = field.page
                WHERE lease.kind = 'field' AND {leased} AND {OPEN_FIELDS})
             + (SELECT count(*) FROM lease JOIN page ON page.id = lease.item
                WHERE lease.kind = 'page' AND {leased} AND {OPEN_PAGES}) AS elsewhere,
               (SELECT count(*) FROM field JOIN decision ON decision.id = field.decision
                WHERE decision.within IS NULL)
             + (SELECT count(decision) FROM page) AS decided
        """,  # noqa: S608
        values,
    )
    return Progress(row["open"], row["elsewhere"], row["decided"])


def summarise(database: Database) -> Summary:
    """Say what was seen, what it found, and what errors are still to be expected."""
    row = database.row(
        f"""
        SELECT count(*) AS fields, count(decision.id) AS seen,
               coalesce(sum(decision.id IS NOT NULL AND decision.value IS NOT decision.proposed), 0)
               AS changed,
               coalesce(sum(iif(decision.id IS NULL, 1 - field.probability, 0)), 0) AS expected,
               coalesce(sum(decision.audit), 0) AS audited,
               coalesce(sum(decision.audit AND decision.value IS NOT decision.proposed), 0)
               AS wrong
        {COUNTED}
        """
    )
    audited, wrong = row["audited"], row["wrong"]
    audit = Audit(audited, wrong, wrong / audited, *_wilson(wrong, audited)) if audited else None
    left = progress(database, 0.0, "").open
    return Summary(row["fields"], row["seen"], row["changed"], left, row["expected"], audit)


def _wilson(count: int, of: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(count, of).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
