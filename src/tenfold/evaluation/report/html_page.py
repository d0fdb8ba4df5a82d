"""Put an evaluation on one page that opens from disk, on a phone, in the dark, and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from tenfold import __version__
from tenfold.data.dataset import Dataset
from tenfold.evaluation.evaluation import Evaluation, TemperatureScaling, summary
from tenfold.evaluation.format import percent
from tenfold.evaluation.metrics.calibration import Calibration
from tenfold.evaluation.metrics.coverage import coverage_curve
from tenfold.evaluation.report import figures
from tenfold.evaluation.report.images import data_uri, heated, strip, thumbnail
from tenfold.evaluation.report.sentences import answer, environment, say
from tenfold.evaluation.test_sets import TestSet, framed
from tenfold.files import write_output
from tenfold.model import Model
from tenfold.synthesis.degrade.corruptions import SEVERITIES, corrupt

SHOWN = 120  # mistakes; more would make a page that nobody scrolls through


def write_report(
    path: Path,
    model: Model,
    data: TestSet,
    found: Evaluation,
    others: Sequence[Evaluation],
    command: str,
    *,
    force: bool = False,
) -> Path:
    """Write the page, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file.
    model : Model
        What was measured.
    data : Dataset or ImageTable
        What it was measured on.
    found : Evaluation
    others : sequence of Evaluation
        The same model on other test sets.
    command : str
        What to type for this page.
    force : bool
        Overwrite a file that tenfold did not write.

    Raises
    ------
    TenfoldError
        If it cannot be written, or would overwrite such a file.
    """
    return write_output(path, render(model, data, found, others, command), force=force)


def render(
    model: Model, data: TestSet, found: Evaluation, others: Sequence[Evaluation], command: str
) -> str:
    """Return the page as HTML; see `write_report`."""
    if isinstance(data, Dataset):
        data = framed(data, model)  # as the model got them
    templates = environment()
    templates.filters |= {"breakable": breakable}
    page = templates.get_template("page.html.j2").render(
        # Our own stylesheet, not anybody's text.
        style=Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8")),  # noqa: S704
        model=model,
        found=found,
        sentences=answer(found),
        tiles=_tiles(found),
        mistakes=_mistakes(found, data),
        more=max(0, len(found.mistakes) - SHOWN),
        heaviest=_heaviest(found),
        calibrations=_calibrations(found.calibration),
        coverage_words=_coverage_words(found),
        plots=_plots(found),
        corruptions=_corruptions(found, data),
        non_digits=[(each, strip(each.examples)) for each in found.out_of_distribution],
        maps=[
            (each, heated(thumbnail(data, each.index), each.map)) for each in found.occlusion_maps
        ],
        test_sets=[summary(each) for each in (found, *others)] if others else [],
        command=command,
        date=f"{datetime.now():%Y-%m-%d %H:%M}",
        version=__version__,
    )
    return page.replace(" %", "\u00a0%")  # no line begins with a per cent sign


def breakable(name: str) -> Markup:
    """Let a path break after its slashes.

    Examples
    --------
    >>> breakable("data/usps.npz")
    Markup('data/<wbr>usps.npz')
    """
    return Markup("/<wbr>").join(escape(part) for part in name.split("/"))


def _tiles(found: Evaluation) -> list[tuple[str, str]]:
    """Choose the few figures that stand at the top."""
    tiles = []
    first = next((each for each in found.coverage if each.shown), None)
    if first is not None:  # else the test set is too small to show any such accuracy
        target = f"{100 * first.target:g} %"
        tiles.append(
            (percent(first.share, 1), f"can be read without a person at {target} accuracy")
        )
    if found.transcription is not None:
        rate = percent(found.transcription.mean_character_error_rate)
        tiles.append((rate, "character error rate, mean over sources"))
    if found.calibration is not None:
        error = percent(found.calibration.of_file.error)
        tiles.append((error, "calibration error: how far confidence is from accuracy"))
    if found.corruptions is not None:
        mean = percent(found.corruptions.mean_corruption_accuracy, 1)
        tiles.append((mean, "right on average when images go bad in 15 ways"))
    if found.out_of_distribution:
        worst = min(found.out_of_distribution, key=lambda each: each.auroc)
        name = f"AUROC against {worst.kind}, hardest to tell from digits"
        tiles.append((f"{worst.auroc:.3f}", name))
    return tiles


def _mistakes(found: Evaluation, data: TestSet) -> list[dict[str, Any]]:
    doubtful = found.label_errors.rows if found.label_errors else ()
    return [
        {
            "picture": None if mistake.error else data_uri(thumbnail(data, mistake.index)),
            "doubtful": mistake.index in doubtful,
            "mistake": mistake,
        }
        for mistake in found.mistakes[:SHOWN]
    ]


def _coverage_words(found: Evaluation) -> list[str]:
    """Say what can be read at each accuracy, up to the first at which everything can.

    Of those with the same threshold, the strictest speaks for all of which as much can be said.
    """
    told: dict[tuple[float | None, bool], str] = {}
    for each in found.coverage:
        told.setdefault((each.threshold, each.shown), say("coverage", each))
        if each.share == 1 and each.shown:
            break
    return list(told.values())


def _calibrations(found: TemperatureScaling | None) -> list[tuple[str, Calibration]]:
    """Name what the reliability diagram and the table beside it show."""
    if found is None:
        return []
    if found.after == found.before:
        return [("as it is", found.before)]
    return [("before", found.before), ("after", found.after)]


def _heaviest(found: Evaluation) -> int:
    """Return the greatest count off the diagonal, which is shaded darkest."""
    if found.classification is None:
        return 0
    confusion = found.classification.confusion
    return int((confusion - np.diag(np.diag(confusion))).max())


def _plots(found: Evaluation) -> dict[str, Any]:
    curve, calibrations = coverage_curve(found.confidence, found.correct), found.calibration
    shown = [each for each in found.coverage if each.shown]
    return {
        "coverage": figures.coverage_plot(curve, shown, found.accuracy),
        "reliability": calibrations and figures.reliability_plot(_calibrations(calibrations)),
        "sweeps": [figures.sweep_plot(sweep) for sweep in found.sweeps],
    }


def _corruptions(found: Evaluation, data: TestSet) -> list[dict[str, Any]]:
    """One card a kind: its name, a digit at all severities, its curve and mean."""
    if found.corruptions is None or not isinstance(data, Dataset):
        return []
    sample, seed = data.images[:1], found.corruptions.seed
    return [
        {
            "kind": kind,
            "picture": strip(np.concatenate([corrupt(sample, kind, s, seed) for s in SEVERITIES])),
            "plot": figures.corruption_plot(accuracies, found.corruptions.clean_accuracy, kind),
            "mean": float(np.mean(accuracies)),
        }
        for kind, accuracies in found.corruptions.accuracies.items()
    ]
