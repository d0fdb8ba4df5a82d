"""Work spread over processes of this machine, that ends with whoever asked for it.

Workers leave Ctrl-C to the process that started them, which asks them to stop; should that one be
killed, they end by themselves within a second.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import Any, TypeVar

import torch

from tenfold.errors import TrainingError

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")
Stop = Callable[[], bool]

LOOK = 0.2  # seconds between two questions whether to stop

_shared: Any = None
_asked: Event | None = None


def in_processes(
    function: Callable[[Shared, Task, Stop], Result],
    shared: Shared,
    tasks: Sequence[Task],
    count: int,
    stop: Stop = lambda: False,
) -> Iterator[tuple[int, Result]]:
    """Yield the number of each task with what the function made of it, as they end.

    Parameters
    ----------
    function : callable
        Of a module, so that other processes find it; takes what is shared, a task, and what to ask
        whether to stop.
    shared : object
        What all tasks need; it travels once to each process.
    tasks : sequence
    count : int
        Processes; each gets its share of the cores.
    stop : callable
        Asked five times a second; once true, running tasks are asked to stop and others not begun.

    Raises
    ------
    TrainingError
        If a process dies. What the function raises is raised here.
    """
    context = multiprocessing.get_context("spawn")  # torch's threads do not outlive a fork
    asked = context.Event()
    cores = max(1, (os.cpu_count() or 1) // count)
    start = (shared, asked, cores, os.getpid())
    with ProcessPoolExecutor(count, context, _start, start) as pool:
        numbers = {pool.submit(_run, function, task): n for n, task in enumerate(tasks)}
        waiting = set(numbers)
        try:
            while waiting:
                done, waiting = wait(waiting, LOOK, FIRST_COMPLETED)
                if stop() and not asked.is_set():
                    asked.set()
                    waiting = {future for future in waiting if not future.cancel()}
                for future in sorted(done, key=lambda each: numbers[each]):
                    yield numbers[future], future.result()
        except BrokenProcessPool as error:
            raise TrainingError(
                "a process that trained was ended from outside, perhaps for lack of memory. "
                "Take fewer --processes."
            ) from error
        finally:
            asked.set()
            pool.shutdown(cancel_futures=True)


def _start(shared: object, asked: Event, cores: int, parent: int) -> None:
    """Make a worker ready."""
    global _shared, _asked
    _shared, _asked = shared, asked
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(cores)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _run(function: Callable[[Any, Task, Stop], Result], task: Task) -> Result:
    if _asked is None:
        raise RuntimeError("not in a worker")
    return function(_shared, task, _asked.is_set)
