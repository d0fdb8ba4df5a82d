"""Processes that work, each of which may die or hang: a task each, and what became of it.

The processes are pebble's. One that dies costs the task it worked on and is replaced; should pebble
itself give up, because a process died between two tasks, all of it is started again and no task is
lost.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

from tenfold.errors import TenfoldError

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 3  # tasks that wait for each process
STARTING = 300.0  # seconds in which a process must take up a task
MOST_BROKEN = 5  # times in a row that all of them may end with nothing done


class Died(Exception):  # noqa: N818 (nobody raises it: it is an outcome)
    """A process died of a task.

    Parameters
    ----------
    code : int or None
        Its exit code; a negative one is the signal that ended it.
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(f"exit code {code}" if code is None or code >= 0 else f"signal {-code}")
        self.code = code


class Workers(Generic[T, R]):
    """Some processes; give them tasks by `submit`, take back what became of one by `take`.

    Parameters
    ----------
    count : int
        How many.
    work : callable
        What is done with a task, in a process; a function of a module.
    prepare : callable
        What makes a process ready, as ``work`` is.
    arguments : tuple
        Of ``prepare``.
    seconds : float, optional
        That a task may take; None for no limit.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[T], R],
        *,
        prepare: Callable[..., None],
        arguments: tuple[Any, ...] = (),
        seconds: float | None = None,
    ) -> None:
        self.count = max(1, count)
        self._work, self._prepare, self._arguments = work, prepare, arguments
        self._seconds = seconds
        self._running: dict[Future[R], T] = {}
        self._broken = 0
        self._pool: Any = None

    def __enter__(self) -> Workers[T, R]:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> int:
        """How many tasks were submitted and not taken back."""
        return len(self._running)

    @property
    def hungry(self) -> bool:
        """Whether another task should be submitted, lest a process wait for one."""
        return self.running < self.count * AHEAD

    def start(self) -> None:
        """Start the processes now, before there is a task."""
        if self._pool is None:
            self._pool = self._start()
        self._pool.active  # noqa: B018 (asking starts them)

    def submit(self, task: T) -> None:
        """Give a task to whichever process is free first."""
        if self._pool is None:
            self._pool = self._start()
        try:
            future = self._pool.schedule(self._work, args=(task,), timeout=self._seconds)
        except RuntimeError:  # it gave up meanwhile
            self._start_again([task])
        else:
            self._running[future] = task

    def take(self) -> tuple[T, R | Exception]:
        """Wait for a task that is done, and return it with its outcome.

        An outcome is what ``work`` returned, the exception that it raised, `Died`, or TimeoutError.

        Raises
        ------
        TenfoldError
            If processes keep ending before they do anything.
        CancelledError
            If there is no task, or no longer: `stop` was called meanwhile.
        """
        while True:
            if not self._running:
                raise CancelledError
            done, _ = wait(self._running, STARTING, FIRST_COMPLETED)
            if not done:
                if not any(future.running() for future in self._running):
                    self._start_again([])
                continue
            future = done.pop()
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                self._start_again([])
                continue
            task = self._running.pop(future)
            self._broken = 0
            return task, future.result() if error is None else _outcome(error)

    def _start(self) -> Any:
        from pebble import ProcessPool

        context = get_context("spawn")  # the networks' threads do not outlive a fork
        return ProcessPool(
            self.count, context=context, initializer=self._prepare, initargs=self._arguments
        )

    def stop(self) -> None:
        """End the processes, whatever they do; what they were given is forgotten."""
        for future in self._running:
            future.cancel()
        self._running = {}
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    def _start_again(self, more: list[T]) -> None:
        """Start all processes anew, with the tasks that were not done."""
        self._broken += 1
        if self._broken > MOST_BROKEN:
            raise TenfoldError(
                "the processes that read keep ending before they do anything. "
                "There may be too little memory: use fewer of them."
            )
        done = {future: task for future, task in self._running.items() if _is_done(future)}
        tasks = [task for future, task in self._running.items() if future not in done] + more
        self.stop()
        self._running = done
        for task in tasks:
            self.submit(task)


def _is_done(future: Future[Any]) -> bool:
    """Whether a future has an outcome of its own, not that of the pool."""
    return (
        future.done()
        and not future.cancelled()
        and not isinstance(future.exception(), BrokenProcessPool)
    )


def _outcome(error: BaseException) -> Exception:
    from pebble import ProcessExpired

    if isinstance(error, ProcessExpired):
        return Died(error.exitcode)
    return error if isinstance(error, Exception) else Died(None)
