"""The command line's own Typer.

Help shows a flag by its name alone, for it takes no value, and breaks lines where the terminal
ends, not where the docstring does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class _BareFlags:
    """Leaves the type out of the help of what is only there or not."""

    def get_params(self, ctx: typer.Context) -> list[Any]:
        """Return all options and arguments, ``--help`` among them."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
        return params


class _Command(_BareFlags, TyperCommand):  # type: ignore[misc]
    pass


class _Group(_BareFlags, TyperGroup):  # type: ignore[misc]
    pass


class App(typer.Typer):
    """A group of commands whose help shows flags bare; made and used as Typer's own."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**({"cls": _Group} | how))

    def command(self, name: str | None = None, **how: Any) -> Callable[[Any], Any]:
        """Register a function as a command, as Typer does."""
        register = super().command

        def registered(function: Any) -> Any:
            paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
            told = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
            own: dict[str, Any] = {"cls": _Command, "help": told}
            return register(name, **(own | how))(function)

        return registered
