from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tenfold.data.registry import load_parts
from tenfold.errors import DataError, TenfoldError
from tenfold.evaluation.test_sets import load_table
from tenfold.evaluation.transcription import transcribe
from tenfold.forms.decisions import write_labelled
from tenfold.forms.results import Results
from tenfold.forms.review import Review
from tenfold.reader.networks import bundled_model
from tenfold.reader.reader import Reader
from tenfold.samples.load import load

if TYPE_CHECKING:
    from tests.stacks import Stack


@pytest.fixture(scope="module")
def decided(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Thirty doubtful fields, of which ten are student numbers in combs, decided rightly."""
    results = stack.fill(tmp_path_factory.mktemp("decided"), 40, doubtful=30, lost=1)
    review = Review(results)
    for item in review.batch("w", "Ada", most=100):
        if item.kind == "field":
            review.decide(item.id, item.runner_up, "w", "Ada")
    return results


def test_decisions_are_digits_and_lines_that_the_commands_take(
    decided: Results, tmp_path: Path
) -> None:
    written = write_labelled(decided, tmp_path / "labelled")
    assert written.lines == 30
    assert written.digits == 50
    train, test = load_parts(tmp_path / "labelled")
    assert test is None
    assert train.labels is not None
    assert train.images.shape == (50, 28, 28)
    assert (train.counts() > 0).all()
    right = bundled_model().predict(train.images) == train.labels
    assert np.mean(right) > 0.9, "the glyphs are not what their labels say"

    table = load_table(tmp_path / "labelled" / "lines.csv")
    assert len(table) == 30
    reader = Reader()
    combless = [row for row in table.rows if len(row.truth) < 5][:8]
    assert sum(transcribe(reader, row).right for row in combless) >= 6


def test_the_results_themselves_are_a_data_set(decided: Results, tmp_path: Path) -> None:
    write_labelled(decided, tmp_path / "labelled")
    loaded = load(decided.folder)
    written = load(tmp_path / "labelled").train
    assert loaded.assumed == f"{decided.folder}: 50 digits of combs that people decided"
    assert sorted(map(bytes, loaded.train.images)) == sorted(map(bytes, written.images))
    assert loaded.train.counts().tolist() == written.counts().tolist()


def test_labelled_data_takes_a_folder_of_its_own(decided: Results, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(TenfoldError, match="already exists"):
        write_labelled(decided, tmp_path)
    with pytest.raises(TenfoldError, match="already exists"):
        write_labelled(decided, tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_decisions_there_is_no_data(stack: Stack, tmp_path: Path) -> None:
    with (
        stack.fill(tmp_path / "results", 3, doubtful=2) as results,
        pytest.raises(DataError, match="holds no decisions"),
    ):
        write_labelled(results, tmp_path / "labelled")
    with pytest.raises(DataError, match="holds no digit that people decided"):
        load(tmp_path / "results")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_ticks_words_and_blanks_are_no_lines(stack: Stack, tmp_path: Path) -> None:
    with stack.fill(tmp_path / "results", 6, doubtful=6) as results:
        review = Review(results)
        items = review.batch("w", "Ada")
        for item, value in zip(
            items, [None, "7 of 9 marks", "12345", "3", "-", "4.5"], strict=True
        ):
            review.decide(item.id, value, "w", "Ada", insist=True)
        written = write_labelled(results, tmp_path / "labelled")
    assert (written.lines, written.digits) == (3, 0)
    lines = (tmp_path / "labelled" / "lines.csv").read_text().splitlines()
    assert lines[0] == "file,text,truth"
    assert {tuple(line.split(",")[1:]) for line in lines[1:]} == {
        ("12345", "12345"), ("3", "3"), ("4.5", "45"),
    }  # fmt: skip
