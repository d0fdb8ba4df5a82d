"""Read with what was taught: the lessons fine-tune the reader in a process of its own.

Training needs torch, which the server never imports: ``tenfold fine-tune`` runs beside it, and the
folder that it writes becomes the model of the processes that read. Undo gives the earlier one back.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from tenfold.server.bearer import Closed
from tenfold.server.lessons import Collection
from tenfold.server.pool import Pool
from tenfold.server.problems import ProblemError
from tenfold.server.query import no_options
from tenfold.server.settings import Settings

COMMAND = (sys.executable, "-m", "tenfold", "fine-tune", "--json", "--force")
SECONDS = 1800.0  # that it may take
LONGEST = 500  # characters of what it says
NOT_TEACHING = "This server takes no lessons. Start it with 'tenfold serve --collect DIR'."


class Learned(BaseModel):
    """How reading with what was taught stands."""

    state: Annotated[str, Field(description="idle, learning, or reading (with what was taught).")]
    message: Annotated[str, Field(description="What the last attempt came to, in one sentence.")]


class Learning:
    """The reader that the lessons make: taught, used, taken back.

    Parameters
    ----------
    collection : Collection
        The lessons.
    pool : Pool
        The processes that read.
    settings : Settings
        The model that they read with otherwise, and what the taught one is held to.
    command : sequence of str
        What teaches; ``--data``, ``--out`` and more are added.
    """

    def __init__(
        self,
        collection: Collection,
        pool: Pool,
        settings: Settings,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._collection, self._pool = collection, pool
        self._model = str(settings.model) if settings.model else None
        held_to = {"--reference": settings.reference, "--allow": settings.allow}
        self._held_to = [word for pair in held_to.items() for word in map(str, pair)]
        self._command = tuple(command)
        self._work: asyncio.Task[None] | None = None
        self.using, self.message = False, ""

    @property
    def folder(self) -> Path:
        """Where the taught reader lies: beside the lessons, which hold digits alone."""
        return self._collection.folder.with_name(f"{self._collection.folder.name}-reader")

    def state(self) -> Learned:
        """Tell how it stands."""
        busy = self._work is not None and not self._work.done()
        state = "learning" if busy else "reading" if self.using else "idle"
        return Learned(state=state, message=self.message)

    def begin(self) -> Learned:
        """Start teaching; raises ProblemError 409 while it is at it already."""
        if self.state().state == "learning":
            raise ProblemError(409, "It is learning already. Wait for it to end.")
        self.message = ""
        self._work = asyncio.create_task(self._learn())
        return self.state()

    def undo(self) -> Learned:
        """Read with the earlier model again, and stop teaching."""
        self.stop()
        self._pool.use(self._model)
        self.using, self.message = False, "Reading as before."
        return Learned(state="idle", message=self.message)

    def stop(self) -> None:
        """Stop teaching, if it is at it."""
        if self._work is not None:
            self._work.cancel()

    async def _learn(self) -> None:
        words = ["--data", str(self._collection.folder), "--out", str(self.folder)]
        words += ["--from", self._model or "bundled", *self._held_to]
        environment = os.environ | {"TERM": "dumb", "PYTHONIOENCODING": "utf-8"}
        process = await asyncio.create_subprocess_exec(
            *self._command, *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment
        )
        try:
            async with asyncio.timeout(SECONDS):
                printed, said = await process.communicate()
        except TimeoutError:
            self.message = "It took too long and was stopped."
            return
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            self.message = self._told(said.decode(errors="replace"))
            return
        self._pool.use(str(self.folder))
        self.using, self.message = True, _gained(printed.decode(errors="replace"))

    def _told(self, said: str) -> str:
        """Return what the command said last, without where things lie on this machine's disk."""
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        last = lines[-1].removeprefix("Error: ") if lines else "It ended without a word."
        for path in (self.folder, self._collection.folder):
            last = last.replace(str(path), path.name)
        return last[:LONGEST]


def _gained(printed: str) -> str:
    """Say what fine-tuning came to."""
    try:
        record = json.loads(printed.splitlines()[-1])
        before, after = (100 * record["own"][name] for name in ("before", "after"))
        lost = 100 * (record["reference"]["after"] - record["reference"]["before"])
    except (ValueError, KeyError, IndexError, TypeError):
        return "Reading with what was taught."
    return (
        f"Reading with what was taught: {before:.0f} % of it right before, {after:.0f} % "
        f"now; {lost:+.2f} points on other digits."
    )


router = APIRouter(route_class=Closed)


def _learning(request: Request) -> Learning:
    no_options(request)
    found: Learning | None = request.app.state.learning
    if found is None:
        raise ProblemError(404, NOT_TEACHING)
    return found


@router.get("/v1/learn", tags=["teach"], summary="Whether it reads with what was taught",
            responses={404: {"description": NOT_TEACHING}, 401: {"description": "No token."},
                       422: {"description": "A value is wrong."}})  # fmt: skip
async def learned(request: Request) -> Learned:
    """Answer how it stands, and what the last attempt came to."""
    return _learning(request).state()


@router.post("/v1/learn", tags=["teach"], summary="Read with what was taught", status_code=202,
             responses={404: {"description": NOT_TEACHING}, 401: {"description": "No token."},
                        409: {"description": "It is learning already."},
                        415: {"description": "The body is not JSON."},
                        422: {"description": "A value is wrong."}})  # fmt: skip
async def learn(request: Request) -> Learned:
    """Fine-tune the reader on the lessons in the background, and read with it once it is done."""
    # A page from elsewhere can send forms here, but no JSON.
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise ProblemError(415, "Send application/json.")
    return _learning(request).begin()


@router.delete("/v1/learn", tags=["teach"], summary="Read as before",
               responses={404: {"description": NOT_TEACHING}, 401: {"description": "No token."},
                          422: {"description": "A value is wrong."}})  # fmt: skip
async def unlearn(request: Request) -> Learned:
    """Give the earlier reader back; lessons stay."""
    return _learning(request).undo()
