"""What every request passes, whatever it asks for: the door, headers, log, counters.

Written against ASGI itself: it runs for every request, and a layer of framework costs more than
reading a glyph does.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, TextIO

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenfold.server.hosts import Door
from tenfold.server.problems import MEDIA_TYPE, ProblemError, fault, problem_bytes

if TYPE_CHECKING:  # it brings the reader along
    from tenfold.server.pool import Pool

# Nothing but the server's own files; blob: is what a picture dropped on the page becomes, and data:
# what Swagger's style sheet holds its arrows as.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
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
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Measures:
    """Counters in Prometheus' format, one set an application.

    Parameters
    ----------
    pool : Pool
        How busy it is is looked at when somebody asks.
    """

    def __init__(self, pool: Pool) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "tenfold_requests", "Requests answered.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "tenfold_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        for name in ("ready", "running", "waiting"):
            gauge = Gauge(
                f"tenfold_reads_{name}", f"Readers or reads {name}.", registry=self._registry
            )
            gauge.set_function(partial(attrgetter(name), pool))

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self._registry)


class Guard:
    """The outermost layer of the application.

    Parameters
    ----------
    app : ASGI application
    door : Door
        Who is let in.
    measures : Measures or None
        What counts requests.
    log : file or None
        Where the access log goes, one JSON object per line; None writes none.
    """

    def __init__(
        self, app: ASGIApp, door: Door, measures: Measures | None, log: TextIO | None
    ) -> None:
        self._app = app
        self._door = door
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
            self._door.check(scope)
            await self._app(asked, receive, send_with_headers)
        except ProblemError as error:  # the door's; others the application has answered
            await _refuse(error, send_with_headers)
        except Exception as error:  # it has been answered with 500 already
            sys.stderr.write(fault(error))
        finally:
            # The route as the program names it: a path that somebody made up may say anything.
            route = getattr(asked.get("route"), "path", "other")
            self._note(scope, route, status, time.perf_counter() - started)

    def _note(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        if self._measures is not None:
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


async def _refuse(error: ProblemError, send: Send) -> None:
    headers = {"Content-Type": MEDIA_TYPE, **error.headers}
    content = problem_bytes(error.status, error.detail)
    headers["Content-Length"] = str(len(content))
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
