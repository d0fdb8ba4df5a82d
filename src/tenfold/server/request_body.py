"""Take a request's body in: bounded, timed, in memory, whatever its headers promise."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

import python_multipart  # Starlette reads forms with it
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from tenfold.server.bodies import (
    NO_PICTURE,
    Known,
    Options,
    Sent,
    check,
    parse_json,
    safe_name,
)
from tenfold.server.problems import CLOSE, ProblemError
from tenfold.server.settings import Settings

FORM, JSON, OCTETS = "multipart/form-data", "application/json", "application/octet-stream"
PDF = "application/pdf"
BODIES_AT_ONCE = 8  # of the largest size, in memory together
MOST_FIELDS = 20  # that hold no file: none is known, and the first is named
NO_FILE = (
    "The form has no field 'file' that holds a file. It needs a filename, as curl -F file=@a.png "
    "gives it."
)
HOW_MANY = "/v1/read takes one picture, /v1/read/batch takes several."

# JSON, which the processes that read parse, or the pictures that came as they are.
Body: TypeAlias = bytes | list[Sent]
Whole = TypeVar("Whole")

# What it says of damaged forms is in the answer; the log is for requests.
logging.getLogger(python_multipart.__name__).setLevel(logging.CRITICAL)


class _Form(MultiPartParser):
    """Starlette's parser, but nothing of a form touches a disk, and its end must have come."""

    spool_max_size = 1 << 40
    ended = False

    def on_end(self) -> None:
        self.ended = True


class Room:
    """The memory one body takes."""

    def __init__(self) -> None:
        self.held = 0


class Intake:
    """Bodies on their way in.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.seconds
        self._batch = settings.batch
        self._limit = settings.body_bytes
        self._free = BODIES_AT_ONCE * settings.body_bytes

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Hold memory for one body until the request is answered."""
        room = Room()
        try:
            yield room
        finally:
            self._free += room.held

    async def pictures(self, room: Room, request: Request, *, batch: bool = False) -> Body:
        """Read a body that holds one picture, or a batch of them.

        Raises
        ------
        ProblemError
            If it is of no type that is known, is damaged, comes too slowly, or holds no picture.
        """
        kind = request.headers.get("content-type", "")
        media = kind.partition(";")[0].strip().lower()
        if media == FORM:
            return await self._timed(self._form(room, request, self._batch if batch else 1))
        if media == JSON:
            return await self.content(room, request)
        called = f"Content-Type {kind[:80]!r}" if kind else "A body without a Content-Type"
        if batch:
            raise ProblemError(
                415,
                f"{called} is no batch. Send a multipart form with a field 'file' for each "
                "picture, or JSON with the list 'pictures'.",
            )
        if media.startswith("image/") or media in (OCTETS, PDF):
            return [Sent("picture", await self.content(room, request))]
        raise ProblemError(415, f"{called} is no picture. {NO_PICTURE}")

    async def content(self, room: Room, request: Request) -> bytes:
        """Read a body as it is."""

        async def joined() -> bytes:
            return b"".join([part async for part in self._arriving(room, request)])

        return await self._timed(joined())

    async def _timed(self, coming: Awaitable[Whole]) -> Whole:
        try:
            async with asyncio.timeout(self._seconds):
                return await coming
        except TimeoutError:
            raise ProblemError(
                408, f"The body did not arrive within {self._seconds:g} seconds.", CLOSE
            ) from None
        except ClientDisconnect:
            raise ProblemError(400, "The body was cut short.", CLOSE) from None

    async def _arriving(self, room: Room, request: Request) -> AsyncGenerator[bytes, None]:
        # Starlette's own limit would answer in plain text whatever is said here.
        promised = request.headers.get("content-length", "")
        if promised.isdigit() and int(promised) > self._limit:
            raise self._too_large()
        async for part in request.stream():
            if room.held + len(part) > self._limit:
                raise self._too_large()
            if len(part) > self._free:
                raise ProblemError(
                    503,
                    "Too many large pictures at once. Try again in a second.",
                    CLOSE | {"Retry-After": "1"},
                )
            self._free -= len(part)
            room.held += len(part)
            yield part

    def _too_large(self) -> ProblemError:
        size = f"{self._limit / 1_000_000:g} MB"
        return ProblemError(413, f"The body is larger than {size}. Send a smaller picture.", CLOSE)

    async def _form(self, room: Room, request: Request, most: int) -> list[Sent]:
        async def whole() -> AsyncGenerator[bytes, None]:
            async for part in self._arriving(room, request):
                yield part
            if not parser.ended:
                raise MultiPartException("it is cut short")

        parser = _Form(request.headers, whole(), max_files=most, max_fields=MOST_FIELDS)
        try:
            form = await parser.parse()
        except MultiPartException as error:
            if error.message.startswith("Too many files"):
                detail = f"More files than {most} in the form. {HOW_MANY}"
                raise ProblemError(413, detail, CLOSE) from error
            detail = f"The form is damaged ({error.message[:120].rstrip('.')})."
            raise ProblemError(400, detail, CLOSE) from error
        try:
            files = [_file(name, value) for name, value in form.multi_items()]
        finally:
            await form.close()
        if not files:
            raise ProblemError(422, NO_FILE)
        return files


def _file(name: str, value: UploadFile | str) -> Sent:
    if name != "file":
        option = name in Options.model_fields
        about = "Options go into the query." if option else "Pictures are sent as 'file'."
        raise ProblemError(422, f"{safe_name(name)}: the form has no such field. {about}")
    if isinstance(value, str):
        raise ProblemError(422, NO_FILE)
    return Sent(safe_name(value.filename or "picture"), value.file.read())


async def posted(request: Request, intake: Intake, kind: type[Known]) -> Known:
    """Return a body of JSON as its model.

    Raises
    ------
    ProblemError
        If it is no JSON, or comes too slowly, or is too large.
    DataError
        If a value in it is wrong.
    """
    # A page from elsewhere can send forms here, but no JSON.
    if not request.headers.get("content-type", "").lower().startswith(JSON):
        raise ProblemError(415, f"Send {JSON}.")
    with intake.room() as room:
        return check(kind, parse_json(await intake.content(room, request)))
