"""What every request passes, whatever it asks for: token, headers, log, counters.

Written against ASGI itself: it runs for every request, and a layer of framework costs more than
reading a glyph does.
"""

from __future__ import annotations

import hmac
import json
import sys
import time
from datetime import UTC, datetime
from typing import TextIO

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenfold.server.measures import Measures
from tenfold.server.problems import MEDIA_TYPE, fault, problem_bytes

# Nothing but the server's own files; blob: is what a picture dropped on the page becomes.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
SECURITY = [
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    }.items()
]
GUARDED = ("/v1/", "/metrics")  # what a token is asked for
ASK = "This server wants a token: send the header 'Authorization: Bearer …'."


class Guard:
    """The outermost layer of the application.

    Parameters
    ----------
    app : ASGI application
    token : str or None
        What callers must send; None lets everyone in.
    measures : Measures
    log : file or None
        Where the access log goes, one JSON object a line; None writes none.
    """

    def __init__(
        self, app: ASGIApp, token: str | None, measures: Measures, log: TextIO | None
    ) -> None:
        self._app = app
        self._token = token.encode() if token is not None else None
        self._measures = measures
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's event as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0
        # The head of what GET answers; uvicorn leaves out the body.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *SECURITY]
            await send(message)

        try:
            if self._may_pass(asked):
                await self._app(asked, receive, send_with_headers)
            else:
                await _refuse(send_with_headers)
        except Exception as error:  # it has been answered with 500 already
            sys.stderr.write(fault(error))
        finally:
            # The route as the program names it: a path that somebody made up may say anything.
            route = getattr(asked.get("route"), "path", "other")
            self._note(scope, route, status, time.perf_counter() - started)

    def _may_pass(self, scope: Scope) -> bool:
        if self._token is None or not scope["path"].startswith(GUARDED):
            return True
        sent = Headers(scope=scope).get("authorization", "").encode("latin-1")
        kind, _, token = sent.partition(b" ")
        return hmac.compare_digest(token.strip(), self._token) and kind.lower() == b"bearer"

    def _note(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        self._measures.observe(route, status, seconds)
        if self._log is not None:
            record = {
                "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
                "client": (scope.get("client") or ("",))[0],
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": round(1000 * seconds, 2),
            }
            self._log.write(json.dumps(record) + "\n")


async def _refuse(send: Send) -> None:
    content = problem_bytes(401, ASK)
    headers = {
        b"content-type": MEDIA_TYPE.encode(),
        b"content-length": str(len(content)).encode(),
        b"www-authenticate": b'Bearer realm="tenfold"',
        b"connection": b"close",
    }
    await send({"type": "http.response.start", "status": 401, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": content})
