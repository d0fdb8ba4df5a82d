"""Real processes, really killed: whatever ends them, a resumed run ends with the same weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from tenfold.data.splits import Splits
from tenfold.model import load_model
from tenfold.training.result import Run
from tenfold.training.run import train

SETTINGS = {
    "epochs": 6,
    "batch": 10,
    "threads": 1,
    "validation": 0.05,
    "ema": 0.95,
    "network.channels": [4, 8],
    "network.dropout": 0.2,
}
STEPS = 6 * 29  # of the 300 digits, 15 are held out
PATIENCE = 300  # seconds, on a machine with much else to do
CHECKPOINT = "checkpoint.safetensors"
EVERY_STEP = ("--checkpoint-every", "0")


@pytest.fixture(scope="module")
def data(write_npz: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred digits in a file, for another process to read."""
    return write_npz(tmp_path_factory.mktemp("data") / "few.npz")


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run that nobody interrupted."""
    return train(data, "digits", settings=SETTINGS, out=tmp_path_factory.mktemp("whole"))


def _start(out: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tenfold", "train", "--out", str(out), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def _begin(out: Path, data: Path) -> subprocess.Popen[str]:
    changes = [f"--set={key}={json.dumps(value)}" for key, value in SETTINGS.items()]
    return _start(out, "--data", str(data), "--recipe", "digits", *EVERY_STEP, *changes)


def _finish(out: Path) -> None:
    process = _start(out, "--resume")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def _step(out: Path) -> int:
    """Where the last checkpoint stands; -1 without one."""
    try:
        content = (out / CHECKPOINT).read_bytes()
    except FileNotFoundError:
        return -1
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    step: int = json.loads(header["__metadata__"]["position"])["step"]
    return step


def _wait_for_step(process: subprocess.Popen[str], out: Path, step: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _step(out) < step:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.001)


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def _assert_same_outcome(out: Path, whole: Run, images: NDArray[np.uint8]) -> None:
    saved, expected = load_file(out / CHECKPOINT), load_file(whole.folder / CHECKPOINT)
    assert saved.keys() == expected.keys()
    for name in saved:
        np.testing.assert_array_equal(saved[name], expected[name], err_msg=name)
    weights, others = (
        {tensor.name: tensor.raw_data for tensor in onnx.load(path).graph.initializer}
        for path in (out / "model.onnx", whole.model)
    )
    assert weights == others
    logits, expected_logits = (
        load_model(path, threads=1).predict_logits(images)
        for path in (out / "model.onnx", whole.model)
    )
    np.testing.assert_array_equal(logits, expected_logits)
    assert _losses(out) == _losses(whole.folder)


def _losses(folder: Path) -> list[tuple[int, float, float]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [(line["epoch"], line["loss"], line["validation_loss"]) for line in lines]


@pytest.mark.slow
def test_killed_again_and_again_and_resumed_a_run_ends_with_the_same_weights(
    data: Path, whole: Run, few: Splits, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = _begin(out, data)
    while not (out / "run.json").exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.0005)
    _kill(process)  # before the first checkpoint: the run starts over
    process = _start(out, "--resume", *EVERY_STEP)
    _wait_for_step(process, out, 1)  # as soon as there is anything to go on from
    _kill(process)
    delay = np.random.default_rng().uniform(0, 0.3)
    process, before = _start(out, "--resume", *EVERY_STEP), _step(out)
    _wait_for_step(process, out, before + 1)
    time.sleep(delay)  # and at a moment nobody chose
    _kill(process)
    assert before < _step(out) < STEPS, f"killed after {delay} s"
    process = _start(out, "--resume")
    _wait_for_step(process, out, STEPS)  # trained, but not yet exported
    _kill(process)
    assert not (out / "result.json").exists()
    _finish(out)
    _assert_same_outcome(out, whole, few.test.images)


@pytest.mark.slow
def test_nobody_takes_a_run_up_beside_it_and_ctrl_c_stops_it_after_the_step(
    data: Path, whole: Run, few: Splits, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = _begin(out, data)
    _wait_for_step(process, out, 40)
    process.send_signal(signal.SIGSTOP)  # so that it cannot end meanwhile
    second = _start(out, "--resume")
    told = f"Error: {out}: a run is going on here. Wait until it ends, or stop it first."
    assert second.communicate(timeout=PATIENCE)[1].splitlines()[-1] == told
    assert second.returncode == 2
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert output == ""
    assert "Traceback" not in errors
    step = _step(out)
    assert 40 <= step < STEPS
    assert f"Stopped after step {step} of {STEPS}; everything is saved." in errors
    assert f"tenfold train --resume --out {out}" in errors
    assert not (out / "model.onnx").exists()
    _finish(out)
    _assert_same_outcome(out, whole, few.test.images)
