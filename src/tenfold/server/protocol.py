"""HTTP with bounds: uvicorn waits for a request's head for ever and holds as much of it as comes.

Whatever a client sends or leaves out before its body is answered here; bodies are for
`request_body`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tenfold.server.middleware import SECURITY
from tenfold.server.problems import MEDIA_TYPE, problem_bytes

MOST_HEAD = 65_536  # bytes of request line and headers
HEAD_SECONDS = 10.0  # from the connection, or a head's first byte, to its last


class Protocol(HttpToolsProtocol):
    """One connection; uvicorn makes it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._patience: asyncio.TimerHandle | None = None  # runs while a head is awaited
        self._head = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first head."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_is_here()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the rest of a head that has begun."""
        super().on_message_begin()
        self._head_is_here()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._head_is_here()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what has come, and see that a head does not go on for ever."""
        super().data_received(data)
        if self._patience is not None:
            self._head += len(data)
            if self._head > MOST_HEAD:
                self._end(431, f"Address and headers are longer than {MOST_HEAD} bytes.")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._end(400, msg)

    def _await_head(self) -> None:
        self._head = 0
        self._patience = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_is_here(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._await_head()  # what it has asked before comes first
        elif self._head:
            self._end(408, f"The headers did not arrive within {HEAD_SECONDS:g} seconds.")
        else:
            self.transport.close()

    def _end(self, status: int, detail: str) -> None:
        """Answer with a problem, unless another answer has begun, and hang up."""
        self._head_is_here()
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            content = problem_bytes(status, detail)
            headers = [
                *self.server_state.default_headers,
                *SECURITY,
                (b"content-type", MEDIA_TYPE.encode()),
                (b"content-length", str(len(content)).encode()),
                (b"connection", b"close"),
            ]
            lines = [name + b": " + value + b"\r\n" for name, value in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", content]))
        self.transport.close()
