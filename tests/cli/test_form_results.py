from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.data.registry import load_parts
from tenfold.errors import TenfoldError, UsageError
from tenfold.forms.results import Results
from tenfold.forms.review import Review

if TYPE_CHECKING:
    from tests.stacks import Stack

Run = Callable[..., Result]


@pytest.fixture
def folder(stack: Stack, tmp_path: Path) -> Path:
    """Results of ten sheets, five fields doubtful, two of them decided, and a page that is lost."""
    with stack.fill(tmp_path / "results", 10, doubtful=5, lost=1) as results:
        review = Review(results)
        for item in review.batch("w", "Ada", most=2):
            review.decide(item.id, item.runner_up, "w", "Ada")
    return tmp_path / "results"


@pytest.fixture
def form() -> Run:
    """Run a command; what it complains of is raised."""

    def run(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(app, ["form", *map(str, arguments)])
        if isinstance(result.exception, TenfoldError):
            raise result.exception
        return result

    return run


def test_tables_lie_in_the_results_and_what_is_open_is_told(form: Run, folder: Path) -> None:
    done = form("export", folder, "--csv", "--parquet")
    assert done.exit_code == 0
    assert done.stdout.split() == [str(folder / "table.csv"), str(folder / "table.parquet")]
    assert "11 rows, 8 columns." in done.stderr
    assert "1 row of pages that were not read; 'problem' says why." in done.stderr
    assert f"3 fields not reviewed yet, in the table as read: tenfold form review {folder}" in (
        done.stderr
    )
    assert (folder / "table.csv").read_text().count("\n") == 12
    form("export", folder)  # again, over its own


def test_one_table_goes_where_it_is_asked_for(form: Run, folder: Path, tmp_path: Path) -> None:
    done = form("export", folder, "--jsonl", "--out", tmp_path / "a.jsonl", "--json")
    record = json.loads(done.stdout)
    assert (record["rows"], record["open"]) == (11, 3)
    assert json.loads((tmp_path / "a.jsonl").read_text().splitlines()[1])["student_id"] == "00002"
    with pytest.raises(UsageError, match="choose one format"):
        form("export", folder, "--csv", "--xlsx", "--out", tmp_path / "b")
    for more in ([], ["--force"]):
        with pytest.raises(TenfoldError, match="holds the results themselves"):
            form("export", folder, "--csv", "--out", folder / "results.db", *more)


def test_decisions_go_out_as_data(form: Run, folder: Path, tmp_path: Path) -> None:
    done = form("export", folder, "--data", tmp_path / "labelled")
    assert done.stdout == f"{tmp_path / 'labelled'}\n"
    assert "2 lines in lines.csv, 10 digits." in done.stderr
    assert len(load_parts(tmp_path / "labelled")[0]) == 10
    assert not (folder / "table.csv").exists()


def test_a_purge_says_what_it_removed(form: Run, folder: Path) -> None:
    assert form("purge", folder, "--older-than", "1d").stdout.startswith("Removed 0 pictures")
    said = form("purge", folder, "--older-than", "0d").stdout
    assert re.fullmatch(r"Removed \d+ pictures of fields and 6 of pages, 0\.\d MB\.\n", said)
    with pytest.raises(UsageError, match="give an age such as 12h, 30d or 6w"):
        form("purge", folder, "--older-than", "30")


def test_shares_that_are_none_are_refused(form: Run, folder: Path) -> None:
    for share in ("two", "200%", "-1%", "nan"):
        with pytest.raises(UsageError, match="give a share of the sure fields, such as 2%"):
            form("review", folder, "--audit", share)


def test_a_folder_without_results_is_told(form: Run, tmp_path: Path) -> None:
    for command in (["export"], ["review"], ["purge", "--older-than", "1d"]):
        with pytest.raises(TenfoldError, match=r"holds no results\. Give the folder that 'tenfold"):
            form(*command, tmp_path)


def test_the_review_ends_with_its_figures(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "tenfold", "form", "review", str(folder), "--port", "0"]
    with log.open("w") as file, subprocess.Popen(command, stderr=file, env=os.environ) as process:
        deadline = time.monotonic() + 60
        while "The review is at http://127.0.0.1:" not in log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    said = log.read_text()
    assert "A person saw 2 of 50 fields (4.0%) and changed 2." in said
    assert "Still open: 4. Errors expected among the fields that nobody saw: 1.4." in said
    assert "Traceback" not in said


def test_results_and_review_need_no_torch() -> None:
    code = (
        "import sys, tenfold.server.review, tenfold.forms.tabulate, tenfold.forms.decisions\n"
        "print({'torch', 'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_nothing_of_a_stack_is_left_open(folder: Path) -> None:
    with Results.open(folder) as results:
        assert results.database.row("PRAGMA journal_mode")[0] == "delete"
    assert [path.name for path in folder.iterdir()] == ["results.db"]
