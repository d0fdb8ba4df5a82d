from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest

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


def _sent(name: str, number: bytes) -> dict[str, str]:
    return {"name": name, "image": base64.b64encode(number).decode()}


@pytest.mark.usefixtures("fault")
def test_a_fault_on_one_picture_is_its_own_problem_and_the_next_is_read(number: bytes) -> None:
    bodies = [json.dumps(_sent(name, number)).encode() for name in ("faulty.png", "a.png")]
    tasks = io.BytesIO(b"".join(pack(_task("read"), body) for body in bodies))
    answers, faults = io.BytesIO(), io.StringIO()
    _serve(Work(tenfold.Reader().model, Settings()), tasks, answers, faults)
    (broken, problem), (fine, reading) = _answers(answers)
    assert (broken["status"], problem["status"], fine["status"]) == (500, 500, 200)
    assert problem["detail"].startswith("faulty.png: could not be read because of a fault")
    assert reading["text"] == "42"
    assert faults.getvalue().count("report: IndexError\n") == 1
    assert "conftest.py" in faults.getvalue()  # where it was raised
    assert "faulty.png" not in faults.getvalue()  # a message may quote what was sent
    assert "no mark" not in problem["detail"]


@pytest.mark.usefixtures("fault")
def test_a_fault_on_one_picture_of_a_batch_leaves_the_others(
    number: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rasterise(record: object) -> None:
        raise ZeroDivisionError(str(record))

    monkeypatch.setattr("tenfold.server.bodies.rasterise", rasterise)
    pictures: list[object] = [_sent(name, number) for name in ("a.png", "faulty.png", "b.png")]
    pictures.insert(2, {"strokes": [], "secret": 1})
    body = json.dumps({"pictures": pictures}).encode()
    tasks = io.BytesIO(pack(_task("batch"), body) * 2)
    answers, faults = io.BytesIO(), io.StringIO()
    _serve(Work(tenfold.Reader().model, Settings()), tasks, answers, faults)
    for head, answer in _answers(answers):
        assert head["status"] == 200
        first, read, drawn, last = answer["readings"]
        assert (first["text"], last["text"]) == ("42", "42")
        assert (read["status"], drawn["status"]) == (500, 500)
        assert read["detail"].startswith("faulty.png: could not be read because of a fault")
        assert drawn["detail"].startswith("pictures[2]: could not be read because of a fault")
        assert "secret" not in json.dumps(answer)
    assert faults.getvalue().count("report: IndexError\n") == 2
    assert faults.getvalue().count("report: ZeroDivisionError\n") == 2
    assert "secret" not in faults.getvalue()
