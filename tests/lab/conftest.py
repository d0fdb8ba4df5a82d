"""The server and the browser of tests/server, for the lab."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Server

StartLab = Callable[..., "Server"]


def _shared() -> ModuleType:
    path = Path(__file__).parents[1] / "server" / "conftest.py"
    spec = importlib.util.spec_from_file_location("shared_conftest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SHARED = _shared()
browser = SHARED.browser


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartLab]:
    """Start labs that end with the session."""
    started: list[Server] = []
    folder = tmp_path_factory.mktemp("labs")

    def begin(*arguments: str, **environment: str) -> Server:
        log = folder / f"{len(started)}.log"
        started.append(SHARED.Server(arguments, environment, log, ("lab",)))
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
