"""The process that trains, spoken to as the server speaks to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

import numpy as np
import pytest
import torch
from tests.lab.conftest import Told
from torch.nn import functional

from tenfold.errors import TrainingError
from tenfold.lab.images import load
from tenfold.lab.worker import Pipe, _told, train

Start = Callable[[int], "Worker"]


class Worker:
    def __init__(self, megabytes: int) -> None:
        command = [sys.executable, "-m", "tenfold.lab.worker", str(megabytes)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin: IO[bytes] = self.process.stdin
        self.stdout: IO[bytes] = self.process.stdout
        self.weights = b""

    def run(self, **experiment: Any) -> list[dict[str, Any]]:
        """Hand over an experiment, and return all events."""
        self.stdin.write(json.dumps(experiment).encode() + b"\n")
        self.stdin.flush()
        return list(self.events())

    def events(self) -> Iterator[dict[str, Any]]:
        while line := self.stdout.readline():
            record = json.loads(line)
            if record["event"] == "weights":
                self.weights = self.stdout.read(record["bytes"])
                assert len(self.weights) == record["bytes"]
            yield record


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Worker] = []

    def begin(megabytes: int = 2000) -> Worker:
        started.append(Worker(megabytes))
        return started[-1]

    yield begin
    for worker in started:
        worker.process.kill()
        worker.process.wait()
        worker.stdin.close()
        worker.stdout.close()


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


def test_a_run_tells_its_epochs_its_weights_and_its_test_result(start: Start) -> None:
    worker = start(2000)
    events = worker.run(network="mlp", hidden=16, epochs=3, batch=32, optimizer="adam")
    assert [event["event"] for event in events][:3] == ["ready", "started", "weights"]
    assert events[-1]["event"] == "tested"
    (started,) = of(events, "started")
    assert started["parameters"] == 64 * 16 + 16 + 16 * 10 + 10
    assert started["steps"] == 3 * 44
    epochs = of(events, "epoch")
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3]
    # The last weights are those of the result: computed here, they predict what was told.
    numbers = torch.from_numpy(np.frombuffer(worker.weights, "<f4").copy())
    w1, b1, w2, b2 = torch.split(numbers, [1024, 16, 160, 10])
    _, validation, test = load("digits", 0)
    for part, told in ((validation, epochs[-1]["predicted"]), (test, events[-1]["predicted"])):
        x = torch.from_numpy(part.images).flatten(1).float() / 255
        hidden = functional.relu(functional.linear(x, w1.view(16, 64), b1))
        found = functional.linear(hidden, w2.view(10, 16), b2).argmax(dim=1)
        assert "".join(map(str, found.tolist())) == told
    right = [int(a) == b for a, b in zip(epochs[-1]["predicted"], validation.targets, strict=True)]
    assert epochs[-1]["validation_accuracy"] == pytest.approx(np.mean(right))


def test_batch_normalisation_is_part_of_the_weights() -> None:
    told = Told()
    job = {"network": "convnet", "channels": 4, "epochs": 1, "batch": 64, "optimizer": "adam"}
    train(cast("Pipe", told), job)
    numbers = torch.from_numpy(np.frombuffer(told.weights, "<f4").copy())
    w1, b1, w2, b2, w3, b3 = torch.split(numbers, [36, 4, 288, 8, 1280, 10])
    _, validation, _ = load("digits", 0)
    x = torch.from_numpy(validation.images).unsqueeze(1).float() / 255
    x = functional.max_pool2d(functional.conv2d(x, w1.view(4, 1, 3, 3), b1, padding=1).relu(), 2)
    x = functional.conv2d(x, w2.view(8, 4, 3, 3), b2, padding=1).relu().flatten(1)
    found = functional.linear(x, w3.view(10, 128), b3).argmax(dim=1)
    (epoch,) = told.of("epoch")
    same = [int(a) == b for a, b in zip(epoch["predicted"], found.tolist(), strict=True)]
    assert np.mean(same) >= 0.995  # a tie may fall either way


def test_a_run_too_large_for_its_memory_says_so() -> None:
    # The limit that the server would set, but set late: below what the run is about to ask for.
    code = (
        "import sys; from tenfold.lab import worker; import torch;"
        "worker.limit_memory(600); pipe = worker.Pipe();"
        "\ntry: torch.empty(10**9)"
        "\nexcept Exception as error: pipe.tell('failed', detail=worker._told(error)[0])"
        "\nworker.main()"  # it waits for an experiment, and ends with its standard input
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "600"], input=b"", capture_output=True, check=True, timeout=60
    )
    assert json.loads(done.stdout)["detail"].startswith("The run needed more memory")


def test_a_loss_that_is_no_number_is_explained() -> None:
    words, log = _told(TrainingError("the loss is no longer a number: tenfold train --set …"))
    assert "learning rate that is too high" in words
    assert "tenfold train" not in words  # there is no command line on the page
    assert log == ""


def test_a_fault_goes_to_the_log_and_not_to_the_page(start: Start) -> None:
    (failed,) = of(start(2000).run(network="no such network"), "failed")
    assert failed["detail"].startswith("The training broke down because of a fault in tenfold.")
    assert "ValidationError" in failed["log"]


def test_it_ends_with_its_server(start: Start) -> None:
    worker = start(2000)
    worker.stdin.write(b'{"epochs": 150}\n')
    worker.stdin.flush()
    for event in worker.events():
        if event["event"] == "weights":
            break
    worker.stdin.close()
    started = time.monotonic()
    worker.process.wait(20)
    assert time.monotonic() - started < 20
