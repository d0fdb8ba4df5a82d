"""The loop that the finder and the line recogniser are trained with.

Pictures are composed as they are needed, by processes of their own, and never seen twice. The loop
is the usual one: a batch, the loss, its gradient, a step of AdamW, a moving average of the weights,
which is what is kept. Everything that it takes to go on is saved every few minutes.
"""

from __future__ import annotations

import gc
import math
import multiprocessing as mp
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full
from typing import Any, Protocol

import cv2
import torch
from torch import Tensor, nn

from tenfold.errors import TrainingError
from tenfold.training.pages.checkpoint import Position, restore, save

AHEAD = 12  # batches that wait for the network
TOLD_EVERY = 100  # steps
RECENT = 0.98  # of a shown figure stays from step to step
LEFT_OUT = 100  # steps in a row without a finite gradient: nothing will come of this run
PATIENCE = 10.0  # seconds between looks at whether the other process is still there


class Task(Protocol):
    """What is learned: how batches are drawn, and what a network's answer to one costs."""

    def batches(self, seed: int) -> Iterator[Any]:
        """Draw batches for ever; runs in a process of its own."""

    def loss(self, network: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and figures to print."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast.

    Examples
    --------
    >>> schedule = Schedule(steps=1000, rate=0.01, warmup=100)
    >>> [round(schedule.rate_at(step), 4) for step in (0, 99, 550, 1000)]
    [0.0001, 0.01, 0.005, 0.0001]
    """

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


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; figures are means over the last steps, seconds those of training."""

    step: int
    steps: int
    seconds: float
    rate: float
    loss: float
    figures: dict[str, float]
    waiting: int = 0  # batches that are ready

    def to_dict(self) -> dict[str, float]:
        """Return the figures by name, ready for JSON."""
        plain = {"step": self.step, "steps": self.steps, "seconds": self.seconds}
        return plain | {"rate": self.rate, "loss": self.loss} | self.figures

    def __str__(self) -> str:
        shown = "  ".join(f"{name} {value:.4f}" for name, value in self.figures.items())
        return (
            f"step {self.step:,} of {self.steps:,}  {self.seconds:.0f} s  {shown}  "
            f"waiting {self.waiting}"
        )


def _unheard(_: Progress) -> None:
    """Tell nobody."""


def fit(
    task: Task,
    network: nn.Module,
    schedule: Schedule,
    checkpoint: Path,
    seed: int = 0,
    report: Callable[[Progress], None] = print,
    on_step: Callable[[Progress], None] = _unheard,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train until the last step and leave the averaged weights in the network.

    Goes on from the checkpoint if there is one.

    Parameters
    ----------
    task : Task
    network : torch.nn.Module
    schedule : Schedule
    checkpoint : Path
        Where the run's state is kept.
    seed : int
        Decides what is composed.
    report, on_step : callable
        Told where the run stands, every hundred steps and every step.
    stop : callable
        Asked after every step; once true, the run is saved and ends.

    Returns
    -------
    bool
        Whether it came to its end; the network is then in evaluation mode.

    Raises
    ------
    TrainingError
        If the checkpoint cannot be taken up, no gradient is finite, or nothing is composed any
        more.
    """
    torch.set_num_threads(schedule.threads)
    torch.manual_seed(seed)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), schedule.rate, weight_decay=schedule.decay)
    average = {key: value.clone() for key, value in network.state_dict().items()}
    at = restore(checkpoint, network, optimizer, average)
    step, started, saved_at, lost = at.step, time.monotonic(), time.monotonic(), 0
    recent: dict[str, float] = {}
    with _composing(task, schedule.workers, seed, step) as take:
        while step < schedule.steps:
            rate = schedule.rate_at(step)
            for group in optimizer.param_groups:
                group["lr"] = rate
            network.train()
            batch, waiting = take()
            loss, figures = task.loss(network, batch, step)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            norm = nn.utils.clip_grad_norm_(network.parameters(), schedule.clip)
            step += 1
            lost = 0 if torch.isfinite(norm) else lost + 1
            if not lost:
                optimizer.step()
                _follow(average, network, min(schedule.average, (1 + step) / (10 + step)))
                for name, value in {"loss": loss.item(), **figures}.items():
                    recent[name] = RECENT * recent.get(name, value) + (1 - RECENT) * value
            elif lost == LEFT_OUT:
                raise TrainingError(
                    f"the loss is no number since step {step - LEFT_OUT:,}. "
                    f"Try a smaller rate: tenfold train --set rate={schedule.rate / 10:g}"
                )
            seconds = at.seconds + time.monotonic() - started
            figures = dict(recent)
            mean = figures.pop("loss", math.nan)
            progress = Progress(step, schedule.steps, seconds, rate, mean, figures, waiting)
            on_step(progress)
            if step % TOLD_EVERY == 0 or step == schedule.steps:
                report(progress)
            halt = step == schedule.steps or stop()
            if halt or time.monotonic() - saved_at > schedule.save_every:
                save(checkpoint, network, optimizer, average, Position(step, seconds))
                saved_at = time.monotonic()
            if halt and step < schedule.steps:
                return False
    network.load_state_dict(average)
    network.eval()
    return True


def _follow(average: dict[str, Tensor], network: nn.Module, keep: float) -> None:
    for key, value in network.state_dict().items():
        if value.is_floating_point():
            average[key].lerp_(value, 1 - keep)
        else:
            average[key] = value.clone()


@contextmanager
def _composing(
    task: Task, count: int, seed: int, step: int
) -> Iterator[Callable[[], tuple[Any, int]]]:
    """Let processes compose; give what takes the next batch and says how many more wait."""
    linux = sys.platform == "linux"
    context = mp.get_context("fork") if linux else mp.get_context("spawn")
    queue: mp.Queue[Any] = context.Queue(AHEAD)
    workers = []
    # OpenCV's threads end here: a process that is forked would wait for them for ever.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    for number in range(count):
        own = hash((seed, step, number)) % 2**31
        worker = context.Process(target=_draw, args=(task, queue, own, os.getpid()), daemon=True)
        with warnings.catch_warnings(), _no_collection():
            # Newer Pythons warn of forking beside threads; a worker runs none of torch's code.
            warnings.simplefilter("ignore", DeprecationWarning)
            worker.start()
        workers.append(worker)

    def take() -> tuple[Any, int]:
        while True:
            try:
                batch = queue.get(timeout=PATIENCE)
            except Empty:
                if all(worker.is_alive() for worker in workers):
                    continue
                raise TrainingError(
                    "a process that composes pages has ended. Look above for why; if memory was "
                    "short, take fewer: tenfold train --set workers=1."
                ) from None
            return batch, _size(queue)

    try:
        yield take
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()
        queue.close()
        cv2.setNumThreads(threads)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage: what a forked process inherits may wait for threads that it has not."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _size(queue: mp.Queue[Any]) -> int:
    try:
        return queue.qsize()
    except NotImplementedError:  # macOS cannot say
        return 0


def _draw(task: Task, queue: mp.Queue[Any], seed: int, parent: int) -> None:
    """Compose for as long as the process that wants it is there."""
    gc.freeze()  # a network of ONNX Runtime's among the garbage would wait for its threads for ever
    gc.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that trains
    queue.cancel_join_thread()
    if hasattr(os, "nice"):
        os.nice(2)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    for batch in task.batches(seed):
        while os.getppid() == parent:
            try:
                queue.put(batch, timeout=PATIENCE)
                break
            except Full:
                continue
        else:
            return
