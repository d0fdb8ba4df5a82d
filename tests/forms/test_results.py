from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tenfold.errors import DataError, TenfoldError, UsageError
from tenfold.forms.results import Results
from tenfold.forms.review import Review
from tenfold.forms.sheet_results import AUDITABLE, lot

if TYPE_CHECKING:
    from tests.stacks import Stack


def _pictures(results: Results) -> dict[str | None, int]:
    rows = results.database.rows(
        "SELECT field.name, count(*) AS n FROM picture LEFT JOIN field ON field.id = picture.field "
        "GROUP BY field.name"
    )
    return {row["name"]: row["n"] for row in rows}


def test_what_was_added_comes_back_in_order(stack: Stack, tmp_path: Path) -> None:
    with Results.create(tmp_path / "results", stack.form) as results:
        for number in (3, 1, 2):
            results.add(stack.sheet(number, "q1" if number == 2 else ""))
        results.add(stack.lost(4))
    with Results.open(tmp_path / "results" / "results.db") as results:
        sheets = list(results.sheets())
        assert results.fields == stack.form.fields
        assert results.done() == {("scans/stack.pdf", n) for n in (1, 2, 3, 4)}
        assert results.done("model-2") == set()
        assert results.digests() == {"scans/stack.pdf": "d1"}
    assert [sheet.pages for sheet in sheets] == [(1,), (2,), (3,), (4,)]
    assert [sheet.problem for sheet in sheets[2:]] == ["", "it matches no page of the template"]
    for sheet in sheets[:1] + sheets[2:3]:
        values = {name: entry.value for name, entry in sheet.entries.items()}
        assert values == stack.truth(sheet.pages[0])
        assert sheet.open == []
    assert sheets[1].open == ["q1"]
    assert sheets[1].entries["q1"].probability == 0.6
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["results.db"]


def test_pages_of_one_file_make_copies_and_no_two_people_one(stack: Stack, tmp_path: Path) -> None:
    first, *others = stack.form.fields
    fields = (first, *(replace(field, page=2) for field in others))
    form = replace(stack.form, pages=stack.form.pages * 2, fields=fields)
    order = (1, 2, 2, 1, None, 2, 1)  # of the second copy the first page is missing
    with Results.create(tmp_path, form) as results:
        for number, shown in enumerate(order, 1):
            page = stack.sheet(number)
            of_page = tuple(f for f in page.fields if (f.field == "student_id") == (shown == 1))
            if shown is None:
                results.add(stack.lost(number))
            else:
                results.add(replace(page, template_page=shown, fields=of_page))
        sheets = list(results.sheets())
    assert [sheet.pages for sheet in sheets] == [(1, 2), (3,), (4, 6), (5,), (7,)]
    assert sheets[0].entries["student_id"].value == "00001"
    assert sheets[0].entries["q1"].value == "2"
    assert "student_id" not in sheets[1].entries


def test_a_page_read_again_is_the_same_page(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 3) as results:
        before = list(results.sheets())
        results.add(stack.sheet(2))
        assert list(results.sheets()) == before
        assert results.changed() == []


def test_another_model_keeps_decisions_and_tells_what_changed(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 4, doubtful=3) as results:
        review = Review(results)
        item = review.batch("w", "Ada")[0]
        assert (item.number, item.field and item.field.name) == (2, "student_id")
        assert review.decide(item.id, "00099", "w", "Ada").saved
        for number in (2, 3):
            results.add(stack.sheet(number, model="model-2"))
        second = list(results.sheets())[1].entries["student_id"]
        assert (second.value, second.status, second.reviewer) == ("00099", "decided", "Ada")
        changed = [
            (c.page, c.field, c.before, c.after, c.decided, c.kept) for c in results.changed()
        ]
        assert changed == [
            (2, "student_id", "7", "00002", "00099", True),
            (3, "q1", "7", "3", None, True),
        ]
        assert results.changed()[0].after_model == "model-2"
        assert results.done("model-2") == {("scans/stack.pdf", 2), ("scans/stack.pdf", 3)}
        # Its snippet stays, though the field is sure by now: the decision may be learned from.
        assert _pictures(results)["student_id"] >= 1
        assert "student_id" not in {i.field.name for i in review.batch("w", "Ada") if i.field}

        # Another scan of that name: what was said about the old one holds no more, and is told.
        results.add(replace(stack.sheet(2), digest="d2"))
        assert list(results.sheets())[1].entries["student_id"].status == "ok"
        last = results.changed()[-1]
        assert (last.decided, last.kept) == ("00099", False)


def test_a_page_that_is_lost_when_read_again_keeps_what_a_person_said(
    stack: Stack, tmp_path: Path
) -> None:
    with stack.fill(tmp_path, 2, doubtful=2) as results:
        review = Review(results)
        for item in review.batch("w", "Ada"):
            review.decide(item.id, item.runner_up, "w", "Ada")
        results.add(stack.lost(1))
        lost = next(iter(results.sheets()))
        assert {name: entry.value for name, entry in lost.entries.items()} == {"total": "4.0"}
        assert len(results.changed()) == 5


@pytest.mark.parametrize("keep", ["no", "doubtful", "all"])
def test_pictures_are_kept_by_choice(stack: Stack, tmp_path: Path, keep: str) -> None:
    with stack.fill(tmp_path, 60, doubtful=6, lost=1, keep_images=keep) as results:  # type: ignore[arg-type]
        found = _pictures(results)
    if keep == "no":
        assert found == {}
    elif keep == "all":
        assert found == {"student_id": 60, "q1": 60, "q2": 60, "total": 60, None: 61}
    else:
        assert found[None] == 7
        names = [("student_id", 2), ("q1", 2), ("q2", 0), ("total", 2)]
        doubtful = {"q1": range(3, 7, 3), "total": range(1, 7, 3), "student_id": range(2, 7, 3)}
        for name, least in names:
            drawn = {n for n in range(1, 61) if lot("scans/stack.pdf", n, name) < AUDITABLE}
            assert found.get(name, 0) == len(drawn | set(doubtful.get(name, ()))) >= least


def test_a_purge_leaves_no_byte_of_a_picture(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    with stack.fill(tmp_path, 30, keep_images="all") as results:
        size, picture = path.stat().st_size, stack.comb("00007")
        assert picture in path.read_bytes()
        assert results.purge(time.time() - 3600).snippets == 0
        before = list(results.sheets())
        removed = results.purge(time.time() + 1)
        assert (removed.snippets, removed.pages) == (120, 30)
        assert 0 < removed.bytes < size
        assert list(results.sheets()) == before
    content = path.read_bytes()
    assert b"\x89PNG" not in content
    assert picture[40:90] not in content
    assert len(content) < size - removed.bytes // 2


def test_results_of_another_template_are_refused_with_what_to_do(
    stack: Stack, tmp_path: Path
) -> None:
    stack.fill(tmp_path, 1).close()
    q1 = replace(stack.form.fields[1], range=(0, 12))
    form = replace(
        stack.form, version="fedcba9876543210", fields=(stack.form.fields[0], q1)
    )  # fmt: skip
    with pytest.raises(UsageError) as caught:
        Results.create(tmp_path, form)
    message = str(caught.value)
    assert "another version of Exam cover" in message
    assert "q1, q2, total, absent changed" in message
    assert "choose another folder for the results" in message
    with pytest.raises(UsageError, match=r"another form \(Exam cover, not Meters\)"):
        Results.create(tmp_path, replace(form, title="Meters"))
    with Results.open(tmp_path) as results:
        assert len(list(results.sheets())) == 1


def test_what_is_no_results_folder_is_told(tmp_path: Path, stack: Stack) -> None:
    with pytest.raises(DataError, match="holds no results"):
        Results.open(tmp_path)
    with pytest.raises(DataError, match="holds no results"):
        Results.open(tmp_path / "missing")
    path = tmp_path / "results.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(DataError, match="is damaged, or no results file"):
        Results.open(tmp_path)
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE a (b)")
    other.close()
    for opened in (Results.open, lambda folder: Results.create(folder, stack.form)):
        with pytest.raises(DataError, match="no results file of tenfold"):
            opened(tmp_path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataError, match="is a pipe"):
        Results.open(tmp_path)


def test_a_full_disk_loses_nothing(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path, 5, keep_images="all") as results:
        pages = results.database.row("PRAGMA page_count")[0]
        results.database.rows(f"PRAGMA max_page_count = {pages + 3}")
        number = 5
        with pytest.raises(TenfoldError, match=r"the disk is full.*all before it is safe"):  # noqa: PT012
            while number < 60:
                number += 1
                results.add(stack.sheet(number))
        assert 5 <= len(list(results.sheets())) == number - 1
        results.database.rows("PRAGMA max_page_count = 1000000")
        results.add(stack.sheet(number))
    with Results.open(tmp_path) as results:
        assert [sheet.pages[0] for sheet in results.sheets()] == list(range(1, number + 1))


KILLED = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import hand, stacks
stack = stacks.Stack(hand)
results = stacks.Results.create(Path(sys.argv[1]), stack.form, keep_images="all")
number = max((page for _, page in results.done()), default=0)
while True:
    number += 1
    results.add(stack.sheet(number))
    print(number, flush=True)
"""


def _killed(folder: Path, delay: float) -> int:
    """Add sheets in another process until it is killed; return the last one it told of."""
    tests = Path(__file__).parents[1]
    paths = [str(tests), str(tests.parent / "docs" / "pictures")]
    command = [sys.executable, "-c", KILLED, str(folder), *paths]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in (first + process.stdout.read()).splitlines() if line]
    return told[-1]


def _is_whole(stack: Stack, folder: Path, told: int) -> None:
    with Results.open(folder) as results:
        sheets = list(results.sheets())
        assert results.database.row("PRAGMA integrity_check")[0] == "ok"
        assert _pictures(results) == dict.fromkeys(
            ["student_id", "q1", "q2", "total", None], len(sheets)
        )
    assert [sheet.pages[0] for sheet in sheets] == list(range(1, len(sheets) + 1))
    assert len(sheets) >= told  # what it told of had reached the disk
    for sheet in sheets:
        values = {name: entry.value for name, entry in sheet.entries.items()}
        assert values == stack.truth(sheet.pages[0])


def test_killed_while_adding_every_sheet_is_whole(stack: Stack, tmp_path: Path) -> None:
    for delay in (0.013, 0.171):
        _is_whole(stack, tmp_path, _killed(tmp_path, delay))


@pytest.mark.slow
def test_killed_many_times_while_adding_every_sheet_is_whole(stack: Stack, tmp_path: Path) -> None:
    for step in range(25):
        _is_whole(stack, tmp_path, _killed(tmp_path, 0.0071 * step))
