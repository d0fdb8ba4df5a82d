"""tenfold serve: a page to draw on and a REST API."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenfold.cli.console import Quiet, err
from tenfold.errors import TenfoldError

if TYPE_CHECKING:
    from tenfold.server.settings import Settings

EXAMPLE = "Example: tenfold serve --port 8000"
STOP_SECONDS = 30


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 opens it to the network.")
    ] = "127.0.0.1",
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Name that people reach it by, besides localhost and --host; may be repeated.",
            envvar="TENFOLD_ALLOWED_HOSTS",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
    ] = 8000,
    model: Annotated[
        Path | None, typer.Option(help="A model file instead of the one that comes with tenfold.")
    ] = None,
    collect: Annotated[
        Path | None,
        typer.Option(help="Folder for digits that people teach on the page; a data set to train."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Open a page to draw digits on, and an API to read pictures with.

    Only this machine reaches it unless --host says otherwise. Where --host is every address
    (0.0.0.0), --allowed-host names it or TENFOLD_TOKEN in the environment asks callers for a
    bearer token; docs/serve.md lists limits and how to run it behind a proxy.
    """
    from tenfold.server.settings import Settings

    settings = Settings.from_environment(os.environ, model=model, collect=collect)
    try:
        _run(settings, host, port, allowed_host or [], quiet=quiet)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tenfold"):
            raise
        raise TenfoldError(
            f"this command needs the package {error.name}, which is not installed. "
            "Run: pip install 'tenfold[serve]'"
        ) from error


def _run(settings: Settings, host: str, port: int, allowed: list[str], *, quiet: bool) -> None:
    import uvicorn

    from tenfold.server.app import create_app
    from tenfold.server.hosts import names_of
    from tenfold.server.protocol import Protocol

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if not quiet and not self.should_exit:
                _announce(listener.getsockname(), allowed, settings)

    with _listen(host, port) as listener:
        bound = listener.getsockname()[0]
        names = names_of(host, bound, allowed, token=settings.token is not None)
        settings = replace(settings, names=names)
        config = uvicorn.Config(
            create_app(settings, log=None if quiet else sys.stderr),
            http=Protocol,
            access_log=False,  # the server writes its own, which holds no query
            log_level="critical",  # what goes wrong is told below, or by the server itself
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
    if not server.started:
        raise TenfoldError(
            "the processes that read did not start. See that there is memory for them, and that "
            f"this user may run {sys.executable}; TENFOLD_READS sets how many there are."
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise TenfoldError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}). "
            "Choose another with --port or --host."
        ) from error


def _announce(bound: tuple[Any, ...], allowed: list[str], settings: Settings) -> None:
    address = ipaddress.ip_address(bound[0].partition("%")[0])
    name = [*allowed, "localhost"][0] if address.is_unspecified else bound[0]
    shown = f"[{name}]" if ":" in name else name
    if address.is_loopback:
        reach = "Only this machine reaches it; --host opens it."
    elif settings.token is None:
        reach = "Whoever reaches this address may use it; TENFOLD_TOKEN asks for a token."
    else:
        reach = "Callers need the token."
    err.print(f"tenfold is at http://{shown}:{bound[1]}/ (API: /docs). {reach} Ctrl-C ends it.")
    if settings.collect is not None:
        err.print(f"Digits taught on the page are kept in {settings.collect}.", markup=False)
