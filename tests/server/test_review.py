"""What the review's routes take and refuse, asked without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tenfold.forms.results import Results
from tenfold.forms.review import Review
from tenfold.server.review import create_review
from tenfold.server.settings import Settings

if TYPE_CHECKING:
    from tests.stacks import Stack

JSON = {"Content-Type": "application/json"}
WHO = {"window": "w", "reviewer": "Ada"}


class Client:
    """Asks an application in this process."""

    def __init__(self, results: Results, settings: Settings | None = None) -> None:
        self._app = create_review(Review(results), settings or Settings(body_mb=0.01), "Ada")

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
            base = "http://127.0.0.1"
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def post(self, what: str, **record: object) -> httpx.Response:
        return self("POST", f"/v1/review/{what}", json=WHO | record)


@pytest.fixture
def results(stack: Stack, tmp_path: Path) -> Iterator[Results]:
    with stack.fill(tmp_path / "results", 6, doubtful=4, lost=1) as opened:
        yield opened


@pytest.fixture
def client(results: Results) -> Client:
    return Client(results)


def test_items_hold_what_the_page_shows_and_no_more(client: Client, results: Results) -> None:
    about = client("GET", "/v1/review").json()
    assert (about["title"], about["pages"], about["reviewer"]) == ("Exam cover", 1, "Ada")
    assert about["fields"][0]["words"] == "5 digits, each value once"
    answer = client.post("items").json()
    assert [item["kind"] for item in answer["items"]] == ["field"] * 4 + ["page"]
    assert answer["progress"] == {"open": 5, "elsewhere": 0, "decided": 0}
    field = answer["items"][0]
    assert field["field"] == "student_id"
    assert field["box"] == list(results.fields[0].box)
    picture = client("GET", f"/v1/review/pages/{field['page']}/picture")
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["cache-control"] == "no-store"


def test_every_answer_has_the_servers_headers(client: Client) -> None:
    for path in ("/", "/review/main.js", "/page/style.css", "/v1/review", "/nothing"):
        answer = client("GET", path)
        assert answer.status_code == (404 if path == "/nothing" else 200)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
    assert client("GET", "/nothing").json()["detail"] == "There is nothing at this address."
    assert client("GET", "/openapi.json").status_code == 404


def test_the_door_is_the_servers(results: Results, client: Client) -> None:
    assert client("GET", "/", headers={"Host": "evil.example"}).status_code == 421
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert client("GET", "/v1/review", headers=foreign).status_code == 403
    closed = Client(results, Settings(token="sesame"))  # noqa: S106
    assert closed("GET", "/").status_code == 200
    for path in ("", "/summary", "/pages/1/picture"):
        assert closed("GET", f"/v1/review{path}").status_code == 401
    for what in ("items", "fields", "pages", "undo", "release"):
        assert closed.post(what).status_code == 401
    right = {"Authorization": "Bearer sesame"}
    assert closed("GET", "/v1/review", headers=right).status_code == 200


@pytest.mark.parametrize(
    ("what", "record", "said"),
    [
        ("fields", {"field": 1}, "value: it is missing"),
        ("fields", {"field": 10**6, "value": "1"}, "there is no field 1000000"),
        ("fields", {"field": "1", "value": "1"}, "field: "),
        ("fields", {"field": 2**70, "value": "1"}, "field: "),
        ("fields", {"field": 1, "value": "1" * 201}, "value: "),
        ("fields", {"field": 1, "value": "1", "force": True}, "force: there is no such field"),
        ("pages", {"page": 7, "template_page": 1, "values": {"q9": "1"}}, "q9: page 1 of"),
        ("pages", {"page": 99, "template_page": None}, "there is no page 99"),
        ("items", {"fields": ["1); DROP TABLE field"]}, "fields[0]: "),
        ("items", {"reviewer": ""}, "reviewer: "),
    ],
)
def test_what_is_wrong_is_named(
    client: Client, what: str, record: dict[str, Any], said: str
) -> None:
    answer = client.post(what, **record)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].startswith(said)


def test_a_form_from_elsewhere_decides_nothing(client: Client) -> None:
    answer = client("POST", "/v1/review/undo", data=WHO)
    assert answer.status_code == 415
    assert client("POST", "/v1/review/undo", content=b"{", headers=JSON).status_code == 400
    long = client("POST", "/v1/review/undo", content=bytes(20_000), headers=JSON)
    assert long.status_code == 413


def test_names_and_values_steer_nothing(client: Client, results: Results) -> None:
    item = client.post("items").json()["items"][1]
    answer = client.post(
        "fields", field=item["id"], value="1\x1b[31m\u202e", reviewer="A\nda", insist=True
    )
    assert answer.json()["saved"]
    row = results.database.row("SELECT value, reviewer FROM decision")
    assert tuple(row) == (r"1\x1b[31m\xe2\x80\xae", r"A\nda")


def test_on_a_full_disk_nothing_is_said_to_be_saved(client: Client, results: Results) -> None:
    item = client.post("items").json()["items"][1]
    pages = results.database.row("PRAGMA page_count")[0]
    results.database.rows(f"PRAGMA max_page_count = {pages}")
    status, saved = 200, 0
    for number in range(400):
        value = f"{number:0200}"
        answer = client.post(
            "fields", field=item["id"], value=value, reviewer="A" * 120, insist=True
        )
        if answer.status_code != 200:
            status = answer.status_code
            break
        saved += answer.json()["saved"]
        assert client.post("undo").status_code in (200, 507)
    assert status == 507
    assert answer.json()["detail"].startswith("This was not saved: the results cannot be written")
    assert str(results.folder) not in answer.text
    results.database.rows("PRAGMA max_page_count = 1000000")
    assert client.post("fields", field=item["id"], value="77", insist=True).json()["saved"]
    assert results.database.row("SELECT count(*) FROM decision")[0] == saved + 1


def test_a_page_without_a_picture_says_so(client: Client, results: Results) -> None:
    results.purge(before=4e9)
    answer = client("GET", "/v1/review/pages/7/picture")
    assert (answer.status_code, answer.json()["detail"]) == (
        404, "The picture of this page was not kept.",
    )  # fmt: skip
    items = client.post("items").json()["items"]
    assert not any(item["snippet"] or item["pictured"] for item in items)
