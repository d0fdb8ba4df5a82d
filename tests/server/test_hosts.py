"""By which names the server is called, and whose pages may ask it."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING

import pytest

from tenfold.errors import UsageError
from tenfold.server.hosts import LOOPBACK, names_of

if TYPE_CHECKING:
    from tests.server.conftest import Server, Start

EVIL = "rebound.example"
ANY = "0.0.0.0"  # noqa: S104
LESSON = json.dumps({"digit": 7, "glyph": "AAAA" * 261 + "AA=="}).encode()


def _ask(
    server: Server, method: str, path: str, body: bytes | None = None, /, **headers: str
) -> tuple[int, str]:
    """Ask with these headers and no other; underscores stand for hyphens."""
    connection = http.client.HTTPConnection(*server.address, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def test_a_name_that_is_not_its_own_gets_nothing(server: Server, number: bytes) -> None:
    asked = [
        ("GET", "/", None, ""),
        ("GET", "/page/main.js", None, ""),
        ("GET", "/openapi.json", None, ""),
        ("GET", "/v1/teach", None, ""),
        ("GET", "/metrics", None, ""),
        ("GET", "/healthz", None, ""),
        ("POST", "/v1/read", number, "image/png"),
        ("POST", "/v1/teach", LESSON, "application/json"),
        ("DELETE", "/v1/teach/" + "0" * 32, None, ""),
    ]
    before = server.client.get("/v1/teach").json()
    for method, path, body, kind in asked:
        for host in (EVIL, f"{EVIL}:{server.address[1]}", "localhost.rebound.example", "@", ""):
            status, content = _ask(server, method, path, body, Host=host, Content_Type=kind)
            assert status == 421, (method, path, host, content)
            assert json.loads(content)["detail"].endswith("'tenfold serve --allowed-host'.")
    assert server.client.get("/v1/teach").json() == before


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1234", "localhost.", "127.0.0.1", "127.0.0.1:80", "[::1]:8000"]
)
def test_it_goes_by_the_names_of_the_loopback(server: Server, host: str) -> None:
    assert _ask(server, "GET", "/healthz", Host=host)[0] == 200


def test_there_is_one_host_header(server: Server) -> None:
    for head in (b"", b"Host: localhost\r\nHost: rebound.example\r\n"):
        with socket.create_connection(server.address, timeout=10) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n" + head + b"\r\n")
            assert connection.makefile("rb").read().startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_pages_of_other_origins_get_nothing(server: Server, number: bytes, site: str) -> None:
    before = server.client.get("/v1/teach").json()
    for method, path, body, kind in [
        ("GET", "/v1/model", None, ""),
        ("GET", "/metrics", None, ""),
        ("GET", "/page/main.js", None, ""),
        ("POST", "/v1/read", number, "image/png"),
        ("POST", "/v1/teach", LESSON, "application/json"),
        ("DELETE", "/v1/teach/" + "0" * 32, None, ""),
    ]:
        headers = {"Host": "localhost", "Content-Type": kind}
        for told in (
            {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "no-cors"},
            {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "cors", "Origin": "http://localhost"},
            {"Origin": "https://example.org"},
            {"Origin": "http://localhost:1"},
            {"Origin": "null"},
        ):
            status, content = _ask(server, method, path, body, **headers, **told)
            assert status == 403, (method, path, told, content)
    assert server.client.get("/v1/teach").json() == before


def test_a_link_from_elsewhere_leads_to_the_page_alone(server: Server) -> None:
    followed = {"Host": "localhost", "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert _ask(server, "GET", "/", **followed)[0] == 200
    assert _ask(server, "GET", "/docs", **followed)[0] == 200
    assert _ask(server, "GET", "/v1/model", **followed)[0] == 403
    assert _ask(server, "GET", "/metrics", **followed)[0] == 403
    assert _ask(server, "POST", "/", b"", **followed)[0] == 403


def test_the_own_page_and_programs_are_let_in(server: Server) -> None:
    own = f"localhost:{server.address[1]}"
    for told in (
        {},
        {"Origin": f"http://{own}"},
        {"Origin": f"https://{own}"},  # a proxy speaks TLS before it
        {"Origin": "null", "Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
    ):
        assert _ask(server, "GET", "/v1/model", Host=own, **told)[0] == 200, told


@pytest.mark.parametrize(
    ("host", "bound", "allowed", "token", "names"),
    [
        ("127.0.0.1", "127.0.0.1", [], False, LOOPBACK),
        ("Lan.local", "192.0.2.7", [], False, LOOPBACK | {"lan.local", "192.0.2.7"}),
        ("::1", "::1", ["A.org:80"], True, LOOPBACK | {"a.org"}),
        (ANY, ANY, ["a.org", "b.org."], False, LOOPBACK | {"a.org", "b.org"}),
        ("::", "::", ["2001:DB8::0:1"], False, LOOPBACK | {"[2001:db8::1]"}),
        ("", ANY, [], True, None),
    ],
)
def test_names(
    host: str, bound: str, allowed: list[str], token: bool, names: frozenset[str] | None
) -> None:
    assert names_of(host, bound, allowed, token=token) == names


@pytest.mark.parametrize("bound", [ANY, "::", "::ffff:0.0.0.0"])
def test_every_address_needs_a_name_or_a_token(bound: str) -> None:
    with pytest.raises(UsageError, match=r"--allowed-host NAME.*TENFOLD_TOKEN"):
        names_of(bound, bound, [], token=False)


@pytest.mark.parametrize("name", ["*", "*.example.org", "http://example.org", "", "a b"])
def test_what_is_no_name_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="is no host name"):
        names_of("127.0.0.1", "127.0.0.1", [name], token=False)


def test_every_address_with_a_name(start: Start) -> None:
    named = "--host=0.0.0.0", "--allowed-host=digits.example.org", "--allowed-host=other.example"
    server = start(*named, TENFOLD_READS="1")
    assert "http://digits.example.org:" in server.output()
    for host, status in {
        "digits.example.org": 200, "other.example:8000": 200, "localhost": 200, EVIL: 421
    }.items():  # fmt: skip
        assert _ask(server, "GET", "/v1/model", Host=host)[0] == status
    server.stop()
