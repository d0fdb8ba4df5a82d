"""A model card: what a model file is, what it was trained on, how good it is, and its limits.

After Mitchell et al. (2019, "Model cards for model reporting", arXiv 1810.03993). Everything in it
comes from the file's metadata and from the evaluations recorded beside it; nothing is made up, and
what was not measured is said to be missing.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tenfold import __version__
from tenfold.evaluation import words
from tenfold.evaluation.records import Record, digest, load_records
from tenfold.evaluation.robustness import trained_ranges
from tenfold.evaluation.statistics import wilson
from tenfold.modelinfo import ModelInfo

WEAK = 0.9  # corruptions under which fewer are read right, on average, are named as limits
LOOSE = 0.1  # so are kinds of non-digits of which more pass


def model_card(info: ModelInfo, content: bytes, folder: Path | None, name: str) -> str:
    """Return a model card in Markdown.

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
    """
    records = [] if folder is None else load_records(folder)
    own = [each for each in records if each.get("model_sha256") == digest(content)]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "report"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": words.percent, "between": words.between}
    return environment.get_template("card.md.j2").render(
        name=name,
        info=info,
        sha256=digest(content),
        bytes=len(content),
        recipe=_recipe_name(info),
        ranges=trained_ranges(info),
        records=own,
        tested=_tested(info),
        limits=[limit for each in own for limit in _limits(each)],
        version=__version__,
    )


def _recipe_name(info: ModelInfo) -> str:
    try:
        return str(tomllib.loads(info.recipe).get("name", "unnamed"))
    except tomllib.TOMLDecodeError:
        return "unnamed"


def _tested(info: ModelInfo) -> str:
    """Say how the model did on the test part when it was trained; nothing if the file does not."""
    accuracy, count = (info.results.get(name) for name in ("test_accuracy", "test_count"))
    if accuracy is None or not count:
        return ""
    interval = wilson(round(accuracy * count), round(count))
    return (
        f"{words.percent(accuracy)} of {count:,.0f} test pictures read right when it was trained "
        f"(95 % interval {words.between(interval)})."
    )


def _limits(record: Record) -> list[str]:
    """Name what the figures of one evaluation say that the model is bad at."""
    return [*_weak_corruptions(record), *_loose_kinds(record)]


def _weak_corruptions(record: Record) -> list[str]:
    accuracies: dict[str, list[float]] = (record.get("corruptions") or {}).get("accuracies", {})
    means = {kind: sum(values) / len(values) for kind, values in accuracies.items() if values}
    weak = sorted((mean, kind) for kind, mean in means.items() if mean < WEAK)
    if not weak:
        return []
    told = ", ".join(f"{kind} ({words.percent(mean, 0)})" for mean, kind in weak)
    return [f"Read badly under corruption, mean over five severities: {told}."]


def _loose_kinds(record: Record) -> list[str]:
    kinds: list[dict[str, Any]] = record.get("not_digits") or []
    passing = [each for each in kinds if each["false_positive_rate"] > LOOSE]
    if not passing:
        return []
    told = ", ".join(
        f"{each['kind']} ({words.percent(each['false_positive_rate'], 0)})" for each in passing
    )
    return [f"Taken for digits where 95 % of the digits are: {told}."]
