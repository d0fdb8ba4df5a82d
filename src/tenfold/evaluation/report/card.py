"""A model card: what a model file is, what it was trained on, how good it is, and its limits.

After Mitchell et al. (2019, "Model cards for model reporting", arXiv 1810.03993). Everything in it
comes from the file's metadata and from the evaluations recorded beside it; nothing is made up, and
what was not measured is said to be missing.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

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

Interval: TypeAlias = tuple[float, float]


class _Share(BaseModel):
    target: float
    share: float
    count: int
    interval: Interval | None


class _Error(BaseModel):
    error: float


class _Calibration(BaseModel):
    before: _Error
    after: _Error
    fitted_here: bool


class _Corruptions(BaseModel):
    accuracies: dict[str, list[float]]
    mean_corruption_accuracy: float


class _LabelErrors(BaseModel):
    count: int
    source: str
    accuracy_without: float
    interval_without: Interval


class _NonDigits(BaseModel):
    kind: str
    count: int
    auroc: float
    false_positive_rate: float


class _Cost(BaseModel):
    multiply_adds: int
    milliseconds: float
    pictures_per_second: float
    machine: str


class _Measured(BaseModel):
    """What the card takes from a record; others may have been written by another version."""

    data: str
    split: str
    count: int
    accuracy: float
    interval: Interval
    coverage: list[_Share]
    learned_from: bool = False
    calibration: _Calibration | None = None
    corruptions: _Corruptions | None = None
    label_errors: _LabelErrors | None = None
    out_of_distribution: list[_NonDigits] = []
    cost: _Cost | None = None


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
        Where evaluations are recorded; those of other model files are left out, those that another
        version of tenfold wrote in another way are counted.
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
    known = [each for record in own if (each := _measured(record))]
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
            records=known,
            unknown=len(own) - len(known),
            tested=_tested(info),
            coverage=_coverage,
            weak=[weak for record in known if (weak := _weak_corruptions(record))],
            loose=[loose for record in known if (loose := _loose_kinds(record))],
            version=__version__,
        )
    )
    readable = [record for record in own if _measured(record)]
    return front_matter(info, readable, name, license_id) + "\n" + card


def _measured(record: Record) -> _Measured | None:
    try:
        return _Measured.model_validate(record)
    except ValidationError:
        return None


def _recipe_name(info: ModelInfo) -> str:
    try:
        return plain(str(tomllib.loads(info.recipe).get("name", "unnamed")))
    except tomllib.TOMLDecodeError:
        return "unnamed"


def _tested(info: ModelInfo) -> dict[str, Any] | None:
    """Return how the model did on its test set when it was trained; None if not said."""
    accuracy, count = (info.results.get(name) for name in ("test_accuracy", "test_count"))
    if accuracy is None or not count:
        return None
    interval = wilson(round(accuracy * count), round(count))
    return {"accuracy": accuracy, "count": count, "interval": interval}


def _coverage(record: _Measured) -> dict[str, Any]:
    """Return what can be read at the strictest accuracy, and whether so many answers show it."""
    if not record.coverage:
        return {"shown": False}
    first = record.coverage[0]
    shown = bool(first.count) and wilson(first.count, first.count)[0] >= first.target
    return first.model_dump() | {"shown": shown}


def _weak_corruptions(record: _Measured) -> list[tuple[float, str]]:
    """Return the corruptions that the model reads badly under, the worst first."""
    accuracies = record.corruptions.accuracies if record.corruptions else {}
    means = {kind: sum(values) / len(values) for kind, values in accuracies.items() if values}
    return sorted((mean, kind) for kind, mean in means.items() if mean < WEAK)


def _loose_kinds(record: _Measured) -> list[tuple[float, str]]:
    """Return the kinds of non-digits that pass too often."""
    passing = ((each.false_positive_rate, each.kind) for each in record.out_of_distribution)
    return [each for each in passing if each[0] > LOOSE]
