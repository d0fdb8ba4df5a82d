from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.forms.assign import give_out, settle_unique
from tenfold.forms.results import Results
from tenfold.forms.review import Review
from tenfold.forms.sheet_results import FieldResult, SheetResult

if TYPE_CHECKING:
    from tests.stacks import Stack


def test_a_value_that_another_sheet_surely_holds_is_left_to_it() -> None:
    first, second = give_out([[("17", 0.99), ("11", 0.01)], [("17", 0.6), ("11", 0.4)]])
    assert (first.value, first.status) == ("17", "ok")
    assert (second.value, second.runner_up) == ("11", "17")
    assert second.probability > 0.95


def test_a_value_on_two_sheets_is_shown_on_both() -> None:
    found = give_out([[("17", 0.99)], [("17", 0.999)], [("18", 0.99)]])
    assert [one.status for one in found] == ["contradiction", "contradiction", "ok"]
    assert all("17" in one.reason for one in found[:2])


def test_ten_thousand_sheets_take_little() -> None:
    sheets = [[(str(k), 0.9), (str((k + 1) % 10_000), 0.1)] for k in range(10_000)]
    started = time.process_time()
    found = give_out(sheets)
    assert [one.value for one in found] == [str(k) for k in range(10_000)]
    assert time.process_time() - started < 20


def test_what_a_person_decided_is_given_to_no_other_sheet(stack: Stack, tmp_path: Path) -> None:
    read = {1: (("40718", 0.6), ("40719", 0.3)), 2: (("40718", 0.9),), 3: (("11111", 0.99),)}
    with Results.create(tmp_path, stack.form) as results:
        for page, candidates in read.items():
            value, chance = candidates[0]
            field = FieldResult(
                "student_id", value, chance, None, 0.0, "doubtful", candidates=candidates
            )
            results.add(SheetResult("a.pdf", page, 1, "read", fields=(field,)))
        third = results.database.row("SELECT id FROM field WHERE value = '11111'")["id"]
        assert Review(results).decide(third, "40718", "window", "Ada", insist=True).saved
        settle_unique(results)
        rows = results.database.rows("SELECT value, status FROM field ORDER BY page")
    assert [tuple(row) for row in rows] == [
        ("40719", "ok"), ("40718", "contradiction"), ("11111", "doubtful"),
    ]  # fmt: skip
