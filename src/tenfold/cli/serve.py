"""tenfold serve: a page to draw on and a REST API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold.cli.console import err, needing
from tenfold.cli.listening import (
    AllowedHost,
    Host,
    Port,
    Silent,
    run,
    settings_from_environment,
)
from tenfold.errors import TenfoldError

if TYPE_CHECKING:
    from tenfold.server.settings import Settings

EXAMPLE = "Example: tenfold serve --port 8000"


def serve(
    host: Host = "127.0.0.1",
    allowed_host: AllowedHost = None,
    port: Port = 8000,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A model file, or a folder that 'tenfold fine-tune' wrote, instead of what comes "
            "with tenfold."
        ),
    ] = None,
    collect: Annotated[
        Path | None,
        typer.Option(help="Folder for digits that people teach on the page; a data set to train."),
    ] = None,
    quiet: Silent = False,
) -> None:
    """Open a page to draw digits on, and an API to read pictures with.

    Only this machine reaches it unless --host says otherwise. Where --host is every address
    (0.0.0.0), --allowed-host names it or TENFOLD_TOKEN in the environment asks callers for a
    bearer token; docs/serve.md lists limits and how to run it behind a proxy.
    """
    settings = settings_from_environment(model=model, collect=collect)
    with needing("serve"):
        _run(settings, host, port, allowed_host or [], quiet=quiet)


def _run(settings: Settings, host: str, port: int, allowed: list[str], *, quiet: bool) -> None:
    from tenfold.server.app import create_app

    def announce(url: str, reach: str) -> None:
        err.print(f"tenfold is at {url} (API: /docs). {reach} Ctrl-C ends it.")
        if settings.collect is not None:
            err.print(f"Digits taught on the page are kept in {settings.collect}.", markup=False)

    if not run(create_app, settings, host, port, allowed, announce=announce, quiet=quiet):
        raise TenfoldError(
            "the processes that read did not start. See that there is memory for them, and that "
            f"this user may run {sys.executable}; TENFOLD_READS sets how many there are."
        )
