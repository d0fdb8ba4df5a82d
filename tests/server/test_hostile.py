"""What is sent to break a server: it answers with a problem, keeps its limits, and goes on."""

from __future__ import annotations

import asyncio
import base64
import http.client
import io
import json
import socket
import struct
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pillow_heif
import pytest
from anyio.to_process import _process_pool_workers
from PIL import Image
from tests.server.hasty import HEAD_SECONDS

from tenfold.server.bodies import Options, Sent
from tenfold.server.pool import Pool
from tenfold.server.problems import ProblemError
from tenfold.server.settings import Settings
from tenfold.server.worker import Task

if TYPE_CHECKING:
    from tests.server.conftest import AsPng, Server

PNG, JSON = {"Content-Type": "image/png"}, {"Content-Type": "application/json"}
OPEN = {"Authorization": "Bearer sesame"}


def _task(picture: bytes) -> Task:
    return Task("read", [Sent("picture", picture)], Options().model_dump())


def _bomb(side: int) -> bytes:
    """A PNG of side × side white pixels, a few kilobytes long."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    detail: str = answer.json()["detail"]
    assert detail.endswith(".")
    return detail


def test_a_bomb_is_refused_before_it_unfolds(client: httpx.Client) -> None:
    started = time.monotonic()
    detail = _problem(client.post("/v1/read", content=_bomb(30_000), headers=PNG), 422)
    assert "50 megapixels" in detail
    assert time.monotonic() - started < 5


def test_damaged_pictures_are_refused(client: httpx.Client, number: bytes) -> None:
    jpeg = io.BytesIO()
    Image.open(io.BytesIO(number)).save(jpeg, "JPEG")
    for content in (b"", number[:200], jpeg.getvalue()[:-400], b"\x00" * 5000, number[8:]):
        _problem(client.post("/v1/read", content=content, headers=PNG), 422)


def test_what_libraries_say_of_damaged_pictures_stays_out_of_the_log(
    server: Server, number: bytes
) -> None:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(number)).convert("1").save(buffer, "TIFF", compression="group4")
    damaged = bytearray(buffer.getvalue())
    damaged[40:80] = bytes(range(40))  # libtiff complains on standard error
    body = b"--B\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n"
    form = {"Content-Type": "multipart/form-data; boundary=B"}
    server.client.post("/v1/read", content=bytes(damaged), headers=PNG)
    server.client.post("/v1/read", content=b"garbage" + body, headers=form)
    lines = server.output().splitlines()[2:]  # the first two say where it is
    assert [line for line in lines if not line.startswith('{"time"')] == []


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a\x00b", "..\\..\\x.png", "%2e%2e/"])
def test_file_names_are_only_words(client: httpx.Client, number: bytes, name: str) -> None:
    answer = client.post("/v1/read", files={"file": (name, number)}).json()
    assert not set(answer["file"]) & set("/\\\x00")
    assert answer["text"] == "42"


@pytest.mark.parametrize("path", ["/page/../app.py", "/page/%2e%2e/app.py", "/page//etc/passwd"])
def test_paths_lead_nowhere_else(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection(*server.address)
    connection.request("GET", path)  # as it is, no client tidying it up
    assert connection.getresponse().status == 404
    connection.close()


def test_huge_json_is_refused_in_good_time(client: httpx.Client) -> None:
    nested = b'{"strokes":' + b"[" * 1_000_000
    many = {"strokes": [{"points": [[1, 2]] * 99_999}] * 3, "width": 90, "height": 90}
    for body in (nested, json.dumps(many).encode(), b'{"image": "' + b"A" * 5_000_000 + b'"}'):
        started = time.monotonic()
        answer = client.post("/v1/read", content=body, headers=JSON)
        assert answer.status_code in {400, 422}
        assert time.monotonic() - started < 10


def test_too_large_a_body_is_refused_whatever_it_promises(strict: Server) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(30):
            yield bytes(10_000)

    promised = strict.client.post("/v1/read", content=bytes(200_001), headers=PNG | OPEN)
    assert "0.2 MB" in _problem(promised, 413)
    streamed = strict.client.post("/v1/read", content=drip(), headers=PNG | OPEN)
    assert "0.2 MB" in _problem(streamed, 413)


def test_limits_of_picture_and_batch_hold(strict: Server, hand: ModuleType, png: AsPng) -> None:
    large = png(np.full((400, 400), 255, np.uint8))
    answer = strict.client.post("/v1/read", content=large, headers=PNG | OPEN)
    assert "0.1 megapixels" in _problem(answer, 422)
    photo = io.BytesIO()
    pillow_heif.from_pillow(Image.new("L", (400, 400))).save(photo)
    answer = strict.client.post("/v1/read", content=photo.getvalue(), headers=PNG | OPEN)
    assert "0.1 megapixels" in _problem(answer, 422)
    files = [("file", ("a.png", b"x"))] * 3
    _problem(strict.client.post("/v1/read/batch", files=files, headers=OPEN), 413)


def test_a_body_that_does_not_come_times_out(strict: Server) -> None:
    connections = [socket.create_connection(strict.address) for _ in range(2)]
    for connection, body in zip(connections, (b"", b"\x89PNG"), strict=True):
        connection.sendall(
            b"POST /v1/read HTTP/1.1\r\nHost: [::1]\r\nAuthorization: Bearer sesame\r\n"
            b"Content-Type: image/png\r\nContent-Length: 1000\r\n\r\n" + body
        )
    for connection in connections:
        with connection:
            connection.settimeout(10)
            assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_garbage_instead_of_http_does_no_harm(server: Server) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /v1/read HTTP/1.1\r\n"):
        with socket.create_connection(server.address) as connection:
            connection.sendall(garbage)
    assert server.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000, 431),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000, 431),
        (b"GET /" + b"y" * 70_000, 431),
        (b"BREW / HTTP/1.1\r\n\r\n", 400),
        (
            b"POST /v1/read HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
            400,
        ),
    ],
)
def test_what_is_no_request_is_answered_with_a_problem(
    server: Server, sent: bytes, status: int
) -> None:
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(sent)
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-security-policy" in head
    assert json.loads(body)["status"] == status


def test_heads_that_do_not_come_are_not_waited_for(strict: Server) -> None:
    beginnings = {b"": b"", b"GET / HTTP/1.1\r\nHost: ": b"HTTP/1.1 408 "}
    open_ones = {socket.create_connection(strict.address): sent for sent in beginnings}
    for connection, sent in open_ones.items():
        connection.sendall(sent)
    started = time.monotonic()
    for connection, sent in open_ones.items():
        connection.settimeout(20)
        assert connection.recv(13) == beginnings[sent]
        connection.close()
    assert time.monotonic() - started > HEAD_SECONDS / 2


def test_who_hangs_up_holds_nothing(server: Server, number: bytes) -> None:
    head = f"POST /v1/read HTTP/1.1\r\nHost: [::1]\r\nContent-Length: {len(number)}\r\n".encode()
    for cut in (10, len(number)):
        with socket.create_connection(server.address) as connection:
            connection.sendall(head + b"Content-Type: image/png\r\n\r\n" + number[:cut])
    deadline = time.monotonic() + 10
    while "tenfold_reads_running 0.0" not in server.client.get("/metrics").text:
        assert time.monotonic() < deadline
    assert server.client.post("/v1/read", content=number, headers=PNG).json()["text"] == "42"


def test_who_comes_when_all_is_taken_is_told_to_come_again(
    strict: Server, hand: ModuleType, png: AsPng
) -> None:
    page = png(hand.write("0123456789", height=24, pen=2.5))

    def ask(_number: int) -> httpx.Response:
        with httpx.Client(base_url=strict.url, headers=OPEN | PNG, timeout=30) as client:
            return client.post("/v1/read", content=page)

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(ask, range(48)))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    turned_away = [answer for answer in answers if answer.status_code == 503]
    assert all(answer.headers["retry-after"] for answer in turned_away)


async def _with_pool(
    settings: Settings, page: bytes, blank: bytes, *, kill: bool
) -> tuple[ProblemError, int]:
    """Ask a pool for something it fails at, then for something it can do."""
    pool = Pool(settings)
    await pool.start()
    try:
        asked = asyncio.create_task(pool.run(_task(page)))
        if kill:
            await asyncio.sleep(0.05)
            (worker,) = _process_pool_workers.get()
            worker.kill()
        with pytest.raises(ProblemError) as caught:
            await asked
        assert pool.ready == 0
        for _ in range(3000):  # the other one takes its place
            if pool.ready:
                break
            await asyncio.sleep(0.02)
        return caught.value, (await pool.run(_task(blank))).status
    finally:
        pool.stop()


@pytest.mark.parametrize(("seconds", "kill", "status"), [(0.4, False, 503), (30, True, 500)])
def test_a_reader_that_takes_too_long_or_dies_is_replaced(
    hand: ModuleType, png: AsPng, seconds: float, kill: bool, status: int
) -> None:
    page = png(hand.write("\n".join(["0123456789" * 3] * 25), height=40))
    blank = png(np.full((60, 60), 255, np.uint8))
    problem, after = asyncio.run(_with_pool(Settings(seconds=seconds), page, blank, kill=kill))
    assert (problem.status, after) == (status, 200)


def test_a_stop_finishes_what_runs(start: object, hand: ModuleType, png: AsPng) -> None:
    assert callable(start)
    server: Server = start(TENFOLD_READS="1")
    page = png(hand.write("\n".join(["0123456789"] * 12), height=60))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(
            httpx.post, f"{server.url}/v1/read", content=page, headers=PNG, timeout=60
        )
        deadline = time.monotonic() + 20
        while "tenfold_reads_running 1.0" not in server.client.get("/metrics").text:
            assert time.monotonic() < deadline
        server.stop()
        assert asked.result().json()["text"].startswith("0123456789")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/healthz")


def test_pictures_in_base64_are_held_to_the_same_limits(client: httpx.Client) -> None:
    bomb = base64.b64encode(_bomb(30_000)).decode()
    assert "50 megapixels" in _problem(client.post("/v1/read", json={"image": bomb}), 422)
