from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

import common

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = sorted((BENCHMARKS / "results").glob("*.json"))
SCHEMA = {
    "schema": int,
    "question": str,
    "command": str,
    "date": str,
    "machine": dict,
    "versions": dict,
    "setting": dict,
    "results": dict,
}


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _in_benchmarks(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=BENCHMARKS)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _figures(out: Path) -> Any:
    """Open a result file, which must follow the schema, and return what is measured."""
    common.load_result(out)
    record = json.loads(out.read_text())
    assert {key: type(value) for key, value in record.items()} == SCHEMA
    return record["results"]


def test_there_are_result_files() -> None:
    assert len(RESULTS) > 10


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_file_follows_the_schema_and_belongs_to_a_script(path: Path) -> None:
    common.load_result(path)
    record = json.loads(path.read_text())
    assert {key: type(value) for key, value in record.items()} == SCHEMA
    script = BENCHMARKS / Path(record["command"].split()[1]).name
    assert path.stem.startswith(script.stem)
    doc = ast.get_docstring(ast.parse(script.read_text())) or ""
    assert record["question"] == doc.partition("\n")[0]
    assert f"results/{script.stem}" in doc.replace("\n", " ").replace("- ", "-")


@pytest.mark.parametrize(
    "broken",
    [
        {"schema": 2},
        {"date": "yesterday"},
        {"command": "make bench"},
        {"results": {}},
        {"machine": {"processor": "?", "cores": "2", "system": "?", "python": "?"}},
        {"benchmark": "one key more"},
    ],
    ids=lambda broken: next(iter(broken)),
)
def test_what_breaks_the_schema_is_refused(broken: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(json.loads(RESULTS[0].read_text()) | broken))
    with pytest.raises(ValidationError, match="1 validation error"):
        common.load_result(path)


def test_a_result_comes_back_from_its_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["anywhere/fuzz.py", "--keep", "a folder"])
    found = {"accuracies": (1, 0.1 + 0.2), "by_cores": {1: None}}
    result = common.new_result("How?\n\nSo.", ["numpy"], {"rounds": 3}, found)
    common.write_result(tmp_path / "results" / "new.json", result)
    assert common.load_result(tmp_path / "results" / "new.json") == result
    assert result.question == "How?"
    assert result.command == "python benchmarks/fuzz.py --keep 'a folder'"
    assert result.results == {"accuracies": [1, 0.1 + 0.2], "by_cores": {"1": None}}
    assert result.machine.cores == len(os.sched_getaffinity(0))
    assert str(result.machine.cores) + " cores" not in result.machine.processor
    with pytest.raises(ValueError, match="Out of range float"):
        common.new_result("How?", [], {}, {"accuracy": float("nan")})


def test_the_table_of_benchmarks_names_every_script_and_every_result_file() -> None:
    page = (BENCHMARKS / "README.md").read_text()
    scripts = [path.name for path in BENCHMARKS.glob("*.py")]
    assert [name for name in scripts if f"`{name}`" not in page] == []
    asking = {json.loads(path.read_text())["command"].split()[1] for path in RESULTS}
    assert [script for script in asking if f"`{Path(script).name}`" not in page] == []


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.stem)
def test_no_benchmark_is_longer_than_a_person_reads(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.slow
def test_tutorial_measures_what_runs_and_says_why_the_rest_does_not(tmp_path: Path) -> None:
    (tmp_path / "keras-jax").write_text("in the way")  # no virtual environment can be made here
    out = tmp_path / "results" / "tutorial.json"
    shared = ("--epochs=2", "--rounds=1", "--seeds=0", f"--venvs={tmp_path}", f"--out={out}")
    done = _run("time_of_tutorial.py", *shared, "--only", "tenfold", "keras-jax")
    assert done.returncode == 0, done.stderr
    ours, jax = _figures(out)["contenders"]
    assert ours["ratio_to_tenfold"] == 1
    assert len(ours["seconds"]) == 1
    assert 0.1 < ours["test_accuracy"][0] <= 1
    assert jax["problem"].startswith("could not be installed: ")
    assert "scaled to 150" in done.stdout


def test_tutorial_refuses_a_single_epoch() -> None:
    done = _run("time_of_tutorial.py", "--epochs=1")
    assert done.returncode == 2
    assert "--epochs must be at least 2" in done.stderr


TINY = """
epochs = 1
batch = 1000
validation = 0.0
threads = 1
[network]
name = "linear"
"""
needs_mnist = pytest.mark.skipif(
    "TENFOLD_DATA" not in os.environ, reason="needs MNIST: TENFOLD_DATA names no folder"
)


@needs_mnist
@pytest.mark.slow
def test_accuracy_of_recipes_spans_sittings_and_refuses_other_settings(tmp_path: Path) -> None:
    recipe, out = tmp_path / "tiny.toml", tmp_path / "results" / "tiny.json"
    recipe.write_text(TINY)
    broken_off = tmp_path / "runs" / "tiny-0"
    broken_off.mkdir(parents=True)
    (broken_off / "run.json").write_text("{")
    given = (str(recipe), f"--runs={tmp_path / 'runs'}", f"--out={out}", "--extra")
    assert _run("accuracy_of_recipes.py", *given, "--seeds=1").returncode == 0
    first = _figures(out)
    done = _run("accuracy_of_recipes.py", *given, "--seeds=2")
    assert done.returncode == 0, done.stderr
    assert "seed 0:" not in done.stderr
    record = _figures(out)
    assert record["seeds"][0] == first["seeds"][0]
    assert [seed["seed"] for seed in record["seeds"]] == [0, 1]
    each = [seed["test_accuracy"] for seed in record["seeds"]]
    assert min(each) > 0.5
    assert record["accuracy"]["mean"] == pytest.approx(sum(each) / 2)
    assert len(record["extra"]["shifts"]) == 2
    assert abs(record["extra"]["ensemble"] - record["accuracy"]["mean"]) < 0.05
    assert record["wall_seconds"]["median"] > record["train_seconds"]["median"]
    recipe.write_text(TINY.replace("1000", "500"))
    refused = _run("accuracy_of_recipes.py", *given, "--seeds=3")
    assert refused.returncode == 1
    assert "seeds of other settings" in refused.stderr
    out.unlink()  # what it advises; the run folder of the old settings is still there
    refused = _run("accuracy_of_recipes.py", *given, "--seeds=1")
    assert refused.returncode == 1
    assert "tiny-0: a run of other settings" in refused.stderr


@needs_mnist
@pytest.mark.slow
def test_speed_of_prediction_measures_the_model_file_and_its_int8_version(tmp_path: Path) -> None:
    out = tmp_path / "inference.json"
    done = _run("speed_of_prediction.py", "--rounds=1", "--only=tenfold", f"--out={out}")
    assert done.returncode == 0, done.stderr
    record = _figures(out)
    assert {each["cores"] for each in record["contenders"]} == {1, 2}
    assert record["int8"]["bytes_int8"] < record["int8"]["bytes"] / 2
    assert abs(record["int8"]["accuracy"] - record["int8"]["accuracy_int8"]) < 0.005


def test_shifting_moves_the_picture_and_brings_paper_in() -> None:
    code = (
        "import numpy as np; from accuracy_of_recipes import shifted; "
        "a = np.arange(1, 10).reshape(1, 3, 3); "
        "print(shifted(a, 1, 0).tolist(), shifted(a, 0, -1).tolist())"
    )
    said = _in_benchmarks(code)
    down, left = "[[[0, 0, 0], [1, 2, 3], [4, 5, 6]]]", "[[[2, 3, 0], [5, 6, 0], [8, 9, 0]]]"
    assert said.strip() == f"{down} {left}"


def test_reading_counts_digits_alone_and_every_source_alike() -> None:
    code = """
from pathlib import Path
from picture_tables import Answer, Picture, figures
from tenfold.evaluation.metrics.text import digits_of
from tenfold.evaluation.test_sets import ImageRow
def picture(file, label, seen=None):
    source = file.split("/")[0]
    return Picture(ImageRow(Path(file), label, source, False), file, source, "", seen or label)
print(digits_of("12.30-\\n\\nno 7 8"))
pictures = [picture("a/1", "1|2"), picture("a/2", "3", "5"), picture("b/1", "")]
answers = [Answer("1|2", 1, 0.9), Answer("5", 1, 0.8), Answer("", 1, 0.0, "Error: no")]
found = figures(pictures, answers)
print(found["labelled"]["right"], found["labelled"]["right_by_source"], found["exceptions"])
print(found["corrected"]["right_by_source"], found["labelled"]["character_error_rate"])
print(found["labelled"]["mean_character_error_rate"])
print(found["corrected"]["surest_half_wrong"], found["corrections"])
"""
    assert _in_benchmarks(code).splitlines() == [
        "1230|78",
        f"{1 / 3} 0.25 1",
        "0.5 0.25",
        "0.125",
        "0.0 1",
    ]


def test_benchmark_and_command_score_by_the_same_measures() -> None:
    code = """
import json
from pathlib import Path
from picture_tables import Answer, Picture, figures
from tenfold.evaluation.test_sets import ImageRow
from tenfold.evaluation.transcription import Transcript, summarise
shown = {"a/1": ("1|2", "1|2"), "a/2": ("307", "37"), "b/1": ("45", "4511"), "b/2": ("", "6")}
rows = [ImageRow(Path(file), true, file[0], False) for file, (true, _) in shown.items()]
read = [text for _, text in shown.values()]
pictures = [Picture(row, str(row.file), row.source, "", row.truth) for row in rows]
found = figures(pictures, [Answer(text, 1.0, 0.5) for text in read])["labelled"]
command = summarise([Transcript(row, text, 0.5, 1, 0) for row, text in zip(rows, read)])
names = ("character_error_rate", "mean_character_error_rate", "mean_over_sources")
print(json.dumps([found[name] for name in (*names[:2], "right_by_source")]))
print(json.dumps([getattr(command, name) for name in names]))
"""
    benchmark, command = map(json.loads, _in_benchmarks(code).splitlines())
    assert benchmark == command
    assert benchmark == pytest.approx([4 / 8, (1 / 6 + 3 / 2) / 2, 0.25])


@pytest.mark.slow
def test_reading_measures_a_table_and_shows_what_was_wrong(
    hand: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "numbers"
    (folder / "n1").mkdir(parents=True)
    Image.fromarray(hand.write("407", seed=1)).save(folder / "n1" / "right.png")
    Image.fromarray(hand.write("25", seed=2)).save(folder / "n1" / "wrong.png")
    (folder / "n1" / "broken.png").write_bytes(b"no picture")
    rows = ("file,truth,kind", "n1/right.png,407,photo", "n1/wrong.png,9,photo", "n1/broken.png,1,")
    (folder / "labels.csv").write_text("\n".join(rows))
    command = [sys.executable, str(BENCHMARKS / "reading_pictures.py"), "--part=numbers"]
    out = tmp_path / "results.json"
    before = (BENCHMARKS / "results" / "reading_pictures.json").read_text()
    out.write_text(before)
    command += ["--processes=1", f"--failures={tmp_path / 'wrong'}", f"--out={out}"]
    environment = os.environ | {"TENFOLD_DATA": str(tmp_path / "data")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "33.3%" in done.stdout
    held, found = json.loads(before)["results"]["tenfold"], _figures(out)["tenfold"]
    assert (found["cases"], found["car_a, auto"]) == (held["cases"], held["car_a, auto"])
    assert found["numbers"]["pictures"] == 3
    assert found["numbers"]["exceptions"] == 1
    first_look = [*command, "--limit=1", f"--failures={tmp_path / 'look'}"]
    written = out.read_bytes()
    subprocess.run(first_look, capture_output=True, check=True, env=environment)
    assert out.read_bytes() == written
    assert "1 of 2" in done.stdout  # of the kind that has a name
    table = (tmp_path / "wrong" / "failures.csv").read_text().splitlines()
    assert sorted(line.split(",")[1] for line in table[1:]) == ["n1/broken.png", "n1/wrong.png"]
    assert any("numbers,n1/wrong.png,9,9,25," in line for line in table)
    assert (tmp_path / "wrong" / "numbers-1.png").exists()
    unknown = _run("reading_pictures.py", "--part=letters")
    assert unknown.returncode == 2
    assert "none of real, numbers, car_a, cases" in unknown.stderr
