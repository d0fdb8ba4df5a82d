from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tenfold.data.splits import Splits
from tenfold.evaluation.evaluate import SECTIONS, evaluate, measure_table
from tenfold.evaluation.history import FILE, digest, remember
from tenfold.evaluation.metrics.coverage import Coverage
from tenfold.evaluation.report.card import model_card
from tenfold.evaluation.test_sets import ImageRow, ImageTable
from tenfold.evaluation.transcription import Transcript
from tenfold.model import Model
from tenfold.training.result import Run


def test_a_card_tells_what_was_measured(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    content = run.model.read_bytes()
    found = evaluate(run.model, few.test, sections=SECTIONS)
    remember(tmp_path, few.test, found, digest(content))
    card = model_card(model.info, content, tmp_path, "mine.onnx")
    assert "\n---\n\n# Model card: mine.onnx\n" in card
    low, high = run.evaluation.interval
    right = f"{100 * run.evaluation.accuracy:.2f} % | {100 * low:.2f}–{100 * high:.2f} %"
    assert f"| digits, test split | 60 | {right} |" in card
    assert "| rotation varied | from -15 to 15 |" in card
    assert digest(content) in card
    assert "## Limits" in card
    assert "| letters | 1,000 | " in card
    assert "Low accuracy under corruption, mean over five severities: " in card
    assert "| too few images to say |" in card  # of what can be read at 99.9 %
    assert "not measured" not in card
    tables = [line for line in card.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_another_files_figures_are_left_out(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    content = run.model.read_bytes()
    remember(tmp_path, few.test, evaluate(model, few.test), "other")
    card = model_card(model.info, content, tmp_path, "mine.onnx")
    assert " on 60 test images when it was trained (95 % interval " in card
    assert "were not measured" in card
    assert card == model_card(model.info, content, None, "mine.onnx")


def test_a_plain_evaluation_makes_a_card_that_says_what_is_missing(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    content = run.model.read_bytes()
    found = evaluate(model, few.test)
    remember(tmp_path, few.test, found, digest(content))
    assert "| not measured |" in model_card(model.info, content, tmp_path, "m")


def test_a_file_that_says_little_gets_a_card_that_says_so(model: Model) -> None:
    bare = replace(model.info, recipe="no toml", results={}, versions={}, data_fingerprint="")
    card = model_card(bare, b"", None, "bare")
    assert "Not measured." in card
    assert "| recipe | unnamed, random seed 0 |" in card
    assert "| versions | unknown |" in card
    assert "None" not in card


def test_a_share_without_a_person_has_its_interval(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    content = run.model.read_bytes()
    coverage = Coverage(0.999, 0.9931, 0.6168, 9931, 9, (0.9983, 0.9995))
    found = replace(evaluate(model, few.test), coverage=(coverage,))
    remember(tmp_path, few.test, found, digest(content))
    card = model_card(model.info, content, tmp_path, "m")
    assert "| 99.3 % (99.83–99.95 %) |" in card


def test_a_table_of_images_is_on_the_card_too(run: Run, model: Model, tmp_path: Path) -> None:
    row = ImageRow(tmp_path / "a.png", "12", ".", single=False)
    table = ImageTable("labels.csv", (row,))
    found = measure_table([Transcript(row, "12", 0.9, 2, 0)], table)
    content = run.model.read_bytes()
    remember(tmp_path, table, found, digest(content))
    card = model_card(model.info, content, tmp_path, "m")
    assert "| labels.csv, all split | 1 | 100.00 % |" in card
    assert "None" not in card


def test_records_of_another_version_are_counted_and_left_out(
    run: Run, model: Model, few: Splits, tmp_path: Path
) -> None:
    content = run.model.read_bytes()
    remember(tmp_path, few.test, evaluate(model, few.test), digest(content))
    file = tmp_path / FILE
    (record,) = json.loads(file.read_text())
    alone = model_card(model.info, content, tmp_path, "m")
    assert "another version" not in alone
    older = [
        record | {"coverage": 0.97},  # a share, as of tables before
        {"not_digits": [], "model_sha256": digest(content)},
        {key: value for key, value in record.items() if key != "split"} | {"part": "test"},
    ]
    file.write_text(json.dumps([*older, record]))
    card = model_card(model.info, content, tmp_path, "m")
    line = "- 3 evaluations beside this file were written by another version of tenfold"
    assert line in card
    assert [each for each in card.splitlines() if not each.startswith("- 3 ev")] == (
        alone.splitlines()
    )
