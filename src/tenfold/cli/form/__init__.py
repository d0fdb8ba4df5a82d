"""``tenfold form``: from a blank sheet to a table of what people wrote on a stack of them."""

from __future__ import annotations

from tenfold.cli.app import App
from tenfold.cli.form import export, new, print_, purge, read, review

app = App(help="Read stacks of filled-in forms into a table.", no_args_is_help=True)
app.command(epilog=new.EXAMPLE)(new.new)
app.command("print", epilog=print_.EXAMPLE)(print_.print_)
app.command(epilog=read.EXAMPLE)(read.read)
app.command(epilog=review.EXAMPLE)(review.review)
app.command(epilog=export.EXAMPLE)(export.export)
app.command(epilog=purge.EXAMPLE)(purge.purge)
