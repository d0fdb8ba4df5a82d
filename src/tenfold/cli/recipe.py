"""tenfold recipe: list the built-in recipes, or print one to copy and change."""

from __future__ import annotations

from typing import Annotated

import typer

from tenfold.cli.console import out

EXAMPLE = "Example: tenfold recipe digits > mine.toml && tenfold train --recipe mine.toml"


def recipe(
    name: Annotated[str | None, typer.Argument(help="A recipe's name; without it, all.")] = None,
) -> None:
    """List the built-in recipes, or print one to copy and change."""
    from tenfold.training.recipe import built_in_path, built_in_recipes

    if name is not None:
        typer.echo(built_in_path(name).read_text(encoding="utf-8"), nl=False)
        return
    for each in built_in_recipes():
        first = built_in_path(each).read_text(encoding="utf-8").splitlines()[0]
        out.print(f"[bold]{each:<10}[/] {first.removeprefix('# ')}")
