from __future__ import annotations

import csv
import json
import resource
import signal
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from pyarrow import parquet

from tenfold.errors import TenfoldError
from tenfold.forms.results import FieldResult, Results, SheetResult
from tenfold.forms.review import Review
from tenfold.forms.tabulate import FORMATS, Format, write_table
from tenfold.forms.template import Field

if TYPE_CHECKING:
    from tests.stacks import Stack

HEAD = ["source", "page", "student_id", "q1", "q2", "total", "absent", "problem"]
SHEETS = 2000


@pytest.fixture(scope="module")
def large(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with stack.fill(tmp_path_factory.mktemp("large"), SHEETS, doubtful=3, lost=1) as results:
        yield results


@pytest.fixture(scope="module")
def small(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with stack.fill(tmp_path_factory.mktemp("small"), 2) as results:
        yield results


def _read(path: Path, form: Format) -> list[dict[str, Any]]:
    """Read a table back as a person's program would."""
    if form == "csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    if form == "jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if form == "parquet":
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
        return rows
    book = openpyxl.load_workbook(path, read_only=True)
    lines = book.active.iter_rows(values_only=True)  # type: ignore[union-attr]
    head = [str(name) for name in next(lines)]
    found = [dict(zip(head, line, strict=True)) for line in lines]
    book.close()
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_two_thousand_sheets_go_out_and_come_back(
    form: Format, small: Results, large: Results, stack: Stack, tmp_path: Path
) -> None:
    path = tmp_path / f"table.{form}"
    write_table(small, path, form)  # what it imports is not what it holds
    path.unlink()
    tracemalloc.start()
    written = write_table(large, path, form)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (written.rows, written.columns, written.open) == (SHEETS + 1, 8, 3)
    assert (written.problems, written.texts) == (1, ())
    rows = _read(path, form)
    assert list(rows[0]) == HEAD
    assert len(rows) == SHEETS + 1
    for number, row in islice(enumerate(rows[:-1], 1), 3, None):
        truth = stack.truth(number)
        numbers: dict[str, Any] = {name: float(truth[name] or 0) for name in ("q1", "q2", "total")}
        if form == "csv":
            expected: dict[str, Any] = {n: v or "" for n, v in truth.items()} | {"problem": ""}
            expected["absent"] = str(int(truth["absent"] == "x"))
        else:
            numbers["q2"] = None if truth["q2"] is None else numbers["q2"]
            expected = truth | numbers | {"absent": int(truth["absent"] == "x")}
        assert {name: row[name] for name in expected} == expected
        assert int(row["page"]) == number
    assert rows[0]["problem"] == "total: doubtful"
    assert rows[-1]["problem"] == "it matches no page of the template"
    if form != "csv":
        assert [type(rows[6][name]) for name in HEAD[1:7]] == [
            int, str, int, type(None), int if form == "xlsx" else float, int,
        ]  # fmt: skip
    assert peak < 2_000_000  # bytes; a row group of Parquet has 1,000 rows
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("form", FORMATS)
def test_probabilities_and_statuses_on_request(form: Format, stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path / "results", 3, doubtful=2) as results:
        review = Review(results)
        review.decide(review.batch("w", "Ada")[0].id, "00077", "w", "Ada")
        write_table(results, tmp_path / f"table.{form}", form, probabilities=True)
    rows = _read(tmp_path / f"table.{form}", form)
    assert list(rows[0])[2:5] == ["student_id", "student_id_probability", "student_id_status"]
    assert float(rows[0]["total_probability"]) == 0.6
    assert [row["total_status"] for row in rows] == ["doubtful", "ok", "ok"]
    assert (rows[1]["student_id"], rows[1]["student_id_status"]) == ("00077", "decided")
    assert not rows[1]["student_id_probability"]


FORMULAS = ["=1+2", "+cmd|'/C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1", "'=1"]


@pytest.mark.parametrize("form", FORMATS)
def test_no_text_becomes_a_formula_and_numbers_stay_numbers(
    form: Format, stack: Stack, tmp_path: Path
) -> None:
    fields = (
        Field("=note", 1, (0, 0, 1, 1)),
        Field("amount", 1, (0, 0, 1, 1), range=(-100, 100), decimals=2),
        Field("code", 1, (0, 0, 1, 1)),
    )
    with Results.create(tmp_path / "results", replace(stack.form, fields=fields)) as results:
        for number, text in enumerate(FORMULAS, 1):
            values = {"=note": text, "amount": "-12.50", "code": "-07"}
            read = [FieldResult(n, v, 1.0, None, 0.0, "ok") for n, v in values.items()]
            results.add(SheetResult(f"{text}.pdf", number, 1, "read", "", tuple(read)))
        write_table(results, tmp_path / f"table.{form}", form)
    rows = _read(tmp_path / f"table.{form}", form)
    assert len(rows) == len(FORMULAS)
    for row in rows:
        assert float(row["amount"]) == -12.5
        assert row["code"] == "-07"
        if form == "csv":
            for text in (row["source"], row["'=note"]):
                assert text.startswith(("'", r"\t", r"\r"))
    if form == "xlsx":
        table = openpyxl.load_workbook(tmp_path / "table.xlsx").active
        assert table is not None
        for line in table.iter_rows():
            for one in line:
                assert one.data_type != "f"
                if isinstance(one.value, str):
                    assert one.quotePrefix
                    assert one.number_format == "@"
        assert {row["=note"] for row in rows} >= {"=1+2", "@SUM(A1)"}


def test_a_number_column_in_which_a_person_wrote_words_is_text(
    stack: Stack, tmp_path: Path
) -> None:
    with stack.fill(tmp_path / "results", 4, doubtful=3) as results:
        review = Review(results)
        by_name = {i.field.name: i for i in review.batch("w", "Ada") if i.field}
        review.decide(by_name["q1"].id, "3.5", "w", "Ada", insist=True)
        review.decide(by_name["total"].id, "10 of 20", "w", "Ada", insist=True)
        written = write_table(results, tmp_path / "table", "parquet")
    assert written.texts == ("total",)
    rows = _read(tmp_path / "table", "parquet")
    assert [row["q1"] for row in rows] == [1.0, 2.0, 3.5, 4.0]
    assert [row["total"] for row in rows] == ["10 of 20", "8.0", "12.0", "5.0"]


def test_fields_called_as_the_other_columns_are(stack: Stack, tmp_path: Path) -> None:
    fields = tuple(Field(name, 1, (0, 0, 1, 1)) for name in ("source", "page", "problem"))
    with Results.create(tmp_path / "results", replace(stack.form, fields=fields)) as results:
        results.add(SheetResult("a", 1, None, "failed", "It is encrypted."))
        write_table(results, tmp_path / "table", "parquet")
    assert _read(tmp_path / "table", "parquet") == [
        {"source_": "a", "page_": 1, "source": None, "page": None, "problem": None,
         "problem_": "It is encrypted."}
    ]  # fmt: skip


def test_only_an_untouched_table_of_these_results_is_replaced(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with stack.fill(tmp_path / "results", 2) as results:
        write_table(results, path, "csv")
        results.add(stack.sheet(3))
        write_table(results, path, "csv")
        assert path.read_text().count("\n") == 4
        path.write_text(path.read_text() + "a note of mine\n")
        with pytest.raises(TenfoldError, match=r"table.csv: already exists and was changed"):
            write_table(results, path, "csv")
        assert "a note of mine" in path.read_text()
        write_table(results, path, "csv", force=True)
        other = tmp_path / "other.csv"
        other.write_text("mine\n")
        with pytest.raises(TenfoldError, match="is not a table of these results"):
            write_table(results, other, "csv")
        with pytest.raises(TenfoldError, match="results: is a folder"):
            write_table(results, tmp_path / "results", "csv")


@contextmanager
def _little_space() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("form", FORMATS)
def test_where_space_runs_out_the_old_table_stays(
    form: Format, large: Results, tmp_path: Path
) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"old")
    with pytest.raises(TenfoldError, match=r"table: cannot be written"), _little_space():
        write_table(large, path, form, force=True)
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["table"]
