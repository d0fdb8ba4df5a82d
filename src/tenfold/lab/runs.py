"""The runs of everybody who is on the page: few at once, each in a process that can be ended.

A process waits ahead of time with torch imported, so that a run begins when somebody asks for it.
What a run tells is kept in order, so that a page that lost its connection takes up where it was.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tenfold.lab.experiment import Experiment
from tenfold.server.problems import ProblemError

LINE = 1 << 20  # the longest event
GRACE = 10.0  # seconds for which a run goes on with nobody following it
READY_SECONDS = 300.0  # for torch to be imported, on a slow disk or a busy machine
KEPT = 12  # finished runs, for pages that fetch the end of one
HEARTBEAT = 15.0
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SLOW = "The training process was not ready in time: this machine is very busy. Try again."
DIED = "The training process ended unexpectedly, most likely for lack of memory. Try again."


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take.

    Parameters
    ----------
    at_once : int
        How many runs train at the same time; whoever comes next is told to wait.
    seconds : float
        Longest time a run may train.
    megabytes : int
        Most private memory of its process, in 10⁶ bytes.
    """

    at_once: int = 2
    seconds: float = 120.0
    megabytes: int = 2000


class Run:
    """One run: what it has told so far, its latest parameters, and whether it goes on.

    Parameters
    ----------
    session : str
        Whose it is: one page in one browser.
    """

    def __init__(self, session: str) -> None:
        self.name = secrets.token_urlsafe(16)  # who does not know it cannot ask for it
        self.session = session
        self.events: list[bytes] = []
        self.weights = b""
        self.ended = False
        self.followers = 0
        self.task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def tell(self, record: dict[str, Any]) -> None:
        """Add an event for all who follow."""
        self.events.append(json.dumps(record, separators=(",", ":")).encode())
        self._news.set()
        self._news = asyncio.Event()

    def end(self, state: str, detail: str = "") -> None:
        """Say how it ended, once."""
        if not self.ended:
            self.ended = True
            self.tell({"event": "end", "state": state, "detail": detail})

    async def follow(self, after: int) -> AsyncIterator[bytes]:
        """Yield server-sent events from number ``after`` on, until the run has ended."""
        self.followers += 1
        try:
            while True:
                while after < len(self.events):
                    yield b"id: %d\ndata: %s\n\n" % (after, self.events[after])
                    after += 1
                if self.ended:
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), HEARTBEAT)
                    continue
                yield b": still here\n\n"
        finally:
            self.followers -= 1


class Runs:
    """All runs, and the process that waits for the next.

    Parameters
    ----------
    limits : Limits
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._spare: asyncio.Task[Process] | None = None
        self._closed = False

    async def start(self) -> None:
        """Start the process that waits; raises OSError if there can be none."""
        self._spare = asyncio.create_task(self._process())
        await asyncio.shield(self._spare)

    def begin(self, session: str, experiment: Experiment) -> Run:
        """Start a run; an earlier one of the same session ends.

        Raises
        ------
        ProblemError
            503 if as many train as may.
        """
        for other in self._running():
            if other.session == session:
                self.cancel(other)
        running = len(self._running())
        if running >= self.limits.at_once:
            people = "person is" if running == 1 else "people are"
            raise ProblemError(
                503,
                f"{running} {people} training, as many as this lab allows at once. "
                "Try again in a few seconds.",
                {"Retry-After": "5"},
            )
        run = Run(session)
        self._runs[run.name] = run
        for old in [each for each in self._runs.values() if each.ended][:-KEPT]:
            del self._runs[old.name]
        spare, self._spare = self._spare, None
        run.task = asyncio.create_task(self._train(run, experiment, spare))
        self.watch(run)
        return run

    def find(self, name: str) -> Run:
        """Return a run by its name; raises ProblemError 404."""
        if name not in self._runs:
            raise ProblemError(404, "This run no longer exists. Train again.")
        return self._runs[name]

    def cancel(self, run: Run) -> None:
        """End a run now, unless it has ended."""
        if not run.ended:
            run.end("cancelled")
            if run.task is not None:
                run.task.cancel()

    def watch(self, run: Run) -> None:
        """End a run that nobody follows in some seconds; a page may come back until then."""

        def look() -> None:
            if not run.followers:
                self.cancel(run)

        asyncio.get_running_loop().call_later(GRACE, look)

    async def close(self) -> None:
        """End everything; who follows is told."""
        self._closed = True
        for run in self._running():
            self.cancel(run)
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._spare is not None:
            with suppress(OSError):
                await _end(await self._spare)

    def _running(self) -> list[Run]:
        return [run for run in self._runs.values() if not run.ended]

    async def _process(self) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tenfold.lab.worker", str(self.limits.megabytes),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=LINE,
            env=os.environ | THREADS,
            start_new_session=True,  # a Ctrl-C in the terminal is for the server alone
        )  # fmt: skip

    async def _train(
        self, run: Run, experiment: Experiment, spare: asyncio.Task[Process] | None
    ) -> None:
        process: Process | None = None
        try:
            process = await (spare or self._process())
            if process.returncode is not None:  # it died as it waited
                process = await self._process()
            if self.limits.at_once > 1:
                self._refill()
            await self._talk(run, process, experiment)
        except TimeoutError:
            run.end(
                "failed",
                f"Stopped after {self.limits.seconds:,g} seconds, the longest a run may take "
                "here. Choose fewer epochs, larger batches or a smaller network.",
            )
        except (OSError, asyncio.IncompleteReadError, ValueError):
            run.end("failed", DIED)
        finally:
            if process is not None:
                await _end(process)
            run.end("failed", DIED)
            self._refill()

    def _refill(self) -> None:
        """Have a process wait for the next run."""
        if self._spare is None and not self._closed:
            self._spare = asyncio.create_task(self._process())

    async def _talk(self, run: Run, process: Process, experiment: Experiment) -> None:
        """Hand the experiment over, and pass on what comes back."""
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        process.stdin.write(experiment.model_dump_json().encode() + b"\n")
        await process.stdin.drain()
        run.tell({"event": "waiting"})
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._pass_on(run, process.stdout, until="started")
        except TimeoutError:
            run.end("failed", SLOW)
            return
        async with asyncio.timeout(self.limits.seconds):
            await self._pass_on(run, process.stdout, until="tested")
        run.end("done")

    async def _pass_on(self, run: Run, pipe: asyncio.StreamReader, until: str) -> None:
        while line := await pipe.readline():
            record = json.loads(line)
            event = record["event"]
            if event == "failed":
                if record["log"]:
                    sys.stderr.write(record["log"])
                run.end("failed", record["detail"])
                return
            if event == "weights":
                run.weights = await pipe.readexactly(record["bytes"])
            if event != "ready":
                run.tell(record)
            if event == until:
                return
        raise OSError("the process has ended")


async def _end(process: Process) -> None:
    """Kill a process, unless it has ended, and wait until it is gone."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
