"""The main job as a person does it: train on scikit-learn's digits, then measure the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def _tenfold(*arguments: str, cwd: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tenfold", *arguments, "--json"],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_train_and_evaluate_with_no_options_at_all(tmp_path: Path) -> None:
    *epochs, done = _tenfold("train", cwd=tmp_path)
    assert epochs[-1]["epoch"] == epochs[-1]["epochs"] == len(epochs)
    assert (done["event"], done["recipe"], done["data"]) == ("done", "digits", "digits")
    assert done["test_count"] == 200
    assert done["test_accuracy"] >= 0.97  # 99 % in the mean; one seed may fall a little short
    (folder,) = (tmp_path / "runs").iterdir()
    assert tmp_path / done["model"] == folder / "model.onnx"
    (evaluation,) = _tenfold("evaluate", done["model"], "--data", "digits", cwd=tmp_path)
    assert evaluation["accuracy"] == done["test_accuracy"]
    assert evaluation["interval"] == done["test_interval"]
    assert evaluation["count"] == 200
