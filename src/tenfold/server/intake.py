"""Take a request's body in: bounded, timed, in memory, whatever its headers promise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from tenfold.server.problems import ProblemError
from tenfold.server.settings import Settings

BODIES_AT_ONCE = 8  # of the largest size, in memory together
CLOSE = {"Connection": "close"}  # what is left of the body is not worth reading


class Intake:
    """Bodies on their way in.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.body_bytes
        self._limit_text = f"{settings.body_mb:g} MB"
        self._seconds = settings.seconds
        self._free = BODIES_AT_ONCE * settings.body_bytes

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Hold memory for one body until the request is answered."""
        room = Room(self)
        try:
            yield room
        finally:
            self._free += room.held

    async def fill(self, room: Room, request: Request) -> bytes:
        """Read the whole body.

        Raises
        ------
        ProblemError
            413 if it is too large, 408 if it comes too slowly, 503 if all together are too large.
        """
        promised = request.headers.get("content-length", "")
        if promised.isdigit() and int(promised) > self._limit:
            raise self._too_large()
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self._seconds):
                async for part in request.stream():
                    self._hold(room, len(part))
                    parts.append(part)
        except TimeoutError:
            raise ProblemError(
                408, f"The body did not arrive within {self._seconds:g} seconds.", CLOSE
            ) from None
        except ClientDisconnect:
            raise ProblemError(400, "The body was cut short.", CLOSE) from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _hold(self, room: Room, size: int) -> None:
        if room.held + size > self._limit:
            raise self._too_large()
        if size > self._free:
            raise ProblemError(
                503,
                "Too many large pictures at once. Try again in a second.",
                CLOSE | {"Retry-After": "1"},
            )
        self._free -= size
        room.held += size

    def _too_large(self) -> ProblemError:
        return ProblemError(
            413, f"The body is larger than {self._limit_text}. Send a smaller picture.", CLOSE
        )


class Room:
    """The memory one body takes.

    Parameters
    ----------
    intake : Intake
        Whose memory it is.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.held = 0

    async def body(self, request: Request) -> bytes:
        """Read the request's body; see `Intake.fill`."""
        return await self._intake.fill(self, request)
