from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
