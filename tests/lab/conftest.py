"""The server and the browser of tests/server, for the lab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.server.conftest import Server, browser

__all__ = ["browser"]  # a fixture

StartLab = Callable[..., "Server"]


class Told:
    """What a worker tells, in place of its pipe."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.weights = b""

    def tell(self, event: str, content: bytes = b"", **record: Any) -> None:
        self.records.append({"event": event} | record)
        self.weights = content or self.weights

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.records if record["event"] == kind]


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartLab]:
    """Start labs that end with the session."""
    started: list[Server] = []
    folder = tmp_path_factory.mktemp("labs")

    def begin(*arguments: str, **environment: str) -> Server:
        log = folder / f"{len(started)}.log"
        started.append(Server(arguments, environment, log, ("lab",)))
        return started[-1]

    yield begin
    for one in started:
        one.client.close()
        if one.process.poll() is None:
            one.stop()


@pytest.fixture(scope="session")
def lab(start_lab: StartLab) -> Server:
    """The lab that most tests talk to."""
    return start_lab("--at-once", "2")
