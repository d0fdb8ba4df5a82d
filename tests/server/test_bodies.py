from __future__ import annotations

import base64
import json

import httpx
import pytest

from tenfold.errors import DataError
from tenfold.server.bodies import Sent, many, one
from tenfold.server.problems import ProblemError


def _form(*files: tuple[str, bytes], field: str = "file") -> tuple[str, bytes]:
    pairs = [(field, (name, content, "image/png")) for name, content in files]
    request = httpx.Request("POST", "http://here/", files=pairs)
    return request.headers["content-type"], request.read()


def test_a_picture_comes_raw_in_a_form_or_as_base64() -> None:
    assert one("image/png", b"x") == Sent("picture", b"x")
    assert one("application/octet-stream", b"x").source == b"x"
    assert one(*_form(("scans/a.png", b"\x00\xff"))) == Sent("a.png", b"\x00\xff")
    encoded = base64.b64encode(b"\x01\x02").decode()
    for text in (encoded, f"data:image/png;base64,{encoded}"):
        body = json.dumps({"image": text, "name": "a/b.png"}).encode()
        assert one("application/json; charset=utf-8", body) == Sent("b.png", b"\x01\x02")


def test_a_drawing_becomes_pixels() -> None:
    strokes = [{"points": [[10, 10], [20, 20]]}]
    sent = one(
        "application/json", json.dumps({"strokes": strokes, "width": 40, "height": 30}).encode()
    )
    assert not isinstance(sent.source, bytes)
    assert (sent.name, sent.source.shape) == ("drawing", (30, 40))


def test_large_files_of_a_form_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    large = b"\x00" * 3_000_000
    assert one(*_form(("a.png", large))).source == large


def test_a_batch_keeps_its_order_and_its_failures() -> None:
    assert [part.source for part in many(*_form(("a", b"1"), ("b", b"2")), 2)] == [b"1", b"2"]  # type: ignore[union-attr]
    pictures = [{"image": "eA=="}, {"image": "?"}, {"strokes": 3, "width": 9, "height": 9}, {}]
    body = json.dumps({"pictures": pictures}).encode()
    parts = many("application/json", body, 4)
    assert parts[0] == Sent("picture", b"x")
    assert [isinstance(part, DataError) for part in parts] == [False, True, True, True]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("", b"x", 415),
        ("text/plain", b"7", 415),
        ("application/x-www-form-urlencoded", b"x", 415),
        ("application/json", b"", 400),
        ("application/json", b"{", 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", b"[" * 200_000, 400),
        ("application/json", b'{"image": NaN}', 400),
        ("application/json", b"[]", 422),
        ("application/json", b"{}", 422),
        ("application/json", b'{"image": 7}', 422),
        ("application/json", b'{"image": "%%%"}', 422),
        ("application/json", b'{"image": "eA==", "name": 7}', 422),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"no boundary", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n", 400),
        (*_form(("a", b"1"), field="picture"), 422),
        (*_form(("a", b"1"), ("b", b"2")), 413),
    ],
)
def test_what_holds_no_picture_is_refused(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(ProblemError) as caught:
        one(kind, body)
    assert caught.value.status == status
    assert caught.value.detail.endswith((".", "'."))


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("image/png", b"x", 415),
        ("application/json", b"{}", 422),
        ("application/json", b'{"pictures": [1]}', 422),
        ("application/json", b'{"pictures": [{}, {}, {}]}', 413),
        (*_form(("a", b"1"), ("b", b"2"), ("c", b"3")), 413),
    ],
)
def test_what_is_no_batch_is_refused(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(ProblemError) as caught:
        many(kind, body, 2)
    assert caught.value.status == status
