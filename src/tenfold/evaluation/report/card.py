"""A model card: what a model file is, what it was trained on, how good it is, and its limits.

After Mitchell et al. (2019, "Model cards for model reporting", arXiv 1810.03993). Everything in it
comes from the file's metadata and from the evaluations recorded beside it; nothing is made up, and
what was not measured is said to be missing.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenfold import __version__
from tenfold.evaluation.history import Record, digest, load_records
from tenfold.evaluation.metrics.statistics import wilson
from tenfold.evaluation.report.hub import front_matter
from tenfold.evaluation.report.sentences import environment
from tenfold.evaluation.robustness import trained_ranges
from tenfold.modelinfo import ModelInfo
from tenfold.names import plain

WEAK = 0.9  # corruptions under which fewer are read right, on average, are named as limits
LOOSE = 0.1  # so are kinds of non-digits of which more pass


def model_card(
    info: ModelInfo,
    content: bytes,
    folder: Path | None,
    name: str,
    license_id: str | None = None,
) -> str:
    """Return a model card in Markdown, under the header that model hubs read.

    Parameters
    ----------
    info : ModelInfo
        What the file says of itself.
    content : bytes
        The file.
    folder : Path or None
        Where evaluations are recorded; those of other model files are left out.
    name : str
        What to call the model.
    license_id : str, optional
        The model's licence, as hubs name it.
    """
    info = replace(
        info,
        data=plain(info.data),
        classes=tuple(map(plain, info.classes)),
        versions={plain(package): plain(each) for package, each in info.versions.items()},
    )
    records = [] if folder is None else load_records(folder)
    own = [each for each in records if each.get("model_sha256") == digest(content)]
    card: str = (
        environment()
        .get_template("card.md.j2")
        .render(
            name=name,
            info=info,
            sha256=digest(content),
            bytes=len(content),
            recipe=_recipe_name(info),
            ranges=trained_ranges(info),
            records=own,
            tested=_tested(info),
            coverage=_coverage,
            weak=[each for record in own if (each := _weak_corruptions(record))],
            loose=[each for record in own if (each := _loose_kinds(record))],
            version=__version__,
        )
    )
    return front_matter(info, own, name, license_id) + "\n" + card


def _recipe_name(info: ModelInfo) -> str:
    try:
        return plain(str(tomllib.loads(info.recipe).get("name", "unnamed")))
    except tomllib.TOMLDecodeError:
        return "unnamed"


def _tested(info: ModelInfo) -> dict[str, Any] | None:
    """Return how the model did on its test part when it was trained; None if not said."""
    accuracy, count = (info.results.get(name) for name in ("test_accuracy", "test_count"))
    if accuracy is None or not count:
        return None
    interval = wilson(round(accuracy * count), round(count))
    return {"accuracy": accuracy, "count": count, "interval": interval}


def _coverage(record: Record) -> dict[str, Any]:
    """Return what can be read at the strictest accuracy, and whether so many answers show it."""
    first: dict[str, Any] = record["coverage"][0]
    count = first["count"]
    return first | {"shown": bool(count) and wilson(count, count)[0] >= first["target"]}


def _weak_corruptions(record: Record) -> list[tuple[float, str]]:
    """Return the corruptions that the model reads badly under, the worst first."""
    accuracies: dict[str, list[float]] = (record.get("corruptions") or {}).get("accuracies", {})
    means = {kind: sum(values) / len(values) for kind, values in accuracies.items() if values}
    return sorted((mean, kind) for kind, mean in means.items() if mean < WEAK)


def _loose_kinds(record: Record) -> list[tuple[float, str]]:
    """Return the kinds of non-digits that pass too often."""
    kinds: list[dict[str, Any]] = record.get("out_of_distribution") or []
    passing = ((each["false_positive_rate"], each["kind"]) for each in kinds)
    return [each for each in passing if each[0] > LOOSE]
