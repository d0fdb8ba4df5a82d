"""tenfold form review: a local page on which a person looks at what is doubtful."""

from __future__ import annotations

import getpass
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from tenfold.cli.console import Quiet, err, needing, note
from tenfold.cli.form.export import ResultsFolder
from tenfold.cli.listening import (
    AllowedHost,
    Host,
    Port,
    run,
    settings_from_environment,
)
from tenfold.errors import TenfoldError, UsageError
from tenfold.names import plain

if TYPE_CHECKING:
    from tenfold.forms.figures import Summary
    from tenfold.server.middleware import Guard
    from tenfold.server.settings import Settings

EXAMPLE = "Example: tenfold form review results/ --audit 2%"
LONGEST_NAME = 60


def review(
    results: ResultsFolder,
    audit: Annotated[
        str, typer.Option(metavar="SHARE", help="Mix in so many of the sure fields: 2%.")
    ] = "0%",
    reviewer: Annotated[
        str | None, typer.Option(help="Who decides; the page lets others give their names.")
    ] = None,
    lease: Annotated[
        float,
        typer.Option(min=0, max=1440, help="Minutes for which nobody else is shown the same."),
    ] = 5.0,
    host: Host = "127.0.0.1",
    allowed_host: AllowedHost = None,
    port: Port = 8010,
    quiet: Quiet = False,
) -> None:
    """Open a page that shows what is doubtful, field by field.

    Enter accepts what was read, digits replace it, r takes the runner-up, b says that it is blank,
    Tab skips, u takes back, s shows the whole sheet. Every decision is saved at once, with who made
    it. At the end stands how many fields a person saw and how many errors are to be expected.
    """
    name = plain(reviewer or _user()).strip()[:LONGEST_NAME] or "reviewer"
    share = _share(audit)
    settings = settings_from_environment()
    with needing("forms,serve"):
        if share:
            import scipy.stats  # noqa: F401 (for the interval, which comes too late to fail)

        from tenfold.forms.results import Results
        from tenfold.forms.review import Review
        from tenfold.server.review import create_review

        with Results.open(results) as opened:
            work = Review(opened, audit=share, lease=60 * lease)

            def make(settings: Settings, log: TextIO | None) -> Guard:
                return create_review(work, settings, name, log)

            def announce(url: str, reach: str) -> None:
                err.print(f"The review is at {url} {reach} Ctrl-C ends it.")

            listened = (host, port, allowed_host or [])
            try:
                started = run(make, settings, *listened, announce=announce, quiet=quiet)
            except KeyboardInterrupt:  # how it is meant to end
                started = True
            if not started:
                raise TenfoldError("the review did not start. Try again, on another --port.")
            if not quiet:
                _tell(work.summary())


def _tell(summary: Summary) -> None:
    seen = summary.seen / max(1, summary.fields)
    note(
        f"A person saw {summary.seen:,} of {summary.fields:,} fields ({seen:.1%}) and changed "
        f"{summary.changed:,}."
    )
    note(
        f"Still open: {summary.open:,}. Errors expected among the fields that nobody saw: "
        f"{summary.expected_errors:.1f}."
    )
    if summary.audit is not None:
        found = summary.audit
        note(
            f"Audit: {found.wrong:,} of {found.seen:,} sure fields were wrong, {found.rate:.1%} "
            f"(95 % interval {found.low:.1%} to {found.high:.1%})."
        )


def _share(text: str) -> float:
    number = text.strip().removesuffix("%").strip()
    with suppress(ValueError):
        share = float(number) / (100 if text.strip().endswith("%") else 1)
        if 0 <= share <= 1:
            return share
    raise UsageError(f"--audit {text}: give a share of the sure fields, such as 2%.")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in containers
        return "reviewer"
