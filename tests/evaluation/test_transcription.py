"""Tables of pictures: figures by hand, and a real table written and read."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tenfold.evaluation.encode import encode
from tenfold.evaluation.evaluate import evaluate, measure_table, steps
from tenfold.evaluation.evaluation import Evaluation
from tenfold.evaluation.plots import mistakes_sheet
from tenfold.evaluation.test_sets import ImageRow, ImageTable, load_table
from tenfold.evaluation.transcription import Transcript, Transcription
from tenfold.model import Model, open_model
from tenfold.reader.networks import bundled_content
from tenfold.reader.reader import Reader
from tenfold.reader.reading import Digit, Line, Number, Reading


def _transcript(
    source: str, truth: str, text: str, refused: int = 0, confidence: float = 0.9
) -> Transcript:
    row = ImageRow(Path(source) / "a.png", truth, source, single=False)
    return Transcript(row, text, confidence, len(text), refused)


def _text(found: Evaluation) -> Transcription:
    assert found.transcription is not None
    return found.transcription


def test_figures_by_hand() -> None:
    transcripts = [
        _transcript("large", "12", "12"),
        _transcript("large", "34", "34"),
        _transcript("large", "5|6", "5|6", refused=1),
        _transcript("small", "7890", "780", confidence=0.6),
    ]
    found = measure_table(transcripts, ImageTable("table.csv", tuple(t.row for t in transcripts)))
    text = _text(found)
    assert (found.count, found.accuracy, text.mean_over_sources) == (4, 0.75, 0.5)
    assert text.character_error_rate == 1 / 11  # of all characters, the line separator among them
    assert text.mean_character_error_rate == 1 / 8
    assert text.accepted == 0.75
    assert text.accepted_accuracy == pytest.approx(2 / 3)
    assert [(s.name, s.count, s.accuracy, s.accepted) for s in text.sources] == [
        ("large", 3, 1.0, pytest.approx(2 / 3)),
        ("small", 1, 0.0, 1.0),
    ]
    shares = [(risk.coverage, risk.count, risk.wrong, risk.error) for risk in found.risk]
    assert shares[2:] == [(0.75, 3, 0, 0.0), (0.9, 4, 1, 0.25), (1.0, 4, 1, 0.25)]
    assert encode(found)["risk"][-1] == {
        "coverage": 1.0, "threshold": 0.6, "count": 4, "wrong": 1, "error": 0.25,
    }  # fmt: skip
    assert [(m.index, m.label, m.predicted) for m in found.mistakes] == [(3, "7890", "780")]


def test_mistakes_come_the_surest_first() -> None:
    transcripts = [_transcript("a", "1", "2", confidence=c) for c in (0.3, 0.9, 0.6)]
    found = measure_table(transcripts, ImageTable("t.csv", tuple(t.row for t in transcripts)))
    assert [mistake.index for mistake in found.mistakes] == [1, 2, 0]


@pytest.fixture(scope="module")
def bundled() -> Model:
    return open_model(bundled_content(), "bundled")


def _draw_seven(path: Path) -> None:
    image = Image.new("L", (60, 80), 255)
    ImageDraw.Draw(image).line([(14, 16), (46, 16), (26, 66)], fill=0, width=6, joint="curve")
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def test_a_table_is_read_and_measured(tmp_path: Path, bundled: Model) -> None:
    _draw_seven(tmp_path / "mine" / "seven.png")
    _draw_seven(tmp_path / "mine" / "again.png")
    table = tmp_path / "labels.csv"
    table.write_text("file,label\nmine/seven.png,7\nmine/again.png,3\nyours/missing.png,1\n")
    found = evaluate(bundled, table)
    text = _text(found)
    assert [each.text for each in text.transcripts] == ["7", "7", ""]
    assert [(s.name, s.accuracy) for s in text.sources] == [("mine", 0.5), ("yours", 0.0)]
    assert "missing.png" in str(found.mistakes[1].error)
    assert [record["file"] for record in encode(found)["mistakes"]] == [
        str(tmp_path / "mine" / "again.png"),
        str(tmp_path / "yours" / "missing.png"),
    ]
    assert found.note.endswith("; 2 sources; 1 that could not be opened counted as wrong")
    assert mistakes_sheet(load_table(table), found).size[0] > 160
    right, wrong, missing = (each.confidence for each in text.transcripts)
    assert right == wrong > 0.9
    assert missing == 0


def test_digits_alone_are_compared_and_the_least_sure_number_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundled: Model
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
    found = evaluate(bundled, table)
    (transcript,) = _text(found).transcripts
    assert (transcript.text, transcript.confidence) == ("1257|3", 0.6)
    assert (found.accuracy, _text(found).accepted) == (1.0, 1.0)


@pytest.mark.usefixtures("fault")
def test_a_fault_on_one_picture_counts_as_wrong_and_ends_nothing(
    tmp_path: Path, bundled: Model
) -> None:
    for name in ("a.png", "faulty.png", "b.png"):
        _draw_seven(tmp_path / name)
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.png,7\nfaulty.png,7\nb.png,7\n")
    found = evaluate(bundled, table)
    assert [each.text for each in _text(found).transcripts] == ["7", "", "7"]
    error = str(found.mistakes[0].error)
    assert error.startswith(f"{tmp_path / 'faulty.png'}: could not be read because of a fault")
    assert mistakes_sheet(load_table(table), found).size[0] > 0


def test_two_models_are_compared_image_by_image(tmp_path: Path, bundled: Model) -> None:
    _draw_seven(tmp_path / "a.png")
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.png,7\n")
    told: list[str] = []
    found = evaluate(bundled, table, other=bundled, tell=told.append)
    assert found.comparison is not None
    assert (found.comparison.accuracy, found.comparison.test.p) == (1.0, 1.0)
    assert len(told) == steps(load_table(table), [], bundled) == 2
