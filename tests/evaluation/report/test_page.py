from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tenfold.data.splits import Splits
from tenfold.errors import TenfoldError
from tenfold.evaluation.assess import assess
from tenfold.evaluation.assessment import Assessment
from tenfold.evaluation.cross import row_of_data
from tenfold.evaluation.report.page import render, short, write_report
from tenfold.model import Model
from tenfold.training.outcome import Run

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Checker(HTMLParser):
    """Count elements and hold that every one that opens closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "img":
            assert values.get("alt")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def found(run: Run, model: Model, few: Splits) -> Assessment:
    return assess(model, few.test, run.model.read_bytes(), other=model)


@pytest.fixture(scope="module")
def page(found: Assessment, model: Model, few: Splits) -> str:
    rows = [row_of_data(model, few.test), row_of_data(model, few.train)]
    return render(model, found, rows, "tenfold evaluate …")


def test_it_is_whole_and_needs_nothing_from_outside(page: str) -> None:
    checker = Checker()
    checker.feed(page)
    assert not checker.open
    for source in checker.sources:
        assert source.startswith(("data:image/png;base64,", "#"))
        if source.startswith("#"):
            assert source[1:] in checker.ids
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "<script" not in page
    assert not set(re.findall(r"https?://[^\s\"<]+", page)) - {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_it_serves_light_dark_phones_and_paper(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert 'name="viewport" content="width=device-width' in page


def test_the_answer_comes_first(page: str, run: Run) -> None:
    evaluation = run.evaluation
    top = page[page.index("<body>") : page.index("<main>")]
    assert f"{100 * evaluation.accuracy:.2f}\u00a0%" in top
    assert f"{len(evaluation.mistakes)} of 60 wrong" in top
    assert "no difference, for both read the very same pictures right" in top
    low, high = evaluation.interval
    assert f"{100 * low:.2f}–{100 * high:.2f}\u00a0%" in top


def test_everything_asked_for_is_there(page: str, found: Assessment) -> None:
    for mistake in found.evaluation.mistakes:
        assert f'alt="Picture {mistake.index}"' in page
        assert f"no. {mistake.index}</span>" in page
    assert page.count('role="img"') == 2 + 15 + 4
    assert page.count("Heat over picture") == len(found.looks)
    for words in ("F1", "Brier score", "AUROC", "multiply-adds", "zigzag", "on other data"):
        assert words in page
    assert " %" not in page  # each per cent sign sticks to its number


def test_what_was_not_measured_is_not_shown(found: Assessment, model: Model) -> None:
    page = render(model, replace(found, corruptions=None, sweeps=()), [], "tenfold evaluate …")
    Checker().feed(page)
    assert "When pictures go bad" not in page
    assert "on other data" not in page
    assert "#corruptions" not in page


def test_a_model_without_mistakes_has_a_page(run: Run, model: Model, few: Splits) -> None:
    right = model.predict(few.train.images) == few.train.targets
    perfect = few.train.take(np.flatnonzero(right)[:30])
    found = assess(model, perfect, run.model.read_bytes(), depth="quick")
    page = render(model, found, [], "tenfold evaluate …")
    assert "All 30 right." in page
    assert "None: every picture was read right." in page


def test_classes_without_pictures_have_no_figures(run: Run, model: Model, few: Splits) -> None:
    ones = few.test.take(np.flatnonzero(few.test.targets == 1))
    found = assess(model, ones, run.model.read_bytes(), depth="quick")
    page = render(model, found, [], "tenfold evaluate …")
    Checker().feed(page)
    assert "All pictures are of one class, 1: nothing is said of the others." in page
    assert page.count("<td>0</td><td>–</td><td>–</td><td>–</td>") == 9


def test_before_and_after_are_shown_only_where_they_differ(
    page: str, found: Assessment, model: Model
) -> None:
    assert ">as it is</th>" in page  # 60 pictures are too few to fit a temperature
    assert ">after</th>" not in page
    changed = replace(found, after=replace(found.after, temperature=2.0))
    again = render(model, changed, [], "tenfold evaluate …")
    assert ">after</th>" in again
    assert ">as it is</th>" not in again


def test_names_cannot_break_out(found: Assessment, model: Model) -> None:
    evil = "<script>alert(1)</script>&"
    spoiled = replace(found, evaluation=replace(found.evaluation, data=evil))
    page = render(model, spoiled, [], evil)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_it_is_written_whole_or_not_at_all(found: Assessment, model: Model, tmp_path: Path) -> None:
    path = write_report(tmp_path / "report.html", model, found, [], "tenfold evaluate …")
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    with pytest.raises(TenfoldError, match="cannot be written"):
        write_report(tmp_path / "gone" / "report.html", model, found, [], "tenfold evaluate …")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1_452_185, "1.45 M"), (23_295.2, "23.3 k")]
)
def test_large_numbers(value: float, text: str) -> None:
    assert short(value) == text
