"""Real processes that really die."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import CancelledError
from typing import Any

import pytest

from tenfold import workers
from tenfold.errors import TenfoldError
from tenfold.workers import Died, Workers


def _ready() -> None:
    """Make a process ready: there is nothing to do."""


def _work(task: str | int) -> int:
    if task == "raise":
        raise ValueError("no number")
    if task == "exit":
        os._exit(7)
    if task == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "sleep":
        time.sleep(1000)
    return int(task) ** 2


def _dies() -> None:
    os._exit(3)


def test_each_task_has_its_outcome_whatever_befalls_its_process() -> None:
    tasks: list[str | int] = [2, "raise", "exit", 3, "kill", "sleep", 4]
    found: dict[object, Any] = {}
    with Workers(2, _work, prepare=_ready, seconds=8) as crew:
        for task in tasks:
            crew.submit(task)
        assert crew.running == len(tasks)
        assert not crew.hungry
        while crew.running:
            task, outcome = crew.take()
            found[task] = outcome
    assert {task: found[task] for task in (2, 3, 4)} == {2: 4, 3: 9, 4: 16}
    assert isinstance(found["raise"], ValueError)
    assert isinstance(found["sleep"], TimeoutError)
    assert isinstance(found["exit"], Died)
    assert str(found["exit"]) == "exit code 7"
    assert str(found["kill"]) == "signal 9"


def test_a_process_that_is_killed_while_it_waits_costs_no_task() -> None:
    with Workers(1, os.getpgid, prepare=_ready) as crew:  # 0: of the process itself
        crew.submit(0)
        crew.take()
        (pid,) = crew._pool._pool_manager.worker_manager.workers
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        for _ in range(3):
            crew.submit(0)
        assert [crew.take() for _ in range(3)] == [(0, os.getpgid(0))] * 3


def test_processes_that_never_get_ready_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_BROKEN", 1)
    with Workers(1, _work, prepare=_dies) as crew:
        crew.submit(2)
        with pytest.raises(TenfoldError, match="keep ending before they do anything"):
            crew.take()


def test_stopped_before_an_outcome_is_asked_for_there_is_none() -> None:
    with Workers(1, _work, prepare=_ready) as crew:
        crew.submit("sleep")
        crew.stop()
        with pytest.raises(CancelledError):
            crew.take()
