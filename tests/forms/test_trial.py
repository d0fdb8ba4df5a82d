"""A sheet that ends the process it is tried in costs one answer, and the next one is read."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from types import ModuleType

import pytest
from tests.cards import READING, Card, lay_out

from tenfold.forms import load
from tenfold.forms.sheet_results import SheetResult
from tenfold.forms.trial import Trial

PATIENCE = 120  # seconds, on a machine with much else to do


@pytest.fixture(scope="module")
def card(hand: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Card:
    return lay_out(tmp_path_factory.mktemp("card"), hand)


@pytest.fixture
def trial() -> Iterator[Trial]:
    trial = Trial()
    yield trial
    trial.close()


def process_of(trial: Trial) -> int:
    """The process that reads, once it runs."""
    before = {child.pid for child in multiprocessing.active_children()}
    trial.start()
    (pid,) = {child.pid for child in multiprocessing.active_children()} - before
    assert pid is not None
    return pid


def read(trial: Trial, card: Card) -> SheetResult:
    return trial.read(load(card.form), card.sheet.read_bytes(), "sheet.png")[0]


def once(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_process_that_dies_of_a_sheet_costs_one_answer(trial: Trial, card: Card) -> None:
    pid = process_of(trial)
    assert read(trial, card).status == "read"
    crew, found = trial._crew, list[SheetResult]()
    reading = threading.Thread(target=lambda: found.append(read(trial, card)))
    os.kill(pid, signal.SIGSTOP)  # it dies in the middle, however fast it reads
    reading.start()
    once(lambda: crew.running > 0)
    os.kill(pid, signal.SIGCONT)
    once(lambda: any(future.running() for future in list(crew._running)) or bool(found))
    os.kill(pid, signal.SIGKILL)
    reading.join(PATIENCE)
    assert found[0].status == "failed"
    assert found[0].reason == "sheet.png: reading it brought a process down (signal 9)."
    after = read(trial, card)
    assert after.status == "read"
    assert after.fields[0].value == READING


def test_a_process_that_dies_between_two_sheets_costs_none(trial: Trial, card: Card) -> None:
    os.kill(process_of(trial), signal.SIGKILL)
    assert read(trial, card).fields[0].value == READING


def test_a_sheet_that_takes_too_long_costs_one_answer(
    trial: Trial, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(trial, card).status == "read"
    monkeypatch.setattr(trial._crew, "_seconds", 0.01)
    slow = read(trial, card)
    assert slow.reason == "sheet.png: takes longer than 60 seconds."
    monkeypatch.setattr(trial._crew, "_seconds", 60.0)
    assert read(trial, card).fields[0].value == READING


def test_what_is_no_picture_is_said_and_the_process_goes_on(trial: Trial, card: Card) -> None:
    pid = process_of(trial)
    broken, count = trial.read(load(card.form), b"\x89PNG\r\n", "broken.png")
    assert (broken.status, count) == ("failed", 1)
    assert broken.reason.startswith("broken.png: ")
    assert read(trial, card).status == "read"
    os.kill(pid, 0)  # the same process


def test_closed_in_the_middle_and_asked_again_it_starts_again(trial: Trial, card: Card) -> None:
    pid = process_of(trial)
    ended = list[bool]()

    def reading() -> None:
        with pytest.raises(CancelledError):
            read(trial, card)
        ended.append(True)

    thread = threading.Thread(target=reading)
    os.kill(pid, signal.SIGSTOP)  # it does not finish before
    thread.start()
    once(lambda: trial._crew.running > 0)
    trial.start()  # a page that is opened meanwhile starts no second process
    assert len(multiprocessing.active_children()) == 1
    trial.close()
    thread.join(PATIENCE)
    assert ended == [True]
    assert read(trial, card).fields[0].value == READING
