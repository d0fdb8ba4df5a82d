"""Put an assessment on one page that opens from disk, on a phone, in the dark, and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tenfold import __version__
from tenfold.evaluation import words
from tenfold.evaluation.assessment import Assessment
from tenfold.evaluation.calibration import Calibration
from tenfold.evaluation.coverage import coverage_curve
from tenfold.evaluation.cross import Row
from tenfold.evaluation.doubtful import SOURCE
from tenfold.evaluation.report import figures
from tenfold.evaluation.report.images import data_uri, heated, strip
from tenfold.files import write_whole
from tenfold.model import Model
from tenfold.synthesis.degrade.corruptions import SEVERITIES, corrupt

HERE = Path(__file__).parent
SHOWN = 120  # mistakes; more would make a page that nobody scrolls through
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def write_report(
    path: Path, model: Model, found: Assessment, cross: Sequence[Row], command: str
) -> Path:
    """Write the page, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file.
    model : Model
        What was measured.
    found : Assessment
    cross : sequence of Row
        The same model on several data sets; fewer than two make no table.
    command : str
        What to type for this page.

    Raises
    ------
    TenfoldError
        If it cannot be written.
    """
    return write_whole(path, render(model, found, cross, command))


def render(model: Model, found: Assessment, cross: Sequence[Row], command: str) -> str:
    """Return the page as HTML; see `write_report`."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": words.percent,
        "between": words.between,
        "breakable": breakable,
        "short": short,
    }
    page = environment.get_template("page.html.j2").render(
        # Our own stylesheet, not anybody's text.
        style=Markup((HERE / "style.css").read_text(encoding="utf-8")),  # noqa: S704
        model=model,
        found=found,
        evaluation=found.evaluation,
        sentences=words.answer(found),
        tiles=_tiles(found),
        mistakes=_mistakes(found),
        more=max(0, len(found.evaluation.mistakes) - SHOWN),
        doubtful_source=SOURCE,
        heaviest=_heaviest(found),
        calibrations=_calibrations(found),
        coverage_words=_coverage_words(found),
        plots=_plots(found),
        corruptions=_corruptions(found),
        not_digits=[(each, strip(each.examples)) for each in found.refusals],
        looks=[(each, heated(found.data.images[each.index], each.map)) for each in found.looks],
        cross=cross if len(cross) > 1 else (),
        command=command,
        date=f"{datetime.now():%Y-%m-%d %H:%M}",
        version=__version__,
    )
    return page.replace(" %", "\u00a0%")  # no line begins with a per cent sign


def short(value: float) -> str:
    """Write a large number with three digits and a unit.

    Examples
    --------
    >>> short(7_369_600), short(103_162), short(512)
    ('7.37 M', '103 k', '512')
    """
    for size, unit in _UNITS:
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def breakable(name: str) -> Markup:
    """Let a path break after its slashes.

    Examples
    --------
    >>> breakable("data/usps.npz")
    Markup('data/<wbr>usps.npz')
    """
    return Markup("/<wbr>").join(escape(part) for part in name.split("/"))


def _tiles(found: Assessment) -> list[tuple[str, str]]:
    """Choose the few figures that stand at the top."""
    first = found.coverage[0]
    target = f"{100 * first.target:g} %"
    honest = found.before if found.fitted_here else found.after
    tiles = [
        (words.percent(first.share, 1), f"can be read without a person at {target} accuracy"),
        (words.percent(honest.error), "calibration error: how far confidence is from accuracy"),
    ]
    if found.corruptions is not None:
        mean = words.percent(found.corruptions.mean, 1)
        tiles.append((mean, "right on average when pictures go bad in 15 ways"))
    worst = min(found.refusals, key=lambda each: each.auroc)
    tiles.append((f"{worst.auroc:.3f}", f"AUROC against {worst.kind}, hardest to tell from digits"))
    return tiles


def _mistakes(found: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "picture": data_uri(found.data.images[mistake.index]),
            "doubtful": mistake.index in found.doubtful_rows,
            "mistake": mistake,
        }
        for mistake in found.evaluation.mistakes[:SHOWN]
    ]


def _coverage_words(found: Assessment) -> list[str]:
    """Say what can be read at each accuracy, up to the first at which everything can.

    Of those with the same threshold, the strictest speaks for all.
    """
    told: dict[float | None, str] = {}
    for each in found.coverage:
        told.setdefault(each.threshold, words.coverage(each))
        if each.share == 1:
            break
    return list(told.values())


def _calibrations(found: Assessment) -> list[tuple[str, Calibration]]:
    """Name what the reliability diagram and the table beside it show."""
    if found.after == found.before:
        return [("as it is", found.before)]
    return [("before", found.before), ("after", found.after)]


def _heaviest(found: Assessment) -> int:
    """Return the greatest count off the diagonal, which is shaded darkest."""
    confusion = found.evaluation.confusion
    return int((confusion - np.diag(np.diag(confusion))).max())


def _plots(found: Assessment) -> dict[str, Any]:
    curve = coverage_curve(found.confidence, found.right)
    return {
        "coverage": figures.coverage_plot(curve, found.coverage, found.evaluation.accuracy),
        "reliability": figures.reliability_plot(_calibrations(found)),
        "sweeps": [figures.sweep_plot(sweep) for sweep in found.sweeps],
    }


def _corruptions(found: Assessment) -> list[dict[str, Any]]:
    """One card a kind: its name, a digit at all severities, its curve and mean."""
    if found.corruptions is None:
        return []
    sample, seed = found.data.images[:1], found.corruptions.seed
    return [
        {
            "kind": kind,
            "picture": strip(np.concatenate([corrupt(sample, kind, s, seed) for s in SEVERITIES])),
            "plot": figures.corruption_plot(accuracies, found.corruptions.clean, kind),
            "mean": float(np.mean(accuracies)),
        }
        for kind, accuracies in found.corruptions.accuracies.items()
    ]
