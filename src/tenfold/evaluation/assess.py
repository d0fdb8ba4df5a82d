"""Measure everything there is to measure of a model on one data set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.evaluation.assessment import Assessment, Look, Rival
from tenfold.evaluation.calibration import Calibration, cross_fitted, judge
from tenfold.evaluation.cost import measure_cost
from tenfold.evaluation.coverage import TARGETS, coverage_at
from tenfold.evaluation.doubtful import doubtful_rows, without_doubtful
from tenfold.evaluation.evaluate import check, measure
from tenfold.evaluation.framing import framed
from tenfold.evaluation.nondigits import built_in, load_nondigits, refusal
from tenfold.evaluation.occlusion import occlusion_map
from tenfold.evaluation.records import digest, recall
from tenfold.evaluation.robustness import CONDITIONS, Tell, sweeps, under_corruption
from tenfold.evaluation.statistics import mcnemar, wilson
from tenfold.model import Model

Depth = Literal["plain", "quick", "full"]
LEAST_TO_FIT = 100  # pictures that can say anything of a temperature
MAPPED_MISTAKES = 4  # the surest ones; one picture of each class is mapped beside them
STEPS = 4  # told besides the conditions


def steps(depth: Depth) -> int:
    """Return how often `assess` tells of its progress."""
    return {"plain": 1, "quick": STEPS, "full": STEPS + CONDITIONS}[depth]


def assess(
    model: Model,
    data: Dataset,
    content: bytes,
    *,
    depth: Depth = "full",
    learned: bool = False,
    other: Model | None = None,
    not_digits: Path | None = None,
    folder: Path | None = None,
    tell: Tell = lambda _: None,
) -> Assessment:
    """Measure all there is to measure of a model on one data set.

    Parameters
    ----------
    model : Model
    data : Dataset
        With labels; pictures of another size than the model's are framed if they can be.
    content : bytes
        The model file.
    depth : {"plain", "quick", "full"}
        Plain: what the pictures themselves say. Quick: also things that are no digits, what it
        looks at and cost. Full: also corruptions and movements, which take longest.
    learned : bool
        Whether the model learned from pictures among these, as `has_learned` tells.
    other : Model, optional
        A model to compare with.
    not_digits : Path, optional
        A person's own things that are no digits, as for `load_nondigits`.
    folder : Path, optional
        Where the last evaluation is looked for.
    tell : callable
        Hears what is being measured, `steps` times.

    Raises
    ------
    DataError, ModelError, UsageError
        As `evaluate` and `load_nondigits`.
    """
    original, data = data, framed(data, model)
    check(model, data)
    kinds = {} if not_digits is None else _own(not_digits, model.info.size)
    probabilities, score = model.predict_with_digitness(data.images)
    found = _plain(model, data, probabilities, learned)
    rival = None if other is None else _rival(other, original, found.right)
    last = None if folder is None else recall(folder, data, found.evaluation, digest(content))
    found = replace(found, rival=rival, last=last)
    tell("things that are no digits")
    if depth == "plain":
        return found
    kinds = built_in(model.info.size) | kinds
    refusals = tuple(refusal(model, kind, images, score) for kind, images in kinds.items())
    tell("what it looks at")
    looks = tuple(_look(model, data, row) for row in _rows_to_map(found))
    tell("cost")
    cost = measure_cost(model, content, data.images)
    found = replace(found, refusals=refusals, looks=looks, cost=cost)
    tell("bad pictures")
    if depth == "quick":
        return found
    corruptions = under_corruption(model, data, tell=tell)
    return replace(found, corruptions=corruptions, sweeps=sweeps(model, data, tell))


def _own(source: Path, size: int) -> dict[str, NDArray[np.uint8]]:
    """Load a person's own things that are no digits, under a name that no kind of ours has."""
    return {f"{source.resolve().name} (own)": load_nondigits(source, size)}


def _plain(
    model: Model, data: Dataset, probabilities: NDArray[np.float32], learned: bool
) -> Assessment:
    """Measure what the pictures themselves say."""
    evaluation = measure(probabilities, data.targets, data)
    right = probabilities.argmax(axis=1) == data.targets
    confidence = probabilities.max(axis=1)
    before, after, fitted_here = _calibration(model, data)
    rows = doubtful_rows(data)
    return Assessment(
        data=data,
        evaluation=evaluation,
        confidence=confidence,
        right=right,
        coverage=tuple(coverage_at(confidence, right, target) for target in TARGETS),
        before=before,
        after=after,
        learned=learned,
        fitted_here=fitted_here,
        doubtful=without_doubtful(evaluation, rows),
        doubtful_rows=rows,
    )


def _calibration(model: Model, data: Dataset) -> tuple[Calibration, Calibration, bool]:
    """Judge at temperature 1 and at the file's own, or at one found by cross-fitting."""
    logits, labels = model.predict_logits(data.images), data.targets
    before, temperature = judge(logits, labels), model.info.temperature
    if temperature != 1.0:
        return before, judge(logits, labels, temperature), False
    after = cross_fitted(logits, labels) if len(labels) >= LEAST_TO_FIT else None
    return (before, before, False) if after is None else (before, after, True)


def _rival(other: Model, data: Dataset, right: NDArray[np.bool_]) -> Rival:
    own = framed(data, other)
    check(other, own)
    theirs = other.predict(own.images) == own.targets
    interval = wilson(int(theirs.sum()), len(theirs))
    return Rival(other.path, float(theirs.mean()), interval, mcnemar(right, theirs))


def _rows_to_map(found: Assessment) -> list[int]:
    """Choose a typical picture of each class (of median confidence) and the surest mistakes."""
    rows, targets = [], found.data.targets
    for number in range(len(found.data.classes)):
        own = np.flatnonzero(targets == number)
        if len(own):
            rows.append(int(own[np.argsort(found.confidence[own])[len(own) // 2]]))
    surest = [mistake.index for mistake in found.evaluation.mistakes[:MAPPED_MISTAKES]]
    return [row for row in rows if row not in surest] + surest


def _look(model: Model, data: Dataset, row: int) -> Look:
    image = data.images[row]
    answer = int(model.predict(image[None])[0])
    names = data.classes
    heat = occlusion_map(model, image, answer)
    return Look(row, names[data.targets[row]], names[answer], heat)
