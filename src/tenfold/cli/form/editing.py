"""The page of tenfold form new --edit: where it listens, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import typer

from tenfold.cli.console import err, needing
from tenfold.cli.listening import run, settings_from_environment
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.forms.draft import Draft
    from tenfold.server.middleware import Guard
    from tenfold.server.settings import Settings


def edit_in_browser(draft: Draft, port: int, *, quiet: bool) -> None:
    """Open a page on this machine alone on which a form's fields are drawn."""
    settings = settings_from_environment()
    with needing("forms,serve"):
        from tenfold.server.editor import create_editor

        def make(settings: Settings, log: TextIO | None) -> Guard:
            return create_editor(draft, settings, log)

        def announce(url: str, _reach: str) -> None:
            err.print(
                f"The fields of {shown(draft.path)} are drawn at {url} "
                "Only this machine reaches it. Ctrl-C ends it.",
                markup=False,
            )

        # Of this machine alone: the page saves a file, and lists of values are read where it lies.
        if not run(make, settings, "127.0.0.1", port, [], announce=announce, quiet=quiet):
            raise typer.Exit(1)
