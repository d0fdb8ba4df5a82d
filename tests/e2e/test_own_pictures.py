"""A person's own pictures, from a folder to a model that reads such pictures."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tenfold.data.splits import Splits


def _tenfold(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tenfold", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def mine(few: Splits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred small photographs of different sizes, in folders 0 to 9; ten are kept apart."""
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(3)
    for row in range(210):
        height = int(rng.integers(36, 64))
        digit = cv2.resize(few.train.images[row], (height, height), interpolation=cv2.INTER_CUBIC)
        ink = np.clip((digit.astype(float) - 90) / 80, 0, 1)
        page = np.pad(ink, [(int(rng.integers(6, 20)), int(rng.integers(6, 20))) for _ in "yx"])
        pixels = (225 - 165 * page + rng.normal(0, 2, page.shape)).clip(0, 255).astype(np.uint8)
        name = "new" if row >= 200 else f"mine/{few.train.targets[row]}"
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name / f"{row}.png")
    return folder


@pytest.mark.slow
def test_from_a_folder_of_photographs_to_a_model_that_reads_them(mine: Path, few: Splits) -> None:
    quick = ["--set", "network.channels=[8,16]", "--set", "network.depth=1", "--set", "epochs=24"]
    run = _tenfold("train", "--data", "mine", "--out", "run", "--set", "folds=2", *quick, cwd=mine)
    assert "mine: 200 images of" in run.stderr
    assert "framed as the reader frames them" in run.stderr
    assert "Chosen for 160 images: recipe mnist, batch 32, 24 epochs" in run.stderr
    assert "Validation accuracy" in run.stdout
    result = json.loads((mine / "run" / "result.json").read_text())
    assert result["validation"]["count"] == 160
    assert result["validation"]["accuracy"] > 0.6
    assert result["test_accuracy"] > 0.6
    measured = _tenfold("evaluate", "run/model.onnx", "--data", "mine", "--quiet", cwd=mine)
    assert float(measured.stdout.strip().rstrip(" %")) == pytest.approx(
        100 * result["test_accuracy"], abs=0.1
    )
    read = _tenfold(
        "read", "new", "--model", "run/model.onnx", "--layout", "digit", "--json", cwd=mine
    )
    texts = {Path(r["file"]).stem: r["text"] for r in map(json.loads, read.stdout.splitlines())}
    assert sum(texts[str(row)] == str(few.train.targets[row]) for row in range(200, 210)) >= 7
    _tenfold("predict", "run/model.onnx", "--data", "new", "--out", "new.csv", cwd=mine)
    with (mine / "new.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["file", "label"]
    assert [name for name, _ in rows[1:]] == [f"{row}.png" for row in range(200, 210)]
