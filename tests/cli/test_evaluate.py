from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.data.splits import Splits
from tenfold.errors import DataError, ModelError, TenfoldError, UsageError
from tenfold.evaluation.encode import encode
from tenfold.training.result import Run


@pytest.fixture(autouse=True)
def own_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    write_npz: Callable[[Path], Path],
) -> Path:
    """Work in a folder of the test's own, with a model and a few digits in it."""
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "few.npz")
    shutil.copy(run.model, tmp_path / "model.onnx")
    return tmp_path


def _evaluate(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["evaluate", "model.onnx", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_json_is_one_object_with_every_figure(run: Run) -> None:
    result = _evaluate("--data", "few.npz", "--json", "--quick")
    assert result.stderr == ""
    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    expected = {key: value for key, value in encode(run.evaluation).items() if value}
    assert {key: record[key] for key in expected} == expected | {"data": "few.npz"}
    assert record["model"] == "model.onnx"
    with Image.open(record["mistakes_picture"]) as image:
        assert image.format == "PNG"


def test_quiet_prints_the_accuracy_alone(run: Run) -> None:
    result = _evaluate("--data", "few.npz", "--quiet", "--mistakes", "m.png")
    assert result.stdout == f"{100 * run.evaluation.accuracy:.2f} %\n"
    assert Path("m.png").exists()
    assert not Path("mistakes.png").exists()


def test_people_get_figures_a_table_and_the_picture(run: Run) -> None:
    text = _evaluate("--data", "few.npz").stdout
    right = 60 - len(run.evaluation.mistakes)
    assert "model.onnx on few.npz (test split): loss " in text
    assert f"({right} of 60; 95 % interval " in text
    assert "Misclassified, most confident first: mistakes.png" in text
    rows = [line.split() for line in text.splitlines()]
    counts = run.evaluation.digits.confusion.tolist()
    for digit, row in enumerate(counts):
        shown = ["·" if not n and i != digit else str(n) for i, n in enumerate(row)]
        assert [str(digit), *shown] in [cells[:11] for cells in rows]


@pytest.mark.parametrize(("split", "count"), [("train", 300), ("test", 60), ("all", 360)])
def test_a_part_can_be_asked_for(split: str, count: int) -> None:
    record = json.loads(
        _evaluate("--data", "few.npz", "--split", split, "--json", "--quick").stdout
    )
    assert (record["split"], record["count"]) == (split, count)


def test_mistakes_are_told_and_nothing_is_written(own_folder: Path) -> None:
    np.savez("large.npz", images=np.zeros((3, 28, 28), np.uint8), labels=[1, 2, 3])
    np.savez("bare.npz", images=np.zeros((3, 8, 8), np.uint8))
    before = sorted(own_folder.iterdir())
    with pytest.raises(ModelError, match=r"takes uint8 pictures of shape \(n, 8, 8\)"):
        _evaluate("--data", "large.npz")
    with pytest.raises(DataError, match="has no labels"):
        _evaluate("--data", "bare.npz")
    with pytest.raises(ModelError, match=r"few\.npz: not a model file"):
        CliRunner().invoke(app, ["evaluate", "few.npz", "--data", "digits"], catch_exceptions=False)
    assert _evaluate().exit_code == 2  # without --data
    assert _evaluate("--data", "few.npz", "--split", "half").exit_code == 2
    assert sorted(own_folder.iterdir()) == before


# Everything else: the report, another model, other data


def test_the_report_is_one_page_and_the_next_one_knows_the_last() -> None:
    options = ("--data", "few.npz", "--report", "report.html", "--quick")
    text = _evaluate(*options).stdout
    assert "Out-of-distribution detection (AUROC): noise " in text
    assert "Report: report.html" in text
    assert "on 60 images" in Path("report.html").read_text()
    again = _evaluate(*options, "--against", "model.onnx").stdout
    assert "The same as when this model file was last measured on this data" in again
    assert "both classify the very same images correctly" in again


def test_json_has_all_of_it_unless_it_is_to_be_quick() -> None:
    record = json.loads(_evaluate("--data", "few.npz", "--json").stdout)
    assert 0 < record["corruptions"]["mean_corruption_accuracy"] < 1
    assert len(record["sweeps"]) == 4
    quick = json.loads(_evaluate("--data", "few.npz", "--json", "--quick").stdout)
    assert quick["corruptions"] is None
    assert quick["previous"]["same_model"] is True
    for each in (record, quick):
        assert {kind["kind"] for kind in each["out_of_distribution"]} >= {"noise", "letters"}
        assert each["cost"]["multiply_adds"] > 0
        assert [found["target"] for found in each["coverage"]] == [0.999, 0.995, 0.99]


def test_a_model_folder_that_cannot_be_written_costs_only_what_is_kept_there() -> None:
    Path("mistakes.png").mkdir()
    result = _evaluate("--data", "few.npz")
    assert result.exit_code == 0
    assert "accuracy " in result.stdout
    assert "Misclassified, most confident first" not in result.stdout
    assert "Not kept beside the model: mistakes.png: is a folder" in result.stderr
    record = json.loads(_evaluate("--data", "few.npz", "--json", "--quick").stdout)
    assert record["mistakes_picture"] is None


def test_pictures_that_it_learned_from_are_told() -> None:
    text = _evaluate("--data", "few.npz", "--split", "train", "--quick").stdout
    assert "The model learned from images among these" in text
    assert "learned" not in _evaluate("--data", "few.npz", "--quick").stdout


def test_several_data_sets_give_one_table(few: Splits) -> None:
    np.savez("more.npz", images=few.train.images, labels=few.train.targets)
    both = ("--data", "few.npz", "--data", "more.npz", "--quick")
    text = _evaluate(*both).stdout
    rows = [line.split() for line in text.splitlines() if ".npz" in line and "%" in line]
    assert ["few.npz", "test", "60"] in [row[:3] for row in rows]
    assert ["more.npz", "all", "300"] in [row[:3] for row in rows]
    record = json.loads(_evaluate(*both, "--json").stdout)
    assert [row["count"] for row in record["test_sets"]] == [60, 300]
    assert record["test_sets"][0]["accuracy"] == record["accuracy"]


def test_things_of_ones_own_that_are_no_digits(few: Splits) -> None:
    np.savez("marks.npz", images=255 - few.train.images[:50])
    text = _evaluate("--data", "few.npz", "--non-digits", "marks.npz", "--quick").stdout
    assert "marks.npz (own) 0." in text


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--report", "gone/report.html"], TenfoldError, r"gone/report\.html: cannot be written"),
        (["--report", "."], TenfoldError, "is a folder"),
        (["--mistakes", "gone/m.png"], TenfoldError, r"gone/m\.png: cannot be written"),
        (["--against", "few.npz"], ModelError, r"few\.npz: not a model file"),
        (["--non-digits", "gone"], UsageError, "gone: no such folder"),
        (["--data", "gone.npz"], UsageError, r"'gone\.npz' is neither"),
        (["--data", "large.npz"], ModelError, r"takes uint8 pictures of shape \(n, 8, 8\)"),
        (["--data", "bare.npz"], DataError, r"bare\.npz has no labels"),
        (["--data", "bad.csv"], DataError, r"bad\.csv:2: needs a file and one digit"),
    ],
)
def test_wishes_that_cannot_be_met_are_told_first(
    arguments: list[str],
    error: type[TenfoldError],
    message: str,
    own_folder: Path,
) -> None:
    np.savez("large.npz", images=np.zeros((3, 28, 28), np.uint8), labels=[1, 2, 3])
    np.savez("bare.npz", images=np.zeros((3, 8, 8), np.uint8))
    Path("bad.csv").write_text("file,label\none.png,x\n")
    before = sorted(own_folder.iterdir())
    with pytest.raises(error, match=message):
        _evaluate("--data", "few.npz", *arguments)
    assert sorted(own_folder.iterdir()) == before


def test_the_old_name_of_a_flag_is_taken_with_a_hint(few: Splits) -> None:
    np.savez("marks.npz", images=255 - few.train.images[:50])
    result = _evaluate("--data", "few.npz", "--not-digits", "marks.npz", "--quick")
    assert "marks.npz (own) 0." in result.stdout
    assert "--not-digits is called --non-digits now" in result.stderr
    assert "--not-digits" not in CliRunner().invoke(app, ["evaluate", "--help"]).stdout


def _bundled(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", "bundled", *arguments], catch_exceptions=False)


@pytest.fixture
def bar() -> None:
    """A picture of a 1."""
    pixels = np.full((60, 40), 255, np.uint8)
    pixels[10:50, 18:23] = 0
    Image.fromarray(pixels).save("one.png")


@pytest.mark.usefixtures("bar")
def test_tables_of_images_have_a_report_a_comparison_and_neighbours() -> None:
    Path("labels.csv").write_text("file,label\none.png,1\n")
    Path("other.csv").write_text("file,label\none.png,1\none.png,7\n")
    options = ["--data", "labels.csv", "--data", "other.csv", "--report", "report.html"]
    text = _bundled(*options, "--against", "bundled").stdout
    assert "both classify the very same images correctly" in text
    rows = [line.split() for line in text.splitlines() if ".csv" in line and "%" in line]
    assert [row[:4] for row in rows] == [
        ["labels.csv", "all", "1", "100.00"],
        ["other.csv", "all", "2", "50.00"],
    ]
    page = Path("report.html").read_text()
    assert "character error rate" in page
    assert "The same model on other test sets" in page


@pytest.mark.usefixtures("bar")
def test_a_table_may_stand_beside_digits() -> None:
    Path("labels.csv").write_text("file,label\none.png,1\n")
    pixels = np.zeros((2, 28, 28), np.uint8)
    np.savez("large.npz", images=pixels, labels=[1, 2])
    record = json.loads(
        _bundled("--data", "large.npz", "--data", "labels.csv", "--quick", "--json").stdout
    )
    assert [row["count"] for row in record["test_sets"]] == [2, 1]
    assert record["test_sets"][1]["mean_over_sources"] == 1
    assert _bundled("--data", "labels.csv", "--quiet").stdout == "100.00 %\n"


@pytest.mark.usefixtures("bar")
def test_what_no_test_set_takes_is_told() -> None:
    Path("labels.csv").write_text("file,label\none.png,1\n")
    np.savez("large.npz", images=np.zeros((2, 28, 28), np.uint8), labels=[1, 2])
    for option in (["--split", "train"], ["--as-is"], ["--quick"], ["--non-digits", "large.npz"]):
        with pytest.raises(UsageError, match=rf"^{option[0]} is for data sets and does nothing"):
            _bundled("--data", "labels.csv", *option)
    for option in (["--layout", "digit"], ["--min-confidence", "0.5"]):
        with pytest.raises(UsageError, match=rf"^{option[0]} is for tables of images"):
            _bundled("--data", "large.npz", *option)
    both = _bundled("--data", "labels.csv", "--data", "large.npz", "--layout", "digit")
    assert both.exit_code == 0
    with pytest.raises(UsageError, match="--non-digits is for data sets"):  # of the first alone
        _bundled("--data", "labels.csv", "--data", "large.npz", "--non-digits", "large.npz")


@pytest.mark.usefixtures("bar")
def test_a_table_of_images_says_how_much_is_wrong_among_the_surest() -> None:
    Path("labels.csv").write_text("file,label\none.png,1\none.png,7\ngone.png,2\n")
    arguments = ["evaluate", "bundled", "--data", "labels.csv", "--mistakes", "m.png"]
    text = CliRunner().invoke(app, arguments).stdout
    rows = [line.split() for line in text.splitlines()]
    assert ["25", "%", "2", "1", "50.00", "%"] in [row[:6] for row in rows]
    assert ["100", "%", "3", "2", "66.67", "%", "0.00", "%"] in rows
    assert max(map(len, text.splitlines())) <= 120
    record = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    found = [(risk["coverage"], risk["count"], risk["wrong"]) for risk in record["risk"]]
    assert found == [(0.25, 2, 1), (0.5, 2, 1), (0.75, 3, 2), (0.9, 3, 2), (1.0, 3, 2)]


@pytest.mark.parametrize("option", ["--report", "--mistakes"])
def test_no_file_of_others_is_overwritten(option: str) -> None:
    mine = Path("mine.png")
    mine.write_text("mine")
    with pytest.raises(
        TenfoldError, match=r"mine\.png: already exists and is not known to be tenfold's"
    ):
        _evaluate("--data", "few.npz", "--quick", option, str(mine))
    assert mine.read_text() == "mine"
    for force in (["--force"], []):  # then over its own
        assert _evaluate("--data", "few.npz", "--quick", option, str(mine), *force).exit_code == 0


def test_mistakes_of_others_beside_the_model_are_kept_and_told() -> None:
    Path("mistakes.png").write_text("mine")
    result = _evaluate("--data", "few.npz", "--quick")
    assert result.exit_code == 0
    assert "Not kept beside the model: mistakes.png: already exists" in result.stderr
    assert Path("mistakes.png").read_text() == "mine"


def test_hostile_names_reach_no_terminal() -> None:
    name = "\x1b[31m\n.npz"
    shutil.copy("few.npz", name)
    shown = r"\x1b[31m\n.npz"
    for others in ([], ["--data", name]):
        result = _evaluate("--data", name, *others, "--mistakes", "\x1b.png", "--quick")
        assert "\x1b" not in result.stdout + result.stderr
        assert f"model.onnx on {shown}" in result.stdout
