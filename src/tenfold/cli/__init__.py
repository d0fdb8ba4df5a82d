"""The command line: one module a command, each importing what is heavy only when it runs."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from tenfold import __version__
from tenfold.cli import (
    calibrate,
    card,
    compare,
    data,
    evaluate,
    export,
    fine_tune,
    form,
    lab,
    predict,
    read,
    recipe,
    search,
    serve,
    train,
    tutorial,
)
from tenfold.cli.app import App
from tenfold.cli.console import complain, warnings_told
from tenfold.cli.streams import fill_closed
from tenfold.errors import TenfoldError, install

app = App(
    name="tenfold",
    help="Read handwritten digits: train, measure, compare.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=tutorial.EXAMPLE)(tutorial.tutorial)
app.command(epilog=lab.EXAMPLE)(lab.lab)
app.command(epilog=read.EXAMPLE)(read.read)
app.command(epilog=serve.EXAMPLE)(serve.serve)
app.command(epilog=train.EXAMPLE)(train.train)
app.command(epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command(epilog=predict.EXAMPLE)(predict.predict)
app.command(epilog=fine_tune.EXAMPLE)(fine_tune.fine_tune)
app.command(epilog=calibrate.EXAMPLE)(calibrate.calibrate)
app.command(epilog=card.EXAMPLE)(card.card)
app.command(epilog=export.EXAMPLE)(export.export)
app.command(epilog=compare.EXAMPLE)(compare.compare)
app.command(epilog=search.EXAMPLE)(search.search)
app.command(epilog=recipe.EXAMPLE)(recipe.recipe)
app.add_typer(data.app, name="data")
app.add_typer(form.app, name="form")

# What only tenfold[train] installs; anything else missing is a fault of ours.
_EXTRAS = {
    "jinja2", "markupsafe", "matplotlib", "onnx", "onnxscript", "platformdirs", "pooch",
    "pydantic", "safetensors", "scipy", "sklearn", "tensorboardX", "torch",
}  # fmt: skip
# And what only tenfold[forms] does.
_FORMS = {"fpdf", "pebble", "openpyxl", "pillow_heif", "pyarrow", "pypdfium2"}
# And what an extra of its own does.
_OWN = {"keras": "export", "optuna": "tune", "mlflow": "mlflow", "sqlalchemy": "mlflow",
        "alembic": "mlflow", "ray": "ray"}  # fmt: skip


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tenfold {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 (its callback prints it)
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Read handwritten digits: train, measure, compare."""
    context.with_resource(warnings_told())


def main() -> None:
    """Run the command line; a person's own mistake costs them one line, never a traceback."""
    fill_closed()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may hold what no encoding knows; escaped it is still right in JSON.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except TenfoldError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read our output, such as head, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        complain(f"{error.filename or 'input or output'}: {error.strerror or error}.")
        sys.exit(1)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS | _FORMS | _OWN.keys():
            raise
        extra = _OWN.get(package, "forms" if package in _FORMS else "train")
        complain(
            f"this command needs the package {error.name}, which is not installed. "
            + install(extra)
        )
        sys.exit(1)
