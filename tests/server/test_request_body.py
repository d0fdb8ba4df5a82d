from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from tenfold.server.bodies import Sent
from tenfold.server.problems import ProblemError
from tenfold.server.request_body import Body, Intake
from tenfold.server.settings import Settings

BATCH = 2


def _form(*files: tuple[str, bytes], field: str = "file", **fields: str) -> tuple[str, bytes]:
    pairs = [(field, (name, content, "image/png")) for name, content in files]
    # A boundary of httpx's own differs each time, and names tests.
    kind = {"content-type": "multipart/form-data; boundary=here"}
    request = httpx.Request("POST", "http://here/", headers=kind, files=pairs, data=fields)
    return request.headers["content-type"], request.read()


def _taken(kind: str, body: bytes, *, batch: bool = False, body_mb: float = 25) -> Body:
    """Take a body in that comes in pieces, and see that no memory stays held."""
    headers = [(b"content-type", kind.encode())] if kind else []
    intake = Intake(Settings(batch=BATCH, body_mb=body_mb))
    free = intake._free

    def messages() -> Iterator[Message]:
        size = max(1, len(body) // 3)
        for at in range(0, len(body), size):
            yield {"type": "http.request", "body": body[at : at + size], "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    coming = messages()

    async def receive() -> Message:
        return next(coming)

    async def take() -> Body:
        request = Request({"type": "http", "headers": headers}, receive)
        with intake.room() as room:
            return await intake.pictures(room, request, batch=batch)

    try:
        return asyncio.run(take())
    finally:
        assert intake._free == free


def test_a_picture_comes_raw_or_in_a_form() -> None:
    assert _taken("image/png", b"xyz") == [Sent("picture", b"xyz")]
    assert _taken("application/octet-stream", b"xyz") == [Sent("picture", b"xyz")]
    assert _taken(*_form(("scans/a.png", b"\x00\xff"))) == [Sent("a.png", b"\x00\xff")]
    assert _taken("application/json; charset=utf-8", b"{}") == b"{}"  # for the readers to parse


def test_a_batch_keeps_its_order() -> None:
    files = _taken(*_form(("a", b"1"), ("b", b"2")), batch=True)
    assert files == [Sent("a", b"1"), Sent("b", b"2")]


def test_large_files_of_a_form_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    large = b"\x00" * 3_000_000
    assert _taken(*_form(("a.png", large))) == [Sent("a.png", large)]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("", b"x", 415),
        ("text/plain", b"7", 415),
        ("application/x-www-form-urlencoded", b"x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"no boundary", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n", 400),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n1', 400),
        (*_form(("a", b"1"), field="picture"), 422),
        (*_form(("a", b"1"), layout="line"), 422),
        (*_form(("a", b"1"), ("b", b"2")), 413),
    ],
)  # fmt: skip
def test_what_holds_no_picture_is_refused(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(ProblemError) as caught:
        _taken(kind, body)
    assert caught.value.status == status
    assert caught.value.detail.endswith(".")


def test_a_field_that_is_not_known_is_named() -> None:
    with pytest.raises(
        ProblemError, match=r"^picture: .* no such field. Pictures are sent as 'file'\.$"
    ):
        _taken(*_form(("a", b"1"), field="picture"))
    with pytest.raises(ProblemError, match=r"^layout: .* Options go into the query"):
        _taken(*_form(("a", b"1"), layout="line"))


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("image/png", b"x", 415),
        (*_form(("a", b"1"), ("b", b"2"), ("c", b"3")), 413),
        (*_form(("a", b"1"), layout="line"), 422),
    ],
)
def test_what_is_no_batch_is_refused(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(ProblemError) as caught:
        _taken(kind, body, batch=True)
    assert caught.value.status == status


def test_a_body_is_bounded() -> None:
    with pytest.raises(ProblemError, match=r"larger than 0\.001 MB") as caught:
        _taken("image/png", bytes(1001), body_mb=0.001)
    assert caught.value.status == 413


def test_all_bodies_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfold.server.request_body.BODIES_AT_ONCE", 0.5)
    with pytest.raises(ProblemError) as caught:
        _taken("image/png", bytes(1000), body_mb=0.001)
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "1")
