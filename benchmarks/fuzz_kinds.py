"""The kinds of things that fuzz.py feeds to tenfold, each with what it must come to.

A kind yields cases. A case runs one thing and returns nothing where all is well, ``"refused"``
where a server refused it, or in words what is wrong; an error of tenfold's own means refused, too.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from damaged import Rng, damage, damaged_file
from hostile import drawn, layout
from hostile_files import damaged_data, damaged_model, damaged_recipe
from tenfold import load_model
from tenfold.data.registry import load_dataset
from tenfold.errors import TenfoldError
from tenfold.reader.networks import bundled_model
from tenfold.reader.reader import Layout, Reader
from tenfold.training.recipe import load_any

LAYOUTS: tuple[Layout, ...] = ("auto", "line", "page", "digit")


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to feed.

    Parameters
    ----------
    number : int
    name : str
        What an error must name.
    run : callable
        Feeds it; returns what is wrong, ``"refused"``, or nothing.
    content : bytes or None
        The file, to keep it.
    suffix : str
        Of the file's name.
    silent : bool
        Whether what is wrong is that nobody was told.
    """

    number: int
    name: str
    run: Callable[[], str]
    content: bytes | None = None
    suffix: str = ""
    silent: bool = False


def pictures(first: int, last: int, _folder: Path) -> Iterator[Case]:
    """Picture files with damaged bytes."""
    reader = Reader()

    def read(content: bytes, name: str) -> str:
        reader.read(content, name)
        return ""

    for number in range(first, last):
        suffix, content = damaged_file(number)
        name = f"file-{number}{suffix}"
        yield Case(number, name, partial(read, content, name), content, suffix)


def layouts(first: int, last: int, _folder: Path) -> Iterator[Case]:
    """Drawn pages that no hand wrote: they must be read, whatever they say."""
    readers = [Reader(layout=name) for name in LAYOUTS]

    def read(number: int) -> str:
        try:
            readers[number % len(readers)].read(layout(number)[1])
        except TenfoldError as error:
            return f"refused: {error}"
        return ""

    for number in range(first, last):
        yield Case(number, "picture", partial(read, number))


def models(first: int, last: int, folder: Path) -> Iterator[Case]:
    """Model files with damaged bytes, or that say something else."""
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    expected = bundled_model().predict_proba(images)

    def open_it(path: Path, content: bytes, on_purpose: bool) -> str:
        path.write_bytes(content)
        try:
            found = load_model(path, threads=1).predict_proba(images)
        finally:
            path.unlink()
        if on_purpose:
            sound = np.isfinite(found).all() and np.allclose(found.sum(axis=1), 1, atol=1e-3)
            return "" if sound else "answers that are no probabilities"
        return "" if np.array_equal(found, expected) else "other probabilities without a word"

    for number in range(first, last):
        content, on_purpose = damaged_model(number)
        path = folder / f"model-{number}.onnx"
        run = partial(open_it, path, content, on_purpose)
        yield Case(number, str(path), run, content, ".onnx", silent=True)


def inputs(first: int, last: int, folder: Path) -> Iterator[Case]:
    """Recipes and data sets with damaged bytes or values."""

    def load(path: Path, content: bytes) -> str:
        path.write_bytes(content)
        try:
            load_any(path) if path.suffix == ".toml" else load_dataset(path)
        finally:
            path.unlink()
        return ""

    for number in range(first, last):
        is_recipe = number % 2 == 0
        suffix, content = (
            (".toml", damaged_recipe(number // 2)) if is_recipe else damaged_data(number // 2)
        )
        path = folder / f"input-{number}{suffix}"
        yield Case(number, path.name, partial(load, path, content), content, suffix)


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, int]]:
    """Start a server; at the end it must be well and have written no traceback."""
    log = folder / "server.log"
    command = [sys.executable, "-m", "tenfold", "serve", "--port", "0"]
    with log.open("wb") as file:
        # It waits for the rest of a request no longer than a reading may take.
        environment = os.environ | {"TENFOLD_SECONDS": "5"}
        process = subprocess.Popen(command, stderr=file, env=environment)
    try:
        while not (found := re.search(r"http://([^:/]+):(\d+)/", log.read_text(errors="replace"))):
            if process.poll() is not None:
                raise RuntimeError(log.read_text(errors="replace"))
            time.sleep(0.05)
        yield found[1], int(found[2])
        if "Traceback" in log.read_text(errors="replace"):
            raise RuntimeError(log.read_text(errors="replace")[-2000:])
    finally:
        process.terminate()
        process.wait()


def _request(number: int) -> bytes:
    """Return request ``number``: a sound one with damaged bytes."""
    rng = np.random.default_rng([17, number])
    page = cv2.imencode(".bmp", drawn("text", (60, 200), np.random.default_rng(0)))[1].tobytes()
    bodies = (
        ("image/bmp", page), ("application/json", b'{"image": "aGVsbG8="}'),
        ("application/json", b'{"strokes": [{"points": [[1, 2], [30, 40]]}], '
         b'"width": 90, "height": 60}'),
        ("multipart/form-data; boundary=B", b"--B\r\nContent-Disposition: form-data; name=file; "
         b"filename=a.bmp\r\n\r\n" + page + b"\r\n--B--\r\n"),
    )  # fmt: skip
    kind, body = bodies[int(rng.integers(len(bodies)))]
    path = rng.choice(["/v1/read", "/v1/read", "/v1/read/batch", "/v1/classify", "/v1/teach", "/"])
    count = int(rng.choice([1, 1, 2, 8]))
    if whole := rng.random() < 0.5:  # what follows the head alone, of the length that it says
        body = _damaged(body, count, rng)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    content = head.encode() + body
    return content if whole else _damaged(content, count, rng)


def _damaged(content: bytes, count: int, rng: Rng) -> bytes:
    damaged = bytearray(content)
    for _ in range(count):
        damaged = damage(damaged, rng)
    return bytes(damaged)


def requests(first: int, last: int, folder: Path) -> Iterator[Case]:
    """Send requests with damaged bytes through a socket."""
    with _server(folder) as address:

        def send(content: bytes) -> str:
            with socket.create_connection(address, timeout=30) as connection:
                try:
                    connection.sendall(content)
                    answer = connection.makefile("rb").read(20)
                except (ConnectionError, BrokenPipeError):  # it hung up on what is no request
                    return "refused"
            return _judged(int(answer[9:12] or b"400"))

        for number in range(first, last):
            content = _request(number)
            yield Case(number, "request", partial(send, content), content, ".http")


def _judged(status: int) -> str:
    if status >= 500 and status not in (503, 505):
        return f"status {status}"
    return "refused" if status >= 400 else ""


def described(first: int, last: int, folder: Path) -> Iterator[Case]:
    """Send what schemathesis makes of the API's own description, right and wrong requests."""
    import schemathesis
    from schemathesis import GenerationMode

    def send(case: Any) -> str:
        return _judged(case.call(timeout=30).status_code)

    with _server(folder) as (host, port):
        description = schemathesis.openapi.from_url(f"http://{host}:{port}/openapi.json")
        operations: list[Any] = [each.ok() for each in list[Any](description.get_all_operations())]
        ways = [
            operation.as_strategy(generation_mode=mode)
            for operation in operations
            for mode in GenerationMode
            if mode is GenerationMode.POSITIVE or operation.method == "post"
        ]
        # Some have few requests that differ, so of each more are drawn than is its share.
        drawn = [_drawn(way, 1 + 4 * (last - first) // len(ways), first) for way in ways]
        cases = (case for row in zip_longest(*drawn) for case in row if case is not None)
        for number, case in zip(range(first, last), cases, strict=False):
            yield Case(number, "request", partial(send, case))


def _drawn(strategy: Any, count: int, number: int) -> list[Any]:
    from hypothesis import HealthCheck, Phase, given, seed, settings

    found: list[Any] = []

    @seed(number)
    @given(strategy)
    @settings(
        max_examples=max(1, count),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def collect(case: Any) -> None:
        found.append(case)

    collect()
    return found


KINDS: dict[str, Callable[[int, int, Path], Iterator[Case]]] = {
    kind.__name__: kind for kind in (pictures, models, layouts, inputs, requests, described)
}
