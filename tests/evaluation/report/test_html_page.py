from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tenfold.data.splits import Splits
from tenfold.errors import TenfoldError
from tenfold.evaluation.evaluate import SECTIONS, evaluate
from tenfold.evaluation.evaluation import Evaluation
from tenfold.evaluation.format import short
from tenfold.evaluation.metrics.coverage import Coverage
from tenfold.evaluation.report.html_page import render, write_report
from tenfold.evaluation.test_sets import load_table
from tenfold.model import Model, open_model
from tenfold.reader.networks import bundled_content
from tenfold.training.result import Run

VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}


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
def found(run: Run, model: Model, few: Splits) -> Evaluation:
    return evaluate(run.model, few.test, sections=SECTIONS, other=model)


@pytest.fixture(scope="module")
def few_plots(found: Evaluation) -> Evaluation:
    """The same without its 19 plots of worse images, which are most of a page's work."""
    return replace(found, corruptions=None, sweeps=())


@pytest.fixture(scope="module")
def page(found: Evaluation, model: Model, few: Splits) -> str:
    others = [evaluate(model, few.train, sections=["calibration"])]
    return render(model, few.test, found, others, "tenfold evaluate …")


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
    assert "no difference: both classify the very same images correctly" in top
    low, high = evaluation.interval
    assert f"{100 * low:.2f}–{100 * high:.2f}\u00a0%" in top


def test_everything_asked_for_is_there(page: str, found: Evaluation) -> None:
    for mistake in found.mistakes:
        assert f'alt="Image {mistake.index}"' in page
        assert f"no. {mistake.index}</span>" in page
    assert page.count('role="img"') == 2 + 15 + 4
    assert page.count("Heat over image") == len(found.occlusion_maps)
    for words in ("F1", "Brier score", "AUROC", "multiply-adds", "zigzag", "on other test sets"):
        assert words in page
    assert " %" not in page  # each per cent sign sticks to its number


def test_what_was_not_measured_is_not_shown(
    few_plots: Evaluation, model: Model, few: Splits
) -> None:
    page = render(model, few.test, few_plots, [], "tenfold evaluate …")
    Checker().feed(page)
    assert "Corrupted images" not in page
    assert "on other test sets" not in page
    assert "#corruptions" not in page


def test_a_model_without_mistakes_has_a_page(run: Run, model: Model, few: Splits) -> None:
    right = model.predict(few.train.images) == few.train.targets
    perfect = few.train.take(np.flatnonzero(right)[:30])
    found = evaluate(run.model, perfect, sections=SECTIONS[:4])
    page = render(model, perfect, found, [], "tenfold evaluate …")
    assert "All 30 right." in page
    assert "None: every image was classified correctly." in page


def test_classes_without_pictures_have_no_figures(run: Run, model: Model, few: Splits) -> None:
    ones = few.test.take(np.flatnonzero(few.test.targets == 1))
    found = evaluate(run.model, ones, sections=SECTIONS[:4])
    page = render(model, ones, found, [], "tenfold evaluate …")
    Checker().feed(page)
    assert "All images are of one class, 1: nothing is said of the others." in page
    assert page.count("<td>0</td><td>–</td><td>–</td><td>–</td>") == 9


def test_before_and_after_are_shown_only_where_they_differ(
    page: str, few_plots: Evaluation, model: Model, few: Splits
) -> None:
    found = few_plots
    assert ">as it is</th>" in page  # 60 pictures are too few to fit a temperature
    assert ">after</th>" not in page
    assert found.calibration is not None
    after = replace(found.calibration.after, temperature=2.0)
    changed = replace(found, calibration=replace(found.calibration, after=after))
    again = render(model, few.test, changed, [], "tenfold evaluate …")
    assert ">after</th>" in again
    assert ">as it is</th>" not in again


def test_names_cannot_break_out(found: Evaluation, model: Model, few: Splits) -> None:
    evil = "<script>alert(1)</script>&"
    assert found.comparison is not None
    spoiled = replace(found, data=evil, comparison=replace(found.comparison, model=evil))
    page = render(model, few.test, spoiled, [], evil)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_it_is_written_whole_or_not_at_all(
    few_plots: Evaluation, model: Model, few: Splits, tmp_path: Path
) -> None:
    found = few_plots
    path = write_report(tmp_path / "report.html", model, few.test, found, [], "tenfold …")
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    with pytest.raises(TenfoldError, match="cannot be written"):
        write_report(tmp_path / "gone" / "report.html", model, few.test, found, [], "tenfold …")


def test_sixty_images_claim_nothing_of_a_high_accuracy(
    page: str, few_plots: Evaluation, model: Model, few: Splits
) -> None:
    assert "can be read without a person at" not in page
    # 60 / (60 + 1.96²), and no more than 60 answers are given
    assert "cannot show 99.9\u00a0% accuracy: were all of them right" in page
    most = Coverage(0.999, 0.9931, 0.6168, 9931, 9, (0.9983, 0.9995))
    again = render(model, few.test, replace(few_plots, coverage=(most,)), [], "tenfold …")
    assert "can be read without a person at 99.9\u00a0% accuracy" in again
    assert "(95\u00a0% interval 99.83–99.95\u00a0%)" in again


def test_a_table_of_images_has_a_page_too(model: Model, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    Image.new("L", (60, 40), 255).save(tmp_path / "mine" / "blank.png")
    path = tmp_path / "labels.csv"
    path.write_text("file,label\nmine/blank.png,7\ngone.png,1\n")
    table = load_table(path)
    found = evaluate(open_model(bundled_content(), "bundled"), table)
    page = render(model, table, found, [], "tenfold evaluate …")
    checker = Checker()
    checker.feed(page)
    assert not checker.open
    assert len(found.mistakes) == 2
    assert page.count("data:image/png;base64,") == 1  # one could not be opened
    assert '<th scope="row">mine</th><td>1</td><td>0.0\u00a0%</td>' in page
    assert "character error rate, mean over sources" in page
    for section in ("classes", "calibration", "non-digits", "occlusion", "cost"):
        assert section not in checker.ids
        assert f"#{section}" not in checker.sources


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1_452_185, "1.45 M"), (23_295.2, "23.3 k")]
)
def test_large_numbers(value: float, text: str) -> None:
    assert short(value) == text
