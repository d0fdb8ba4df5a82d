from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_tutorial_measures_what_runs_and_says_why_the_rest_does_not(tmp_path: Path) -> None:
    (tmp_path / "keras-jax").write_text("in the way")  # no virtual environment can be made here
    out = tmp_path / "results" / "tutorial.json"
    shared = ("--epochs=2", "--rounds=1", "--seeds=0", f"--venvs={tmp_path}", f"--out={out}")
    done = _run("tutorial.py", *shared, "--only", "tenfold", "keras-jax")
    assert done.returncode == 0, done.stderr
    ours, jax = json.loads(out.read_text())["contenders"]
    assert ours["ratio_to_tenfold"] == 1
    assert len(ours["seconds"]) == 1
    assert 0.1 < ours["test_accuracy"][0] <= 1
    assert jax["problem"].startswith("could not be installed: ")
    assert "scaled to 150" in done.stdout


def test_tutorial_refuses_a_single_epoch() -> None:
    done = _run("tutorial.py", "--epochs=1")
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
def test_records_spans_sittings_and_refuses_other_settings(tmp_path: Path) -> None:
    recipe, out = tmp_path / "tiny.toml", tmp_path / "results" / "tiny.json"
    recipe.write_text(TINY)
    broken_off = tmp_path / "runs" / "tiny-0"
    broken_off.mkdir(parents=True)
    (broken_off / "run.json").write_text("{")
    given = (str(recipe), f"--runs={tmp_path / 'runs'}", f"--out={out}", "--extra")
    assert _run("records.py", *given, "--seeds=1").returncode == 0
    first = json.loads(out.read_text())
    done = _run("records.py", *given, "--seeds=2")
    assert done.returncode == 0, done.stderr
    assert "seed 0:" not in done.stderr
    record = json.loads(out.read_text())
    assert record["seeds"][0] == first["seeds"][0]
    assert [seed["seed"] for seed in record["seeds"]] == [0, 1]
    each = [seed["test_accuracy"] for seed in record["seeds"]]
    assert min(each) > 0.5
    assert record["accuracy"]["mean"] == pytest.approx(sum(each) / 2)
    assert len(record["extra"]["shifts"]) == 2
    assert abs(record["extra"]["ensemble"] - record["accuracy"]["mean"]) < 0.05
    assert record["wall_seconds"]["median"] > record["train_seconds"]["median"]
    recipe.write_text(TINY.replace("1000", "500"))
    refused = _run("records.py", *given, "--seeds=3")
    assert refused.returncode == 1
    assert "seeds of other settings" in refused.stderr
    out.unlink()  # what it advises; the run folder of the old settings is still there
    refused = _run("records.py", *given, "--seeds=1")
    assert refused.returncode == 1
    assert "tiny-0: a run of other settings" in refused.stderr


@needs_mnist
@pytest.mark.slow
def test_inference_measures_the_model_file_and_its_int8_version(tmp_path: Path) -> None:
    out = tmp_path / "inference.json"
    done = _run("inference.py", "--rounds=1", "--only=tenfold", f"--out={out}")
    assert done.returncode == 0, done.stderr
    record = json.loads(out.read_text())
    assert {each["cores"] for each in record["contenders"]} == {1, 2}
    assert record["int8"]["bytes_int8"] < record["int8"]["bytes"] / 2
    assert abs(record["int8"]["accuracy"] - record["int8"]["accuracy_int8"]) < 0.005


def test_shifting_moves_the_picture_and_brings_paper_in() -> None:
    code = (
        "import numpy as np; from records import shifted; a = np.arange(1, 10).reshape(1, 3, 3);"
        "print(shifted(a, 1, 0).tolist(), shifted(a, 0, -1).tolist())"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=BENCHMARKS)
    down, left = "[[[0, 0, 0], [1, 2, 3], [4, 5, 6]]]", "[[[2, 3, 0], [5, 6, 0], [8, 9, 0]]]"
    assert done.stdout.strip() == f"{down} {left}"


def test_reading_counts_digits_alone_and_every_source_alike() -> None:
    code = """
from reading_tables import Answer, Picture, figures
from tenfold.evaluation.metrics.text import digits_of
def picture(file, label, seen=None):
    return Picture(file, file, file.split("/")[0], "", label, seen or label)
print(digits_of("12.30-\\n\\nno 7 8"))
pictures = [picture("a/1", "1|2"), picture("a/2", "3", "5"), picture("b/1", "")]
answers = [Answer("1|2", 1, 0.9), Answer("5", 1, 0.8), Answer("", 1, 0.0, "Error: no")]
found = figures(pictures, answers)
print(found["labelled"]["right"], found["labelled"]["right_by_source"], found["exceptions"])
print(found["corrected"]["right_by_source"], found["labelled"]["characters_wrong"])
print(found["corrected"]["surest_half_wrong"], found["corrections"])
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=BENCHMARKS)
    assert done.stdout.splitlines() == [
        "1230|78",
        f"{1 / 3} 0.25 1",
        "0.5 0.25",
        "0.0 1",
    ]


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
    command = [sys.executable, str(BENCHMARKS / "reading.py"), "--part=numbers", "--limit=3"]
    command += ["--processes=1", f"--failures={tmp_path / 'wrong'}"]
    environment = os.environ | {"TENFOLD_DATA": str(tmp_path / "data")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "33.3%" in done.stdout
    assert "1 of 2" in done.stdout  # of the kind that has a name
    table = (tmp_path / "wrong" / "failures.csv").read_text().splitlines()
    assert sorted(line.split(",")[1] for line in table[1:]) == ["n1/broken.png", "n1/wrong.png"]
    assert any("numbers,n1/wrong.png,9,9,25," in line for line in table)
    assert (tmp_path / "wrong" / "numbers-1.png").exists()
    unknown = _run("reading.py", "--part=letters")
    assert unknown.returncode == 2
    assert "none of real, numbers, car_a, cases" in unknown.stderr
