from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tenfold.errors import DataError, UsageError
from tenfold.forms.results import Results
from tenfold.forms.review import Review

if TYPE_CHECKING:
    from tests.stacks import Stack


def _shown(review: Review, window: str, most: int = 100) -> list[tuple[str, int]]:
    items = review.batch(window, window, most=most)
    return [(item.field.name if item.field else "page", item.number) for item in items]


def test_the_doubtful_come_field_by_field_and_lost_pages_last(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 20, doubtful=7, lost=2) as results:
        review = Review(results)
        shown = _shown(review, "w")
        assert [name for name, _ in shown] == [
            *["student_id"] * 2, *["q1"] * 2, *["total"] * 3, "page", "page",
        ]  # fmt: skip
        first = review.batch("w", "Ada")[0]
        assert first.snippet.startswith(b"\x89PNG")
        assert first.pictured
        assert review.image(first.page).startswith(b"\xff\xd8")
        assert (first.value, first.runner_up) == ("7", "00002")
        progress = review.progress("w")
        assert (progress.open, progress.elsewhere, progress.decided) == (9, 0, 0)


def test_a_field_is_leased_to_one_window(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 10, doubtful=6) as results:
        review = Review(results, lease=60)
        mine, theirs = _shown(review, "a", 4), _shown(review, "b", 4)
        assert len(mine) == 4
        assert len(theirs) == 2
        assert not set(mine) & set(theirs)
        assert _shown(review, "a", 4) == mine  # as after a reload
        assert review.progress("b").elsewhere == 4
        assert Review(results, lease=60).progress("c").elsewhere == 6
        skipped = [item.id for item in review.batch("a", "Ada", most=4)]
        assert review.batch("a", "Ada", skipped_fields=skipped) == []
        assert set(_shown(review, "b")) == {*mine, *theirs}  # who skips gives it back


def test_a_lease_ends(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 4, doubtful=3) as results:
        review = Review(results, lease=0.05)
        mine = _shown(review, "a")
        time.sleep(0.06)
        assert _shown(review, "b") == mine


def test_a_second_decision_is_a_conflict_and_overwrites_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    with stack.fill(tmp_path, 3, doubtful=3) as results:
        review = Review(results)
        item = review.batch("a", "Ada")[0]
        assert review.decide(item.id, " 00002 ", "a", "Ada").saved
        assert review.decide(item.id, "00002", "b", "Grace").saved  # they agree
        outcome = review.decide(item.id, "00003", "b", "Grace")
        assert not outcome.saved
        assert outcome.conflict
        assert (outcome.conflict.value, outcome.conflict.reviewer) == ("00002", "Ada")
        assert list(results.sheets())[1].entries["student_id"].value == "00002"

        # Settled in knowledge of it, both stay in the log.
        settled = review.decide(item.id, "00009", "b", "Grace", replaces=outcome.conflict.id)
        assert settled.saved
        entry = list(results.sheets())[1].entries["student_id"]
        assert (entry.value, entry.reviewer) == ("00009", "Grace")
        assert review.undo("a", "Ada") is None  # hers holds no more
        again = review.undo("b", "Grace")
        assert again
        assert again.id == item.id
        entry = list(results.sheets())[1].entries["student_id"]
        assert (entry.value, entry.reviewer) == ("00002", "Ada")
        assert results.database.row("SELECT count(*) FROM decision")[0] == 2


def test_what_was_decided_is_taken_back_step_by_step(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 4, doubtful=3, lost=1) as results:
        review = Review(results)
        items = review.batch("w", "Ada")
        for item in items[:3]:
            review.decide(item.id, None if item is items[0] else item.runner_up, "w", "Ada")
        first = list(results.sheets())[1].entries["student_id"]
        assert (first.value, first.status) == (None, "decided")
        page = items[3]
        assert page.kind == "page"
        values = {"student_id": "12345", "q1": "3", "q2": "", "total": "3.0"}
        assert review.decide_page(page.id, 1, values, "w", "Ada").saved
        lost = list(results.sheets())[4]
        assert lost.problem == ""
        assert {n: e.value for n, e in lost.entries.items()} == {
            "student_id": "12345", "q1": "3", "q2": None, "total": "3.0", "absent": None,
        }  # fmt: skip
        assert review.progress("w").open == 0
        assert review.undo("w", "Ada") == page
        assert list(results.sheets())[4].problem
        assert review.decide_page(page.id, None, {}, "w", "Ada").saved
        assert (len(list(results.sheets())), results.left_out()) == (4, 1)
        assert review.undo("w", "Ada") == page
        for item in items[2::-1]:
            assert review.undo("w", "Ada") == item
        assert review.undo("w", "Ada") is None
        assert review.batch("w", "Ada") == items
        assert review.progress("w").decided == 0


def test_a_unique_value_that_stands_elsewhere_is_objected_to(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 4, doubtful=2) as results:
        review = Review(results)
        item = review.batch("w", "Ada")[0]
        outcome = review.decide(item.id, "00003", "w", "Ada")
        assert "00003 is also on scans/stack.pdf, page 3" in outcome.objection
        assert review.progress("w").decided == 0
        assert review.decide(item.id, "00003", "w", "Ada", insist=True).saved


@pytest.mark.parametrize(
    ("name", "typed", "said", "stored"),
    [
        ("student_id", "123", "123 is not what student_id may hold: 5 digits", None),
        ("student_id", "00004", "00004 is also on scans/stack.pdf, page 4", None),
        ("q1", "11", "11 is not what q1 may hold: 0 to 10", None),
        ("q1", "x", "x is not what q1 may hold", None),
        ("total", "21,5", "21,5 is not what total may hold: 0 to 20, up to 1 decimal", None),
        ("total", "9", "q1 + q2 is 4, not 9.0", None),
        ("total", " 4,0", "", "4.0"),
        ("total", "4", "", "4.0"),
        ("absent", "1", "", "x"),
        ("absent", "0", "", None),
        ("absent", "7", "7 is not what absent may hold: x if ticked, else blank", None),
    ],
)
def test_a_slip_is_objected_to_and_a_value_is_written_one_way(
    stack: Stack, tmp_path: Path, name: str, typed: str, said: str, stored: str | None
) -> None:
    with stack.fill(tmp_path, 4) as results:
        results.add(stack.sheet(1, name))
        review = Review(results)
        (item,) = review.batch("w", "Ada")
        outcome = review.decide(item.id, typed, "w", "Ada")
        assert outcome.objection.startswith(said) if said else outcome.saved
        assert outcome.saved == (not said)
        if not said:
            assert next(iter(results.sheets())).entries[name].value == stored


def test_what_was_read_is_no_slip(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 3, doubtful=3) as results:
        review = Review(results)
        item = review.batch("w", "Ada")[0]
        assert item.value == "7"  # and not of five digits; the reader may know better
        assert review.decide(item.id, "7", "w", "Ada").saved


def test_what_is_left_when_it_is_done(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 100, doubtful=10) as results:
        review = Review(results)
        for item in review.batch("w", "Ada"):
            review.decide(item.id, item.runner_up, "w", "Ada")
        summary = review.summary()
        assert (summary.fields, summary.seen, summary.changed, summary.open) == (500, 10, 10, 0)
        assert summary.expected_errors == pytest.approx(490 * 0.005)
        assert summary.audit is None


def test_an_audit_measures_the_sure(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 200, doubtful=2) as results:
        plain, audited = Review(results), Review(results, audit=0.02)
        assert plain.progress("w").open == 2
        items = audited.batch("w", "Ada", most=1000)
        sure = [item for item in items if item.probability > 0.9]
        assert 5 < len(sure) < 35  # 798 sure fields have a snippet, 2 % of them are 16
        assert len({item.field.name for item in sure if item.field}) > 1
        wrong = sure[0]
        for item in items:
            audited.decide(item.id, "9" if item is wrong else item.value, "w", "Ada", insist=True)
        summary = audited.summary()
        assert summary.audit
        assert (summary.audit.seen, summary.audit.wrong) == (len(sure), 1)
        assert summary.audit.low < summary.audit.rate == 1 / len(sure) < summary.audit.high
        assert audited.progress("w").open == 0
    with pytest.raises(UsageError, match="give a share from 0 to 1"):
        Review(results, audit=2)


def test_ten_reviewers_at_once_lose_nothing(stack: Stack, tmp_path: Path) -> None:
    stack.fill(tmp_path, 60, doubtful=60).close()
    done: list[int] = []

    def work(window: str) -> None:
        with Results.open(tmp_path) as results:
            review = Review(results)
            while items := review.batch(window, window, most=3):
                for item in items:
                    assert review.decide(item.id, item.runner_up, window, window).saved
                    done.append(item.id)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(set(done)) == 60
    with Results.open(tmp_path) as results:
        for sheet in results.sheets():
            values = {name: entry.value for name, entry in sheet.entries.items()}
            assert values == stack.truth(sheet.pages[0])


def test_what_is_not_there_is_told(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 1, lost=1) as results:
        review = Review(results)
        with pytest.raises(DataError, match="there is no field 99"):
            review.decide(99, "1", "w", "Ada")
        with pytest.raises(DataError, match="there is no page 99"):
            review.decide_page(99, None, {}, "w", "Ada")
        with pytest.raises(DataError, match="q9: page 1 of the template has no such field"):
            review.decide_page(2, 1, {"q9": "1"}, "w", "Ada")
        assert review.image(99) == b""
