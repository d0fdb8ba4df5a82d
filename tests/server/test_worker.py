from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

import tenfold
from tenfold.server.bodies import Options, Sent
from tenfold.server.worker import Answer, Limits, Task, Work

LIMITS = Limits(None, 50, 64)
OPTIONS = Options().model_dump()


def _answer(work: str, body: bytes | list[Sent]) -> tuple[Answer, Any]:
    answer = Work(tenfold.Reader().networks, LIMITS).do(Task(work, body, OPTIONS))
    return answer, json.loads(answer.content)


def _sent(name: str, number: bytes) -> dict[str, str]:
    return {"name": name, "image": base64.b64encode(number).decode()}


def test_a_fault_is_answered_told_of_by_its_place_alone_and_survived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = json.dumps({"images": np.zeros((1, 28, 28)).tolist()}).encode()

    def breaks(_model: object, glyphs: object) -> None:
        raise KeyError(str(glyphs))

    with monkeypatch.context() as patched:
        patched.setattr("tenfold.server.worker.classify", breaks)
        broken, problem = _answer("classify", images)
    fine, classified = _answer("classify", images)
    assert (broken.status, problem["status"], fine.status) == (500, 500, 200)
    assert len(classified["answers"]) == 1
    assert "KeyError" in broken.faults
    assert "worker.py" in broken.faults
    assert "0.0" not in broken.faults  # a message may quote what was sent
    assert fine.faults == ""


@pytest.mark.usefixtures("fault")
def test_a_fault_on_one_picture_is_its_own_problem_and_the_next_is_read(number: bytes) -> None:
    broken, problem = _answer("read", json.dumps(_sent("faulty.png", number)).encode())
    fine, reading = _answer("read", [Sent("a.png", number)])
    assert (broken.status, problem["status"], fine.status) == (500, 500, 200)
    assert problem["detail"].startswith("faulty.png: could not be read because of a fault")
    assert reading["text"] == "42"
    assert broken.faults.count("report: IndexError\n") == 1
    assert "conftest.py" in broken.faults  # where it was raised
    assert "faulty.png" not in broken.faults  # a message may quote what was sent
    assert "no mark" not in problem["detail"]


@pytest.mark.usefixtures("fault")
def test_a_fault_on_one_picture_of_a_batch_leaves_the_others(
    number: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rasterise(drawing: object) -> None:
        raise ZeroDivisionError(str(drawing))

    monkeypatch.setattr("tenfold.server.worker.rasterise", rasterise)
    pictures: list[object] = [_sent(name, number) for name in ("a.png", "faulty.png", "b.png")]
    pictures.insert(2, {"strokes": [], "width": 80, "height": 90, "name": "secret"})
    answer, record = _answer("batch", json.dumps({"pictures": pictures}).encode())
    assert answer.status == 200
    first, read, drawn, last = record["readings"]
    assert (first["text"], last["text"]) == ("42", "42")
    assert (read["status"], drawn["status"]) == (500, 500)
    assert read["detail"].startswith("faulty.png: could not be read because of a fault")
    assert drawn["detail"].startswith("secret: could not be read because of a fault")
    assert answer.faults.count("report: IndexError\n") == 1
    assert answer.faults.count("report: ZeroDivisionError\n") == 1
    assert "secret" not in answer.faults


def test_a_batch_keeps_its_order_and_its_failures(number: bytes) -> None:
    pictures = [_sent("a.png", number), {"image": "?"}, {"strokes": 3, "width": 9, "height": 9}, {}]
    _, record = _answer("batch", json.dumps({"pictures": pictures}).encode())
    first, *others = record["readings"]
    assert first["text"] == "42"
    assert [one["status"] for one in others] == [422] * 3
    assert others[0]["detail"].startswith("image: this is no base64")


@pytest.mark.parametrize(
    ("work", "body", "status"),
    [
        ("read", b"", 400),
        ("read", b"{", 400),
        ("read", b"\xff\xfe", 400),
        ("read", b"[" * 200_000, 400),
        ("read", b'{"image": NaN}', 400),
        ("read", b"[]", 422),
        ("read", b"{}", 422),
        ("read", b'{"image": 7}', 422),
        ("read", b'{"image": "%%%"}', 422),
        ("read", b'{"image": "eA==", "name": 7}', 422),
        ("read", b'{"image": "eA==", "colour": 7}', 422),
        ("batch", b"{}", 422),
        ("batch", b'{"pictures": [1]}', 422),
        ("batch", b'{"pictures": [], "layout": "page"}', 422),
        ("batch", json.dumps({"pictures": [{}] * 65}).encode(), 413),
        ("classify", b'{"images": []}', 422),
        ("classify", b'{"images": [[[0]]], "labels": [7]}', 422),
    ],
)
def test_what_holds_no_picture_is_refused(work: str, body: bytes, status: int) -> None:
    answer, problem = _answer(work, body)
    assert (answer.status, problem["status"]) == (status, status)
    assert problem["detail"].endswith(".")
    assert answer.faults == ""
