"""An evaluation in plain words: the sentences that the terminal, the report and the card share.

What they say stands in ``sentences.j2``, a macro each.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from tenfold.evaluation import format as formats
from tenfold.evaluation.evaluation import Evaluation

FILTERS = {
    name: getattr(formats, name)
    for name in ("percent", "between", "points", "threshold", "number", "short")
}


def environment() -> Environment:
    """Return what renders the templates here, with figures written as everywhere."""
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        # Only a page needs it; sentences are escaped by the page that holds them.
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= FILTERS
    return found


@cache
def _template() -> Template:
    return environment().get_template("sentences.j2")


def say(what: str, *about: object) -> str:
    """Return one of the sentences; empty where there is nothing to say.

    Parameters
    ----------
    what : str
        A macro of ``sentences.j2``: ``"mistakes"``, ``"reservations"``, ``"label_errors"``,
        ``"coverage"``, ``"comparison"``, ``"previous"``, ``"runs"``.
    about : object
        What it takes.

    Examples
    --------
    >>> from tenfold.evaluation.metrics.statistics import spread
    >>> say("runs", spread([0.9]))
    '90.00 %, of one seed, which says nothing about luck'
    """
    return " ".join(str(getattr(_template().module, what)(*about)).split())


def answer(found: Evaluation) -> list[str]:
    """Say all that comes first, a sentence or two each."""
    sentences = [
        say("mistakes", found),
        say("reservations", found),
        say("label_errors", found.label_errors),
        say("coverage", found.coverage[0]),
        say("previous", found.previous, found),
        say("comparison", found.comparison, found),
    ]
    return [sentence for sentence in sentences if sentence]
