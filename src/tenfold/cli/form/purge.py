"""tenfold form purge: delete pictures of people's sheets."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from typing import Annotated

import typer

from tenfold.cli.console import Json, Quiet, print_json, say
from tenfold.cli.form.export import ResultsFolder
from tenfold.errors import UsageError

EXAMPLE = "Example: tenfold form purge results/ --older-than 30d"
SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}


def purge(
    results: ResultsFolder,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Hours, days or weeks: 12h, 30d, 6w; 0d is all.")
    ],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Delete the pictures of sheets that were read longer ago than this.

    What was read and what people decided stays, and so do tables and data that were exported. The
    pictures' bytes are overwritten. Scans themselves are never touched.
    """
    from tenfold.forms.results import Results

    age = re.fullmatch(r"(\d{1,6})([hdw])", older_than.strip())
    if age is None:
        raise UsageError(f"--older-than {older_than}: give an age such as 12h, 30d or 6w.")
    before = time.time() - int(age[1]) * SECONDS[age[2]]
    with Results.open(results) as opened:
        removed = opened.purge(before)
    if json:
        print_json(asdict(removed))
    elif not quiet:
        say(
            f"Removed {removed.snippets:,} pictures of fields and {removed.pages:,} of pages, "
            f"{removed.bytes / 1e6:.1f} MB."
        )
