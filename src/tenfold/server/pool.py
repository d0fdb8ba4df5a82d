"""The processes that read, and the queue before them.

As many requests are read at once as there are workers, a bounded number waits in turn, and who
comes then is told at once to try again. A worker that takes too long or dies is replaced; the
request it worked on gets an answer, and no other one notices.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from typing import cast

from tenfold.server.problems import ProblemError
from tenfold.server.settings import Settings
from tenfold.server.work import Answer, Task
from tenfold.server.worker import LENGTHS, pack

START_SECONDS = 60.0
STOP_SECONDS = 3.0
RETRY_SECONDS = 1.0
# One thread each: the workers share the cores out among themselves.
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(slots=True)
class Load:
    """How busy a pool is."""

    ready: int = 0
    running: int = 0
    waiting: int = 0


class _Worker:
    """One process and the pipes to it."""

    def __init__(self, process: Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, options: str) -> _Worker:
        command = [sys.executable, "-m", "tenfold.server.worker", options]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=os.environ | THREADS
        )
        worker = cls(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                await worker._receive()
        except BaseException:
            worker.kill()
            raise
        return worker

    async def ask(self, task: Task, body: bytes) -> tuple[Answer, bytes]:
        pipe = self.process.stdin
        if pipe is None:
            raise BrokenPipeError
        pipe.write(pack(task, body))
        await pipe.drain()
        return await self._receive()

    async def _receive(self) -> tuple[Answer, bytes]:
        pipe = self.process.stdout
        if pipe is None:
            raise BrokenPipeError
        head_length, body_length = LENGTHS.unpack(await pipe.readexactly(LENGTHS.size))
        content = await pipe.readexactly(head_length + body_length)
        return cast("Answer", json.loads(content[:head_length])), content[head_length:]

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    async def stop(self) -> None:
        """Let it end by itself, as its input ends."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.kill()
            await self.process.wait()


class Pool:
    """Workers for one model; made and used within one event loop.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._options = json.dumps(
            {
                "model": str(settings.model) if settings.model else None,
                "megapixels": settings.megapixels,
                "batch": settings.batch,
            }
        )
        # The worker that was idle for the shortest time has its caches warm.
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._workers: set[_Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.load = Load()

    async def start(self) -> None:
        """Start all workers and wait until they can read."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.reads):
                group.create_task(self._add())

    async def _add(self) -> None:
        worker = await _Worker.start(self._options)
        self._workers.add(worker)
        self.load.ready += 1
        self._idle.put_nowait(worker)

    async def run(self, task: Task, body: bytes) -> tuple[Answer, bytes]:
        """Have a worker answer a task.

        Raises
        ------
        ProblemError
            503 where too many wait or it takes too long, 500 where the worker died of it.
        """
        load, seconds = self.load, self._settings.seconds
        if self._idle.empty() and load.waiting >= self._settings.queue:
            raise ProblemError(503, "Too many requests at once. Try again in a second.", _retry(1))
        try:
            async with asyncio.timeout(seconds):
                load.waiting += 1
                try:
                    worker = await self._idle.get()
                finally:
                    load.waiting -= 1
                return await self._ask(worker, task, body)
        except TimeoutError:
            raise ProblemError(
                503,
                f"Not done within {seconds:g} seconds. Try again, or send a smaller picture.",
                _retry(5),
            ) from None

    async def _ask(self, worker: _Worker, task: Task, body: bytes) -> tuple[Answer, bytes]:
        self.load.running += 1
        try:
            answer = await worker.ask(task, body)
        except BaseException as error:  # a timeout, its death: its state is unknown, away with it
            self._replace(worker)
            if isinstance(error, OSError | asyncio.IncompleteReadError) and not isinstance(
                error, TimeoutError
            ):
                raise ProblemError(500, "The reader broke down on this picture.") from error
            raise
        finally:
            self.load.running -= 1
        self._idle.put_nowait(worker)
        return answer

    def _replace(self, worker: _Worker) -> None:
        worker.kill()
        self._workers.discard(worker)
        self.load.ready -= 1
        task = asyncio.create_task(self._start_again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start_again(self) -> None:
        while True:
            try:
                return await self._add()
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                await asyncio.sleep(RETRY_SECONDS)

    async def stop(self) -> None:
        """End all workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(worker.stop() for worker in self._workers))


def _retry(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
