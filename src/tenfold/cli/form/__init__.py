"""``tenfold form``: from a blank sheet to a table of what people wrote on a stack of them."""

from __future__ import annotations

import typer

from tenfold.cli.form import new, print_

app = typer.Typer(help="Read stacks of filled-in forms into a table.", no_args_is_help=True)
app.command(epilog=new.EXAMPLE)(new.new)
app.command("print", epilog=print_.EXAMPLE)(print_.print_)
