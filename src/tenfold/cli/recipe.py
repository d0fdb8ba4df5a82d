"""tenfold recipe: list the built-in recipes, or print one to copy and change."""

from __future__ import annotations

from itertools import takewhile
from typing import Annotated

import typer
from rich.table import Table

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
    table = Table.grid(padding=(0, 2))
    for each in built_in_recipes():
        lines = built_in_path(each).read_text(encoding="utf-8").splitlines()
        head = takewhile(lambda line: line.startswith("# "), lines)
        table.add_row(f"[bold]{each}[/]", " ".join(line.removeprefix("# ") for line in head))
    out.print(table)
