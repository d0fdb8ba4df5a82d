from __future__ import annotations

import gc
import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tenfold.errors import TrainingError
from tenfold.training.pages import loop
from tenfold.training.pages.checkpoint import Position, restore, save
from tenfold.training.pages.loop import Progress, Schedule, fit

QUICK = Schedule(steps=12, rate=0.05, warmup=2, average=0.5)


class Line:
    """Learn 2x − 1 from points that a process draws."""

    def batches(self, seed: int) -> Iterator[NDArray[np.float32]]:
        rng = np.random.default_rng(seed)
        while True:
            yield rng.uniform(-1, 1, (16, 1)).astype(np.float32)

    def loss(self, network: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, float]]:
        x = torch.from_numpy(batch)
        loss = (network(x[:, :, None, None])[:, :, 0, 0] - (2 * x - 1)).pow(2).mean()
        return loss, {"error": loss.item(), "at": float(step)}


class Lost(Line):
    def loss(self, network: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, float]]:
        return super().loss(network, batch, step)[0] * float("nan"), {}


class Dead(Line):
    def batches(self, seed: int) -> Iterator[NDArray[np.float32]]:  # noqa: ARG002
        yield np.zeros((16, 1), np.float32)
        os.kill(os.getpid(), signal.SIGKILL)


def _network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))


def _fit(path: Path, schedule: Schedule = QUICK, **more: Any) -> tuple[nn.Module, list[Progress]]:
    network, told = _network(), list[Progress]()
    with torch.random.fork_rng():
        fit(Line(), network, schedule, path, on_step=told.append, **more)
    return network, told


def _same(one: nn.Module, two: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_rate_rises_and_falls_to_a_hundredth() -> None:
    schedule = Schedule(100, 1.0, warmup=10)
    rates = [schedule.rate_at(step) for step in range(101)]
    assert rates[9] == pytest.approx(1)
    assert max(rates) <= 1
    assert rates[-1] == pytest.approx(0.01)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_loss_falls_and_a_seed_gives_the_same_network(tmp_path: Path) -> None:
    reports: list[Progress] = []
    one, told = _fit(tmp_path / "one", report=reports.append)
    two, _ = _fit(tmp_path / "two")
    assert _same(one, two)
    assert not one.training
    assert [progress.step for progress in told] == list(range(1, 13))
    assert told[-1].loss < told[0].loss
    assert reports[-1] is told[-1]
    assert reports[-1].figures["at"] < 12
    assert "step 12 of 12" in str(reports[-1])
    assert {"step", "steps", "seconds", "rate", "loss", "error"} <= reports[-1].to_dict().keys()


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path, steps = tmp_path / "checkpoint", iter(range(4, -1, -1))
    with torch.random.fork_rng():
        assert not fit(Line(), _network(), QUICK, path, stop=lambda: next(steps) == 0)
    network, optimizer, average = _state()
    assert restore(path, network, optimizer, average).step == 5
    _, told = _fit(path)
    assert told[0].step == 6
    assert told[0].seconds > 0
    _, more = _fit(path)  # a run that has ended gives its network again
    assert not more


def _state() -> tuple[nn.Module, torch.optim.Optimizer, dict[str, Tensor]]:
    network = _network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    return network, optimizer, average


def _stepped() -> tuple[nn.Module, torch.optim.Optimizer, dict[str, Tensor]]:
    network, optimizer, average = _state()
    for _ in range(3):
        optimizer.zero_grad()
        network(torch.randn(4, 1, 3, 3)).pow(2).mean().backward()
        optimizer.step()
    return network, optimizer, average


@pytest.mark.parametrize("written_by", ["tenfold", "torch"])
def test_what_was_saved_comes_back_to_the_bit(tmp_path: Path, written_by: str) -> None:
    network, optimizer, average = _stepped()
    path = tmp_path / "checkpoint.safetensors"
    if written_by == "tenfold":
        save(path, network, optimizer, average, Position(3, 1.5))
    else:  # as the first runs wrote it
        buffer = io.BytesIO()
        state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save(state | {"average": average, "step": 3}, buffer)
        path.write_bytes(buffer.getvalue())
    other, its_optimizer, its_average = _state()
    at = restore(path, other, its_optimizer, its_average)
    assert at == Position(3, 1.5 if written_by == "tenfold" else 0.0)
    assert _same(network, other)
    assert all(torch.equal(average[name], its_average[name]) for name in average)
    one, two = optimizer.state_dict()["state"], its_optimizer.state_dict()["state"]
    assert one.keys() == two.keys()
    for number in one:
        assert all(torch.equal(one[number][name], two[number][name]) for name in one[number])


@pytest.mark.parametrize("content", [b"", b"PK", b"\x08" + bytes(7) + b"{}      "])
def test_a_damaged_checkpoint_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="cannot be taken up again"):
        restore(path, *_state())


def test_a_checkpoint_of_another_network_is_told(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save(path, *_stepped(), Position(3))
    other = nn.Sequential(nn.Conv2d(1, 5, 1))
    with pytest.raises(TrainingError, match="cannot be taken up again"):
        restore(path, other, torch.optim.AdamW(other.parameters()), {})


def test_a_loss_that_is_no_number_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LEFT_OUT", 3)
    with torch.random.fork_rng(), pytest.raises(TrainingError, match=r"--set rate=0\.005"):
        fit(Lost(), _network(), QUICK, tmp_path / "checkpoint")


def test_a_composing_process_that_dies_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "PATIENCE", 0.2)
    with torch.random.fork_rng(), pytest.raises(TrainingError, match="process that composes"):
        fit(Dead(), _network(), QUICK, tmp_path / "checkpoint")


def test_a_composing_process_leaves_garbage_of_its_parent_alone(tmp_path: Path) -> None:
    here = os.getpid()

    class Threaded:
        """Waits for threads that a forked process has not, as networks of ONNX Runtime do."""

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            if os.getpid() != here:
                os._exit(1)

    class Collecting(Line):
        def batches(self, seed: int) -> Iterator[NDArray[np.float32]]:
            gc.collect()
            return super().batches(seed)

    gc.disable()
    try:
        Threaded()
        with torch.random.fork_rng():
            assert fit(Collecting(), _network(), QUICK, tmp_path / "checkpoint")
        assert not gc.isenabled()
    finally:
        gc.enable()
