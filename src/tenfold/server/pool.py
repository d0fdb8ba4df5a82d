"""The processes that read, and the queue before them; the processes are anyio's.

As many requests are read at once as there are processes, a bounded number waits in turn, and who
comes then is told at once to try again. A process that takes too long or dies is replaced; the
request it worked on gets an answer, and no other one notices.
"""

from __future__ import annotations

import asyncio
import os
import sys

from anyio import BrokenWorkerProcess, CapacityLimiter, fail_after, to_process

from tenfold.server.problems import ProblemError
from tenfold.server.settings import Settings
from tenfold.server.worker import Answer, Limits, Task, answer, get_ready

RETRY_SECONDS = 1.0
# One thread each: the processes share the cores out among themselves.
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Pool:
    """Processes for one model; made and used within one event loop.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    ready : int
        How many processes have the model open.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        model = str(settings.model) if settings.model else None
        self._limits = Limits(model, settings.megapixels, settings.batch)
        self._turns = CapacityLimiter(settings.reads)
        # A turn is what is waited for; anyio's own limit is then never reached.
        self._processes = CapacityLimiter(settings.reads)
        self._inside = 0
        self._replacing: set[asyncio.Task[None]] = set()
        self.ready = 0

    def use(self, model: str | None) -> None:
        """Read with another model from the next request on; processes open it when first asked."""
        self._limits = self._limits._replace(model=model, version=self._limits.version + 1)

    @property
    def running(self) -> int:
        """How many requests are being read."""
        return min(self._inside, self._settings.reads)

    @property
    def waiting(self) -> int:
        """How many requests wait for a process."""
        return self._inside - self.running

    async def start(self) -> None:
        """Start all processes and wait until they can read."""
        os.environ.update(THREADS)  # theirs; this process has its libraries loaded already
        to_process.WORKER_MAX_IDLE_TIME = sys.maxsize  # a model once opened stays open
        # All at once: who finds no idle process starts one, so that in the end there are enough.
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.reads):
                group.create_task(self._one_ready())
        self.ready = self._settings.reads

    async def _one_ready(self) -> None:
        async with self._turns:
            await to_process.run_sync(get_ready, self._limits, limiter=self._processes)

    async def run(self, task: Task) -> Answer:
        """Have a process answer a task.

        Raises
        ------
        ProblemError
            503 where too many wait or it takes too long, 500 where the process died of it.
        """
        seconds = self._settings.seconds
        if self._inside >= self._settings.reads + self._settings.queue:
            raise ProblemError(
                503, "Too many requests at once. Try again in a second.", {"Retry-After": "1"}
            )
        self._inside += 1
        try:
            with fail_after(seconds):
                async with self._turns:
                    return await self._ask(task)
        except TimeoutError:
            raise ProblemError(
                503,
                f"Not done within {seconds:g} seconds. Try again, or send a smaller picture.",
                {"Retry-After": "5"},
            ) from None
        except BrokenWorkerProcess as error:
            raise ProblemError(500, "The reader broke down on this picture.") from error
        finally:
            self._inside -= 1

    async def _ask(self, task: Task) -> Answer:
        try:
            return await to_process.run_sync(
                answer, self._limits, task, cancellable=True, limiter=self._processes
            )
        except BaseException:  # a timeout, its death: anyio has killed it
            self.ready -= 1
            replacing = asyncio.create_task(self._replace())
            self._replacing.add(replacing)
            replacing.add_done_callback(self._replacing.discard)
            raise

    async def _replace(self) -> None:
        while True:
            try:
                return await self.start()
            except* (BrokenWorkerProcess, OSError):
                await asyncio.sleep(RETRY_SECONDS)

    def stop(self) -> None:
        """Replace nobody any more; the processes end with the event loop."""
        for replacing in self._replacing:
            replacing.cancel()
