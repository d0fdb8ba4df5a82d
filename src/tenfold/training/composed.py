"""The loop that the finder and the line recogniser are trained with.

Pictures are composed as they are needed, by processes of their own, and never seen twice. The loop
is the usual one: a batch, the loss, its gradient, a step of AdamW, a moving average of the weights,
which is what is kept. Everything that it takes to go on is saved every few minutes.
"""

from __future__ import annotations

import math
import multiprocessing as mp
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tenfold.files import write_whole

AHEAD = 12  # batches that wait for the network


class Task(Protocol):
    """What is learned: how batches are drawn, and what a network's answer to one costs."""

    def batches(self, seed: int) -> Iterator[Any]:
        """Draw batches for ever; runs in a process of its own."""

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and figures to print."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast."""

    steps: int
    rate: float
    warmup: int = 200
    decay: float = 0.02
    average: float = 0.999
    clip: float = 5.0
    workers: int = 1
    threads: int = 1
    save_every: float = 120.0  # seconds

    def rate_at(self, step: int) -> float:
        """Rise linearly, then fall along half a cosine to a hundredth."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.rate * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, done))))


def fit(
    task: Task,
    network: nn.Module,
    schedule: Schedule,
    checkpoint: Path,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> nn.Module:
    """Train until the last step and leave the averaged weights in the network.

    Goes on from the checkpoint if there is one.
    """
    torch.set_num_threads(schedule.threads)
    torch.manual_seed(seed)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), schedule.rate, weight_decay=schedule.decay)
    average = {key: value.clone() for key, value in network.state_dict().items()}
    step = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        average, step = saved["average"], int(saved["step"])
        report(f"going on from step {step:,}")
    queue: mp.Queue[Any] = mp.get_context("fork").Queue(AHEAD)
    workers = [
        mp.get_context("fork").Process(target=_draw, args=(task, queue, hash((seed, step, n)) % 2**31), daemon=True)
        for n in range(schedule.workers)
    ]
    for worker in workers:
        worker.start()
    started = saved_at = time.monotonic()
    recent: dict[str, float] = {}
    try:
        while step < schedule.steps:
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate_at(step)
            network.train()
            loss, figures = task.loss(network, queue.get())
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(network.parameters(), schedule.clip)
            step += 1
            if not torch.isfinite(norm):
                continue
            optimizer.step()
            _follow(average, network, min(schedule.average, (1 + step) / (10 + step)))
            for name, value in figures.items():
                recent[name] = 0.98 * recent.get(name, value) + 0.02 * value
            if step % 100 == 0:
                shown = "  ".join(f"{name} {value:.4f}" for name, value in recent.items())
                report(f"step {step:,} of {schedule.steps:,}  {time.monotonic() - started:.0f} s  {shown}  waiting {queue.qsize()}")
            if time.monotonic() - saved_at > schedule.save_every or step == schedule.steps:
                save(checkpoint, network, optimizer, average, step)
                saved_at = time.monotonic()
    finally:
        for worker in workers:
            worker.terminate()
    network.load_state_dict(average)
    return network.eval()


def save(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, average: dict[str, Tensor], step: int
) -> None:
    """Write everything that it takes to go on, whole or not at all."""
    import io

    buffer = io.BytesIO()
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "average": average, "step": step}
    torch.save(state, buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue())


def _follow(average: dict[str, Tensor], network: nn.Module, keep: float) -> None:
    for key, value in network.state_dict().items():
        if value.is_floating_point():
            average[key].lerp_(value, 1 - keep)
        else:
            average[key] = value.clone()


def _draw(task: Task, queue: mp.Queue[Any], seed: int) -> None:
    import cv2

    os.nice(2)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    for batch in task.batches(seed):
        queue.put(batch)


def unit(inputs: int, outputs: int, stride: int | tuple[int, int] = 1, size: int = 3, dilation: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, dilation * (size // 2), dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = unit(width, width, dilation=dilation)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        return torch.relu(x + self.second(self.first(x)))
