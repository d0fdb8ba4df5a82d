"""Which names the server answers to, and whose pages may ask it.

A page from elsewhere whose name is made to lead to this machine ("DNS rebinding") is of the
server's own origin as far as the browser can tell; only the name in the Host header gives it away.
Pages that ask across origins are told by the browser itself (Sec-Fetch-Site), or by their Origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from tenfold.errors import UsageError
from tenfold.server.problems import CLOSE, ProblemError

if TYPE_CHECKING:  # what the command reads its options with needs no web framework
    from starlette.types import Scope

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
OWN = {b"same-origin", b"none"}  # none: typed, or from a bookmark
CLOSED_TO_LINKS = ("/v1/", "/metrics")


def plain(host: str) -> str:
    """Return a name as it is compared: without port, case, and the dot at its end.

    Examples
    --------
    >>> plain("Digits.Example.org.:8000"), plain("[::1]:8000"), plain("::1")
    ('digits.example.org', '[::1]', '[::1]')
    """
    host = host.strip().lower()
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    end = host.find("]")
    name = host[: end + 1] if end >= 0 else host.partition(":")[0].removesuffix(".")
    try:
        return f"[{IPv6Address(name[1:-1])}]" if end >= 0 else name
    except ValueError:
        return name


def names_of(
    host: str, bound: str, allowed: Iterable[str], *, token: bool
) -> frozenset[str] | None:
    """Return the names that a server answers to; None for whatever it is called.

    Parameters
    ----------
    host, bound : str
        Where it was told to listen, and the address that came of it.
    allowed : iterable of str
        Further names it was given.
    token : bool
        Whether callers need one: no page that has only changed its name can have it.

    Raises
    ------
    UsageError
        If it listens on every address without a name or a token, or a name is none.

    Examples
    --------
    >>> sorted(names_of("127.0.0.1", "127.0.0.1", ["digits.example.org"], token=False))
    ['127.0.0.1', '[::1]', 'digits.example.org', 'localhost']
    """
    named = {plain(name): name for name in allowed}
    for name, given in named.items():
        if not name or any(letter in given.strip() for letter in "/*@ "):
            raise UsageError(
                f"{given!r} is no host name. Give what stands between // and the next / or : in "
                "the address that people use, as in --allowed-host digits.example.org."
            )
    address = ip_address(bound.partition("%")[0])
    if not (getattr(address, "ipv4_mapped", None) or address).is_unspecified:
        return LOOPBACK | named.keys() | {plain(host), plain(bound)}
    if named:
        return LOOPBACK | named.keys()
    if token:
        return None
    raise UsageError(
        f"{host or bound} is every address of this machine. Say by which name people reach it "
        "(--allowed-host NAME, may be repeated), or set TENFOLD_TOKEN: else any page on the web "
        "could use the server through the browser of somebody near it."
    )


class Door:
    """Who is let in, before anything else is looked at.

    Parameters
    ----------
    names : frozenset of str or None
        The names that the server answers to, as `names_of` gives them.
    """

    def __init__(self, names: frozenset[str] | None) -> None:
        self._names = names

    def check(self, scope: Scope) -> None:
        """Let a request pass.

        Raises
        ------
        ProblemError
            421 if it calls the server by a name that is not its own, 403 if it comes from a page
            of another origin.
        """
        hosts: list[bytes] = []
        site = origin = mode = None
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name == b"sec-fetch-site":
                site = value
            elif name == b"sec-fetch-mode":
                mode = value
            elif name == b"origin":
                origin = value
        if len(hosts) != 1:
            raise ProblemError(400, "Give one Host header, with the name of the server.", CLOSE)
        self._check_name(hosts[0].decode("latin-1"))
        if site in OWN or (site is None and (origin is None or _leads_to(origin, hosts[0]))):
            return
        # A link from elsewhere may lead to the page: who follows it shows nothing to its author.
        followed = mode == b"navigate" and scope["method"] in {"GET", "HEAD"}
        if not followed or scope["path"].startswith(CLOSED_TO_LINKS):
            detail = "A page of another origin asks. Open the server's own page and use that."
            raise ProblemError(403, detail, CLOSE)

    def _check_name(self, host: str) -> None:
        name = plain(host)
        if self._names is not None and name not in self._names:
            shown = name[:120] if name.isprintable() and name else "a Host header without a name"
            raise ProblemError(
                421,
                f"{shown}: this server does not go by that name. If it should, start it with "
                "that name behind 'tenfold serve --allowed-host'.",
                CLOSE,
            )


def _leads_to(origin: bytes, host: bytes) -> bool:
    """Whether an origin such as ``http://localhost:8000`` is the server that was asked."""
    scheme, slashes, place = origin.lower().partition(b"://")
    return bool(slashes) and scheme in {b"http", b"https"} and place == host.lower()
