"""The code that the lab writes runs as it stands, and does what the lab does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tenfold.data.mnist import find_mnist
from tenfold.lab.code import code_of
from tenfold.lab.experiment import Experiment
from tenfold.lab.plan import plan

LOSSES = ("cross-entropy", "log-cosh", "mean-squared-error", "kl-divergence", "focal")
OPTIMIZERS = ("sgd", "rmsprop", "adam", "adamw")


def _run(code: str, folder: Path) -> str:
    (folder / "script.py").write_text(code, encoding="utf-8")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "KERAS_BACKEND": "torch"}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=False,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _accuracy(output: str, part: str) -> float:
    return float(re.findall(rf"{part} accuracy ([\d.]+)%", output)[0]) / 100


def _parameters(experiment: Experiment) -> int:
    return sum(layer.parameters for layer in plan(experiment))


CASES: list[dict[str, Any]] = [
    {"network": "mlp", "loss": "cross-entropy", "optimizer": "adam", "epochs": 8, "batch": 32},
    {"network": "convnet", "channels": 4, "loss": "focal", "optimizer": "adamw", "epochs": 4,
     "batch": 32, "learning_rate": 0.01},
    {"network": "linear", "loss": "kl-divergence", "optimizer": "sgd", "epochs": 8, "batch": 16,
     "learning_rate": 0.05, "scaled": True},
    {"network": "tutorial", "epochs": 2, "batch": 32},
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["network"]))
def test_pytorch_and_tenfold_learn_the_same(case: dict[str, Any], tmp_path: Path) -> None:
    experiment = Experiment(**case)
    code = code_of(experiment)
    output = _run(code["pytorch"], tmp_path)
    assert f"{_parameters(experiment):,} parameters" in output
    ours = _run(code["tenfold"], tmp_path)
    for part in ("validation", "test"):
        assert abs(_accuracy(output, part) - _accuracy(ours, part)) < 0.12
    assert _accuracy(output, "validation") > (0.4 if experiment.network == "tutorial" else 0.85)


def test_the_tenfold_code_repeats_the_labs_own_run(tmp_path: Path) -> None:
    experiment = Experiment(network="mlp", hidden=12, epochs=4, batch=32, optimizer="adam")
    command = [sys.executable, "-m", "tenfold.lab.worker", "2000"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        worker.stdin.write(experiment.model_dump_json().encode() + b"\n")
        worker.stdin.flush()
        assert worker.stdout is not None
        told = worker.stdout.read().decode("latin-1")
    last = re.findall(r'"validation_accuracy":([\d.]+)', told)[-1]
    output = _run(code_of(experiment)["tenfold"], tmp_path)
    assert _accuracy(output, "validation") == pytest.approx(float(last), abs=1e-4)


def test_the_broken_ones_are_broken_in_pytorch(tmp_path: Path) -> None:
    experiment = Experiment(
        swapped=True, shuffled=True, scaled=False, epochs=1, batch=64, optimizer="adam"
    )
    output = _run(code_of(experiment)["pytorch"], tmp_path)
    assert "251,018 parameters" in output
    assert _accuracy(output, "validation") < 0.35  # there is nothing to learn


def test_shuffled_labels_teach_tenfold_nothing(tmp_path: Path) -> None:
    experiment = Experiment(network="linear", shuffled=True, epochs=2, batch=64)
    output = _run(code_of(experiment)["tenfold"], tmp_path)
    assert _accuracy(output, "test") < 0.35


@pytest.mark.parametrize("swapped", [False, True])
def test_keras_builds_the_same_network(swapped: bool, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    experiment = Experiment(swapped=swapped, epochs=1, batch=128, optimizer="adam")
    output = _run(code_of(experiment)["keras"], tmp_path)
    assert f"Trainable params: {_parameters(experiment):,}" in re.sub(r"\x1b\[[\d;]*m", "", output)
    assert _accuracy(output, "test") > 0.1


def test_mnist_is_taken_as_the_lab_takes_it(tmp_path: Path) -> None:
    if find_mnist() is None:
        pytest.skip("needs MNIST: set TENFOLD_DATA")
    experiment = Experiment(
        data="mnist", images=1000, network="linear", epochs=2, batch=64, optimizer="adam",
        loss="cross-entropy", learning_rate=0.01,
    )  # fmt: skip
    code = code_of(experiment)
    found = [_accuracy(_run(code[name], tmp_path), "test") for name in ("tenfold", "pytorch")]
    assert min(found) > 0.6
    assert abs(found[0] - found[1]) < 0.1


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_choice_is_written_as_python(loss: str, optimizer: str) -> None:
    for network in ("linear", "mlp", "convnet", "tutorial"):
        experiment = Experiment.model_validate(
            {"network": network, "loss": loss, "optimizer": optimizer, "learning_rate": 2e-5}
        )
        for name, code in code_of(experiment).items():
            compile(code, name, "exec")
            assert "2e-05" in code


@pytest.mark.parametrize("loss", LOSSES)
def test_the_losses_written_are_tenfolds(loss: str) -> None:
    import torch
    from torch import nn

    from tenfold.training.losses import make_loss
    from tenfold.training.recipe_sections import Loss

    code = code_of(Experiment.model_validate({"loss": loss}))["pytorch"]
    (source,) = re.findall(r"^def loss_of.*?(?=\n\n)", code, re.DOTALL | re.MULTILINE)
    known: dict[str, Any] = {"nn": nn}
    exec(source, known)  # noqa: S102
    torch.manual_seed(0)
    logits, targets = torch.randn(6, 10), torch.eye(10)[torch.arange(6)]
    ours = make_loss(Loss.model_validate({"name": loss}))(logits, targets)
    assert torch.allclose(known["loss_of"](logits, targets), ours, atol=1e-6)
