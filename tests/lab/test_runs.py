"""Runs on a real server: two people at once, busy, cancelled, too long, taken up again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Server

    StartLab = Callable[..., Server]

QUICK = {"network": "mlp", "hidden": 8, "epochs": 3, "batch": 64, "optimizer": "adam"}
LONG = {"network": "tutorial", "epochs": 150, "batch": 5}


# A lab whose runs end a second after the last who followed them, instead of ten.
HASTY = "from tenfold.lab import runs\nruns.GRACE = 1.0\nfrom tenfold.cli import main\nmain()\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A lab with a token, without MNIST, whose runs take a second and are followed."""
    from tests.server.conftest import Server

    folder = tmp_path_factory.mktemp("hasty")
    (folder / "hasty.py").write_text(HASTY)
    environment = {
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
        "TENFOLD_TOKEN": "sesame", "TENFOLD_DATA": str(folder), "XDG_CACHE_HOME": str(folder),
    }  # fmt: skip
    command = ("lab", "--seconds", "1")
    one = Server((), environment, folder / "log", command, module="hasty")
    one.client.headers["Authorization"] = "Bearer sesame"
    yield one
    assert one.stop() == -signal.SIGTERM


def begin(lab: Server, session: str, experiment: dict[str, Any]) -> httpx.Response:
    body = {"session": session, "experiment": experiment}
    return lab.client.post("/v1/lab/runs", json=body)


@contextmanager
def following(lab: Server, run: str, after: int = -1) -> Iterator[Iterator[dict[str, Any]]]:
    headers = {"Last-Event-ID": str(after)} if after >= 0 else {}
    path = f"/v1/lab/runs/{run}/events"
    with lab.client.stream("GET", path, headers=headers, timeout=600) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield (json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: "))


def events(lab: Server, run: str, after: int = -1) -> list[dict[str, Any]]:
    with following(lab, run, after) as told:
        return list(told)


def busy(lab: Server) -> bool:
    """Whether as many train as may."""
    response = begin(lab, "who-asks-only", QUICK)
    if response.status_code == 201:
        lab.client.delete(f"/v1/lab/runs/{response.json()['run']}")
    return response.status_code == 503


def until(true: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_two_people_at_once_get_their_own_runs_and_a_third_is_told_to_wait(lab: Server) -> None:
    settings = [QUICK | {"hidden": 8}, QUICK | {"hidden": 12, "epochs": 4}]
    names = [begin(lab, f"person-{i}", each).json()["run"] for i, each in enumerate(settings)]
    third = begin(lab, "person-3", QUICK)
    assert third.status_code == 503
    assert third.headers["retry-after"] == "5"
    assert third.json()["detail"].startswith("2 people are training, as many as this lab allows")
    told: list[list[dict[str, Any]]] = [[], []]

    def follow(i: int) -> None:
        told[i] = events(lab, names[i])

    threads = [threading.Thread(target=follow, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
    for i, (hidden, epochs) in enumerate(((8, 3), (12, 4))):
        assert told[i][-1] == {"event": "end", "state": "done", "detail": ""}
        assert len([event for event in told[i] if event["event"] == "epoch"]) == epochs
        parameters = 64 * hidden + hidden + hidden * 10 + 10
        assert next(e["parameters"] for e in told[i] if e["event"] == "started") == parameters
        assert len(lab.client.get(f"/v1/lab/runs/{names[i]}/weights").content) == 4 * parameters
    # Whoever lost the connection takes up where it was.
    assert events(lab, names[0], after=4) == told[0][5:]


def test_a_cancelled_run_ends_at_once_and_makes_room(lab: Server) -> None:
    name = begin(lab, "cancelling", LONG).json()["run"]
    with following(lab, name) as told:
        for event in told:
            if event["event"] == "weights":
                break
        assert lab.client.delete(f"/v1/lab/runs/{name}").status_code == 204
        started = time.monotonic()
        assert list(told)[-1]["state"] == "cancelled"
        assert time.monotonic() - started < 10
    until(lambda: not busy(lab))


def test_a_session_trains_one_run_at_a_time(lab: Server) -> None:
    first = begin(lab, "impatient", LONG).json()["run"]
    second = begin(lab, "impatient", QUICK).json()["run"]
    assert events(lab, first)[-1]["state"] == "cancelled"
    assert events(lab, second)[-1]["state"] == "done"


def test_a_run_that_nobody_follows_ends(hasty: Server) -> None:
    # Nobody follows from the beginning, or not any more.
    never = begin(hasty, "gone-at-once", LONG).json()["run"]
    later = begin(hasty, "gone-away", LONG).json()["run"]
    with following(hasty, later) as told:
        next(told)
    time.sleep(1.5)  # longer than a page may be away here
    for name in (never, later):
        assert events(hasty, name)[-1] == {"event": "end", "state": "cancelled", "detail": ""}


def test_a_run_that_takes_too_long_is_stopped(hasty: Server) -> None:
    name = begin(hasty, "too-long-a-run", LONG).json()["run"]
    end = events(hasty, name)[-1]
    assert end["state"] == "failed"
    assert end["detail"].startswith("Stopped after 1 seconds")
    # The next one trains as if nothing had been.
    assert begin(hasty, "another-one", QUICK).status_code == 201


def test_the_end_of_the_server_ends_its_processes_at_once(start_lab: StartLab) -> None:
    lab = start_lab()
    name = begin(lab, "interrupted", LONG).json()["run"]
    ended: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: ended.extend(events(lab, name)))
    thread.start()
    until(lambda: len(_children(lab.process.pid)) >= 1)
    until(lambda: bool(lab.client.get(f"/v1/lab/runs/{name}/weights").content))  # it trains
    children = _children(lab.process.pid)
    lab.process.terminate()
    assert lab.process.wait(20) == -signal.SIGTERM
    thread.join(20)
    assert ended[-1]["state"] == "cancelled"
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"session": "somebody", "experiment": {"epochs": 151}}, 422, "experiment.epochs"),
        ({"session": "somebody", "experiment": {"network": "gpt"}}, 422, "experiment.network"),
        ({"session": "x", "experiment": {}}, 422, "session"),
        (
            {"session": "somebody", "experiment": {"swapped": True, "network": "mlp"}},
            422,
            "swapped",
        ),
    ],
)
def test_wrong_settings_are_refused_by_name(
    lab: Server, body: dict[str, Any], status: int, words: str
) -> None:
    response = lab.client.post("/v1/lab/runs", json=body)
    assert response.status_code == status
    assert words in response.json()["detail"]


def test_forms_pages_of_others_and_unknown_runs_are_refused(lab: Server) -> None:
    sent = lab.client.post("/v1/lab/plan", data={"network": "mlp"})
    assert sent.status_code == 415
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert lab.client.get("/v1/lab", headers=foreign).status_code == 403
    assert lab.client.get("/v1/lab/runs/none/events").status_code == 404
    assert "This run no longer exists." in lab.client.get("/v1/lab/runs/none/weights").text


def test_mnist_is_offered_where_it_is_alone(hasty: Server) -> None:
    assert hasty.client.get("/v1/lab").json()["data"] == ["digits"]
    refused = begin(hasty, "somebody", {"data": "mnist"})
    assert refused.status_code == 422
    assert "mnist is not on this machine" in refused.json()["detail"]


def test_images_are_those_of_the_split(lab: Server) -> None:
    from tenfold.lab.images import load

    response = lab.client.post("/v1/lab/images", json={})
    _, validation, test = load("digits", 0)
    assert response.headers["tenfold-validation"] == "200"
    expected = [part for held in (validation, test) for part in (held.images, held.targets)]
    assert response.content == b"".join(part.tobytes() for part in expected)


def test_a_token_closes_everything_but_the_page(hasty: Server) -> None:
    wrong = {"Authorization": "Bearer open"}
    assert hasty.client.get("/", headers=wrong).status_code == 200
    assert hasty.client.get("/v1/lab", headers=wrong).status_code == 401
    body = {"session": "somebody", "experiment": QUICK}
    assert hasty.client.post("/v1/lab/runs", json=body, headers=wrong).status_code == 401
    assert httpx.get(f"{hasty.url}/v1/lab").status_code == 401
    assert httpx.post(f"{hasty.url}/v1/lab/runs", json=body).status_code == 401
    assert hasty.client.get("/v1/lab").status_code == 200


def test_the_server_never_imports_torch() -> None:
    code = (
        "from tenfold.lab import app, images; from tenfold.lab.experiment import Experiment;"
        "images.load('digits', 0); app.code_of(Experiment());"
        "import sys; print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "False\n"


def test_the_terminal_shows_the_address_alone(start_lab: StartLab) -> None:
    lab = start_lab()
    assert lab.client.get("/").status_code == 200
    assert lab.client.get("/nowhere").status_code == 404
    name = begin(lab, "somebody", QUICK).json()["run"]
    assert events(lab, name)[-1]["state"] == "done"
    assert lab.stop() == -signal.SIGTERM
    (line,) = lab.output().splitlines()
    assert line.startswith(f"The lab is at {lab.url}/")


def test_a_quiet_lab_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tenfold", "lab", "--quiet", "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answers() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/v1/lab").status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(answers)
        process.terminate()
        assert process.communicate(timeout=30) == ("", "")
    finally:
        process.kill()
        process.wait()


def test_the_commands_of_the_page_about_the_lab_work(start_lab: StartLab) -> None:
    page = (Path(__file__).parents[2] / "docs" / "lab.md").read_text(encoding="utf-8")
    commands = re.findall(r"^tenfold lab ?(.*)$", page, re.MULTILINE)
    assert len(commands) == 2
    for words in commands:
        started = start_lab(*words.split())
        about = started.client.get("/v1/lab").json()
        assert about["at_once"] == (8 if "--at-once 8" in words else 2)
        assert started.stop() == -signal.SIGTERM
