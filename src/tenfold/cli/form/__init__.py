"""``tenfold form``: from a stack of scans to a spreadsheet."""

from __future__ import annotations

import typer

from tenfold.cli.form import export, purge, review

app = typer.Typer(help="Turn stacks of forms into tables.", no_args_is_help=True)
app.command(epilog=export.EXAMPLE)(export.export)
app.command(epilog=review.EXAMPLE)(review.review)
app.command(epilog=purge.EXAMPLE)(purge.purge)
