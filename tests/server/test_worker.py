from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

import tenfold
from tenfold.server.settings import Settings
from tenfold.server.work import Task, Work
from tenfold.server.worker import LENGTHS, _serve, pack


def _task(work: str) -> Task:
    return Task(
        work=work,
        kind="application/json",
        layout="auto",
        min_confidence=0.5,
        rotate="auto",
        ink="auto",
        include=[],
    )


def _answers(stream: io.BytesIO) -> list[tuple[Any, Any]]:
    stream.seek(0)
    found = []
    while lengths := stream.read(LENGTHS.size):
        head, body = (json.loads(stream.read(length)) for length in LENGTHS.unpack(lengths))
        found.append((head, body))
    return found


def test_a_fault_is_answered_told_of_by_its_place_alone_and_survived() -> None:
    images = json.dumps({"images": np.zeros((1, 28, 28)).tolist()}).encode()
    tasks = io.BytesIO(pack(_task("no such work"), b"") + pack(_task("classify"), images))
    answers, faults = io.BytesIO(), io.StringIO()
    _serve(Work(tenfold.Reader().model, Settings()), tasks, answers, faults)
    (broken, problem), (fine, classified) = _answers(answers)
    assert (broken["status"], problem["status"], fine["status"]) == (500, 500, 200)
    assert len(classified["answers"]) == 1
    assert "KeyError" in faults.getvalue()
    assert "work.py" in faults.getvalue()
    assert "no such work" not in faults.getvalue()  # a message may quote what was sent
