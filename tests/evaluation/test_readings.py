"""Tables of pictures: figures by hand, and a real table written and read."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tenfold.errors import DataError
from tenfold.evaluation.failures import failures_sheet
from tenfold.evaluation.readings import (
    Answer,
    Row,
    edit_distance,
    evaluate_table,
    is_picture_table,
    load_table,
    summarise,
)
from tenfold.reader.reader import Reader
from tenfold.reader.reading import Digit, Line, Number, Reading


def _answer(
    source: str, truth: str, text: str, refused: int = 0, confidence: float = 0.9
) -> Answer:
    row = Row(Path(source) / "a.png", truth, source, single=False)
    return Answer(row, text, confidence, len(text), refused)


def test_figures_by_hand() -> None:
    answers = [
        _answer("large", "12", "12"),
        _answer("large", "34", "34"),
        _answer("large", "5|6", "5|6", refused=1),
        _answer("small", "7890", "780", confidence=0.6),
    ]
    figures = summarise("table.csv", answers)
    assert (figures.count, figures.accuracy, figures.mean_over_sources) == (4, 0.75, 0.5)
    assert figures.character_error_rate == 1 / 10
    assert figures.mean_character_error_rate == 1 / 8
    assert figures.coverage == 0.75
    assert figures.covered_accuracy == pytest.approx(2 / 3)
    assert [(s.name, s.count, s.accuracy) for s in figures.sources] == [
        ("large", 3, 1.0),
        ("small", 1, 0.0),
    ]
    shares = [(risk.coverage, risk.count, risk.wrong, risk.error) for risk in figures.risk]
    assert shares[2:] == [(0.75, 3, 0, 0.0), (0.9, 4, 1, 0.25), (1.0, 4, 1, 0.25)]
    risks = figures.to_dict()["risk"]
    assert risks[-1] == {  # type: ignore[index]
        "coverage": 1.0, "threshold": 0.6, "count": 4, "wrong": 1, "error": 0.25,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("", "12", 2), ("12", "", 2), ("123", "23", 1), ("15", "51", 2), ("9", "9", 0)],
)
def test_edit_distance_by_hand(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edits


def _draw_seven(path: Path) -> None:
    image = Image.new("L", (60, 80), 255)
    ImageDraw.Draw(image).line([(14, 16), (46, 16), (26, 66)], fill=0, width=6, joint="curve")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def test_a_table_is_read_and_measured(tmp_path: Path) -> None:
    _draw_seven(tmp_path / "mine" / "seven.png")
    _draw_seven(tmp_path / "mine" / "again.png")
    table = tmp_path / "labels.csv"
    table.write_text("file,label\nmine/seven.png,7\nmine/again.png,3\nyours/missing.png,1\n")
    assert is_picture_table(table)
    figures = evaluate_table(table)
    assert [answer.text for answer in figures.answers] == ["7", "7", ""]
    assert [(s.name, s.accuracy) for s in figures.sources] == [("mine", 0.5), ("yours", 0.0)]
    assert "missing.png" in str(figures.answers[2].error)
    assert [record["file"] for record in figures.to_dict()["failures"]] == [  # type: ignore[attr-defined]
        str(tmp_path / "mine" / "again.png"),
        str(tmp_path / "yours" / "missing.png"),
    ]
    assert failures_sheet(figures).size[0] > 160
    right, wrong, missing = (answer.confidence for answer in figures.answers)
    assert right == wrong > 0.9
    assert missing == 0


def test_digits_alone_are_compared_and_the_least_sure_number_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _draw_seven(tmp_path / "a.png")
    table = tmp_path / "labels.csv"
    table.write_text("file,truth\na.png,1257|3\n")
    box, chances = (1, 1, 9, 9), (0.1,) * 10
    lines = (
        Line("12.5 -7", box, (Number("12.5", box, 0.8), Number("-7", box, 0.6))),
        Line("3", box, (Number("3", box, 0.9),)),
    )
    digits = [
        Digit(d, 0.9, chances, 0.9, box, line) for d, line in ((1, 0), (2, 0), (5, 0), (7, 0))
    ]
    digits += [Digit(3, 0.9, chances, 0.9, box, 1), Digit(4, 0.9, chances, 0.9, box, 1, "printed")]
    reading = Reading("a.png", lines, tuple(digits), (), 60, 80, 0, (), 0.1)
    monkeypatch.setattr(Reader, "read", lambda *_: reading)
    figures = evaluate_table(table)
    assert (figures.answers[0].text, figures.answers[0].confidence) == ("1257|3", 0.6)
    assert (figures.accuracy, figures.coverage) == (1.0, 1.0)


@pytest.mark.usefixtures("fault")
def test_a_fault_on_one_picture_counts_as_wrong_and_ends_nothing(tmp_path: Path) -> None:
    for name in ("a.png", "faulty.png", "b.png"):
        _draw_seven(tmp_path / name)
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.png,7\nfaulty.png,7\nb.png,7\n")
    figures = evaluate_table(table)
    assert [answer.text for answer in figures.answers] == ["7", "", "7"]
    error = str(figures.answers[1].error)
    assert error.startswith(f"{tmp_path / 'faulty.png'}: could not be read because of a fault")
    assert failures_sheet(figures).size[0] > 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,label\n", "no pictures"),
        ("file,what\na.png,7\n", "column 'label' or 'truth'"),
        ("file,label\na.png,7\nb.png,77\n", r"labels\.csv:3: needs a file and one digit"),
        ("file,truth\na.png,1a\n", r"labels\.csv:2: needs a file and digits"),
        ("file,label\n,7\n", r"labels\.csv:2"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: str, message: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(content)
    with pytest.raises(DataError, match=message):
        load_table(table)


def test_kaggle_tables_are_no_tables_of_pictures(tmp_path: Path) -> None:
    table = tmp_path / "train.csv"
    table.write_text("label,pixel0\n1,0\n")
    assert not is_picture_table(table)
    assert not is_picture_table(tmp_path / "missing.csv")
