"""What the routes of the page to draw forms on take and refuse, asked without a browser."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.cards import FORM, READING, Card, lay_out

from tenfold.forms import load
from tenfold.forms.draft import Draft
from tenfold.server.editor import create_editor
from tenfold.server.settings import Settings


class Client:
    """Asks an application in this process."""

    def __init__(self, form: Path, settings: Settings | None = None) -> None:
        self._guard = create_editor(Draft.open(form), settings or Settings(body_mb=2))

    def __call__(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._guard, raise_app_exceptions=False)
            base = "http://127.0.0.1"
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.request(method, path or "/v1/form", **options)

        return asyncio.run(ask())

    def post(self, what: str, fields: list[dict[str, Any]], **more: object) -> httpx.Response:
        return self("POST", f"/v1/form{what}", json={"fields": fields} | more)


@pytest.fixture
def card(hand: ModuleType, tmp_path: Path) -> Card:
    return lay_out(tmp_path, hand)


@pytest.fixture
def client(card: Card) -> Iterator[Client]:
    client = Client(card.form)
    yield client
    client._guard._app.state.trial.close()  # type: ignore[attr-defined]


def drawn(client: Client) -> list[dict[str, Any]]:
    """All fields as the page sends them."""
    tables = client("GET").json()["fields"]
    return [{"table": table, "origin": place} for place, table in enumerate(tables)]


def test_it_shows_the_form_and_its_pages(client: Client) -> None:
    about = client("GET").json()
    assert (about["file"], about["title"]) == ("form.toml", "Meter card")
    assert about["pages"] == [{"width": 1000, "height": 700}]
    assert about["fields"][0]["comb"] is True
    picture = client("GET", "/v1/form/pages/1")
    assert picture.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(picture.content)).size == (1000, 700)
    assert client("GET", "/v1/form/pages/2").status_code == 404


def test_a_sheet_is_read_by_what_is_drawn(client: Client, card: Card) -> None:
    fields = drawn(client)
    assert client.post("/try", fields).status_code == 409
    sent = client("POST", "/v1/form/sheet", files={"file": ("a/b.png", card.sheet.read_bytes())})
    assert sent.json() == {"name": "b.png"}
    answer = client.post("/try", fields).json()
    assert (answer["status"], answer["page"], answer["count"]) == ("read", 1, 1)
    first, second = answer["fields"]
    assert (first["value"], first["status"]) == (READING, "ok")
    assert (second["value"], second["status"]) == (None, "blank")
    for content in (first["snippet"], answer["picture"]):
        assert np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))).std() > 5
    # The very same as a stack is read by the file.
    (sheet,) = load(card.form).read([card.sheet])
    assert [(one.value, one.probability) for one in sheet.fields] == [
        (one["value"], one["probability"]) for one in answer["fields"]
    ]
    # Fewer cells drawn are fewer digits read.
    fields[0]["table"]["box"][2] *= 4 / 7
    fields[0]["table"]["digits"] = 4
    assert client.post("/try", fields).json()["fields"][0]["value"] == READING[:4]
    assert card.form.read_text() == FORM


def test_a_sheet_that_cannot_be_read_says_why(client: Client, card: Card) -> None:
    fields = drawn(client)
    noise = io.BytesIO()
    Image.fromarray(np.full((400, 600), 250, np.uint8)).save(noise, "PNG")
    for content, status, reason in (
        (noise.getvalue(), "not aligned", "nothing is printed on it"),
        (b"\x89PNG\r\n", "failed", "sheet.png: "),
    ):
        client("POST", "/v1/form/sheet", files={"file": ("sheet.png", content)})
        answer = client.post("/try", fields).json()
        assert answer["status"] == status
        assert answer["reason"].startswith(reason)
    client("POST", "/v1/form/sheet", files={"file": ("a.png", card.sheet.read_bytes())})
    answer = client.post("/try", fields, page=7).json()
    assert (answer["status"], answer["fields"]) == ("failed", [])
    fields[0]["table"]["digits"] = 99
    answer = client.post("/try", fields).json()
    assert answer["problems"][0]["field"] == 0
    assert "status" not in answer


def test_slips_stand_beside_their_fields_and_save_nothing(client: Client, card: Card) -> None:
    fields = drawn(client)
    assert client.post("/check", fields).json() == {"problems": []}
    fields[1]["table"]["range"] = [9, 1]
    found = client.post("/check", fields).json()["problems"]
    assert [problem["field"] for problem in found] == [1]
    assert "range 9..1 is empty" in found[0]["text"]
    digest = client("GET").json()["digest"]
    answer = client.post("", fields, title="x", digest=digest).json()
    assert answer["saved"] is False
    assert [problem["field"] for problem in answer["problems"]] == [1]
    assert card.form.read_text() == FORM


def test_it_saves_and_never_over_what_somebody_else_saved(client: Client, card: Card) -> None:
    fields, digest = drawn(client), client("GET").json()["digest"]
    fields[0]["table"]["name"] = "meter"
    answer = client.post("", fields, title="Meter card", digest=digest).json()
    assert answer["saved"] is True
    assert card.form.read_text() == FORM.replace('"reading"', '"meter"')
    stale = client.post("", fields, title="Meter card", digest=digest).json()
    assert stale["saved"] is False
    assert "form.toml was changed by somebody else" in stale["changed"]
    assert client.post("", fields, title="m", digest=digest, insist=True).json()["saved"]
    assert load(card.form).title == "m"


def test_the_door_is_the_servers(card: Card, client: Client) -> None:
    assert client("GET", "/", headers={"Host": "evil.example"}).status_code == 421
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert client("GET", headers=foreign).status_code == 403
    for path in ("/", "/editor/main.js", "/page/style.css", "/v1/form", "/nothing"):
        answer = client("GET", path)
        assert answer.status_code == (404 if path == "/nothing" else 200)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    closed = Client(card.form, Settings(token="sesame"))  # noqa: S106
    assert closed("GET", "/").status_code == 200
    assert closed("GET").status_code == closed("GET", "/v1/form/pages/1").status_code == 401
    for what in ("", "/check", "/try", "/sheet"):
        assert closed.post(what, []).status_code == 401


@pytest.mark.parametrize(
    ("what", "body", "said"),
    [
        ("/check", {}, "fields: it is missing"),
        ("/check", {"fields": [{"table": 1}]}, "fields[0].table: "),
        ("/check", {"fields": [{"table": {}, "origin": -1}]}, "fields[0].origin: "),
        ("/try", {"fields": [], "page": 0}, "page: "),
        ("", {"fields": [], "title": "x", "digest": "", "path": "/etc"}, "path: there is no such"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(
    client: Client, what: str, body: dict[str, Any], said: str
) -> None:
    answer = client("POST", f"/v1/form{what}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].startswith(said)


def test_a_form_from_elsewhere_saves_nothing(client: Client) -> None:
    assert client("POST", data={"title": "x"}).status_code == 415
    assert client("POST", "/v1/form/sheet", content=bytes(3_000_000)).status_code in (413, 415)
    assert client.post("/check", [{"table": {"name": "a" * 3_000_000}}]).status_code == 413
    assert client.post("/check", [{"table": {"name": "a", "box": "x", "zz": 1}}]).json()["problems"]
