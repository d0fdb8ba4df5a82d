"""tenfold lab: the tutorial as a laboratory in the browser."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from tenfold.cli.console import err, needing
from tenfold.cli.listening import AllowedHost, Host, Port, Silent, run, settings_from_environment
from tenfold.errors import TenfoldError

if TYPE_CHECKING:
    from tenfold.server.middleware import Guard
    from tenfold.server.settings import Settings

EXAMPLE = "Example: tenfold lab --at-once 4"
NEEDED = ("torch", "sklearn")  # by the process that trains, which starts too late to say so


def lab(
    at_once: Annotated[
        int, typer.Option(min=1, max=64, help="How many runs train at the same time.")
    ] = 2,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="Longest time that a run may train.")
    ] = 120.0,
    memory: Annotated[
        int, typer.Option(min=600, max=100_000, help="Most memory of a run, in MB.")
    ] = 2000,
    host: Host = "127.0.0.1",
    allowed_host: AllowedHost = None,
    port: Port = 8020,
    quiet: Silent = False,
) -> None:
    """Open a page to train on: pick a network, a loss, an optimizer, and watch it learn.

    Curves, confusion matrix and filters change as the network learns; draw a digit and see the ten
    probabilities, look inside layer by layer, break it, and copy any setting as code. Every run
    trains in a process of its own. MNIST can be picked if this machine has it.
    """
    with needing("train,serve"):
        for package in NEEDED:
            if importlib.util.find_spec(package) is None:
                raise ModuleNotFoundError(package, name=package)
        _run(at_once, seconds, memory, (host, port, allowed_host or []), quiet=quiet)


def _run(
    at_once: int,
    seconds: float,
    memory: int,
    listened: tuple[str, int, list[str]],
    *,
    quiet: bool,
) -> None:
    from tenfold.lab.app import create_lab
    from tenfold.lab.runs import Limits, Runs

    runs = Runs(Limits(at_once, seconds, memory))

    # A page that trains asks several times a second: an access log would bury the address.
    def make(settings: Settings, _log: TextIO | None) -> Guard:
        return create_lab(runs, settings)

    def announce(url: str, reach: str) -> None:
        err.print(f"The lab is at {url} {reach} Ctrl-C ends it.")

    if not run(
        make,
        settings_from_environment(),
        *listened,
        announce=announce,
        quiet=quiet,
        before_end=runs.close,
    ):
        raise TenfoldError("the lab did not start. See that there is memory for its processes.")
