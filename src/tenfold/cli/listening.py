"""Run an application of the server: listen, say where, and end when asked to."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeAlias

import typer

from tenfold.errors import TenfoldError

if TYPE_CHECKING:
    from tenfold.server.middleware import Guard
    from tenfold.server.settings import Settings

Make: TypeAlias = "Callable[[Settings, TextIO | None], Guard]"
Announce: TypeAlias = Callable[[str, str], None]
STOP_SECONDS = 30

Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")]
AllowedHost = Annotated[
    list[str] | None,
    typer.Option(
        help="Name that people reach it by, besides localhost and --host; may be repeated.",
        envvar="TENFOLD_ALLOWED_HOSTS",
    ),
]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
]
Silent = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def run(
    make: Make,
    settings: Settings,
    host: str,
    port: int,
    allowed: list[str],
    *,
    announce: Announce,
    quiet: bool,
    before_end: Callable[[], Awaitable[None]] | None = None,
) -> bool:
    """Run an application until it is asked to end; return whether it started at all.

    Parameters
    ----------
    make : callable
        Makes it from the settings and the file for its access log.
    settings : Settings
    host, port, allowed : str, int, list of str
    announce : callable
        Told where it is and who reaches it.
    quiet : bool
        Whether to announce nothing and log nothing.
    before_end : callable, optional
        Ends, in the event loop, answers that would else go on and be waited for.

    Raises
    ------
    TenfoldError
        If the address cannot be listened on.
    """
    import uvicorn

    from tenfold.server.hosts import names_of
    from tenfold.server.protocol import Protocol

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if not quiet and not self.should_exit:
                announce(*_place(listener.getsockname(), allowed, settings))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            if before_end is not None:
                await before_end()
            await super().shutdown(sockets)

    with _listen(host, port) as listener:
        bound = listener.getsockname()[0]
        names = names_of(host, bound, allowed, token=settings.token is not None)
        settings = replace(settings, names=names)
        config = uvicorn.Config(
            make(settings, None if quiet else sys.stderr),
            http=Protocol,
            access_log=False,  # the server writes its own, which holds no query
            log_level="critical",  # what goes wrong is told elsewhere, or by the server itself
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        server = Announcing(config)
        try:
            server.run(sockets=[listener])
        except SystemExit:  # how newer uvicorns end where the start fails
            if server.started:
                raise
    return server.started


def settings_from_environment(**more: Any) -> Settings:
    """Take limits and the token from the environment, as `Settings.from_environment` does."""
    from tenfold.server.settings import Settings

    return Settings.from_environment(os.environ, **more)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise TenfoldError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}). "
            "Choose another port or host."
        ) from error


def _place(bound: tuple[Any, ...], allowed: list[str], settings: Settings) -> tuple[str, str]:
    """Return the address to open, and a sentence that says who reaches it."""
    address = ipaddress.ip_address(bound[0].partition("%")[0])
    name = [*allowed, "localhost"][0] if address.is_unspecified else bound[0]
    shown = f"[{name}]" if ":" in name else name
    if address.is_loopback:
        reach = "Only this machine reaches it; --host opens it."
    elif settings.token is None:
        reach = "Whoever reaches this address may use it; TENFOLD_TOKEN asks for a token."
    else:
        reach = "Callers need the token."
    return f"http://{shown}:{bound[1]}/", reach
