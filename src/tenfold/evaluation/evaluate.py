"""Measure a model file on a test set.

Everything here runs on the file that people get, through ONNX Runtime, never on the network that
training holds in memory.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset, Split
from tenfold.errors import ModelError, UsageError
from tenfold.evaluation.cost import measure_cost
from tenfold.evaluation.evaluation import Comparison, Evaluation, Mistake, TemperatureScaling
from tenfold.evaluation.history import digest, recall
from tenfold.evaluation.label_errors import label_error_rows, without_label_errors
from tenfold.evaluation.metrics.calibration import cross_fitted, judge
from tenfold.evaluation.metrics.classification import classification
from tenfold.evaluation.metrics.coverage import TARGETS, coverage_at, risk_at
from tenfold.evaluation.metrics.statistics import mcnemar, wilson
from tenfold.evaluation.non_digits import (
    OutOfDistribution,
    built_in,
    load_non_digits,
    measure_non_digits,
)
from tenfold.evaluation.occlusion import occlusion_maps
from tenfold.evaluation.robustness import CONDITIONS, Tell, sweeps, under_corruption
from tenfold.evaluation.test_sets import ImageTable, TestSet, check, framed, open_test_set
from tenfold.evaluation.transcription import (
    AS_IT_COMES,
    HowToRead,
    Transcript,
    summarise,
    transcribe,
)
from tenfold.model import Model, open_model, read_content
from tenfold.reader.networks import Networks
from tenfold.reader.reader import Layout, Reader

Section = Literal["calibration", "out-of-distribution", "occlusion", "cost", "robustness"]
SECTIONS: Final[tuple[Section, ...]] = (
    "calibration", "out-of-distribution", "occlusion", "cost", "robustness",
)  # fmt: skip
LEAST_TO_FIT = 100  # images that can say anything of a temperature
MAPPED_MISTAKES = 4  # the most confident; one image of each class is mapped beside them


def evaluate(
    model: Model | str | Path,
    data: TestSet | str | Path,
    *,
    split: Split | None = None,
    data_dir: Path | None = None,
    sections: Collection[Section] = (),
    content: bytes | None = None,
    learned_from: bool = False,
    other: Model | None = None,
    non_digits: Path | None = None,
    history: Path | None = None,
    reading: HowToRead = AS_IT_COMES,
    tell: Tell = lambda _: None,
) -> Evaluation:
    """Measure a model file on labelled images.

    Parameters
    ----------
    model : Model, str or Path
        An opened model or its file.
    data : Dataset, ImageTable, str or Path
        A data set, or a name or path as for `tenfold.load_dataset`; or a table of images, which are
        read as `tenfold.read` does. Images of another size than the model's are framed if they can
        be.
    split : {"train", "test", "all"}, optional
        Which part of a named source; by default its own test set, or what is new to the model.
    data_dir : Path, optional
        Where MNIST is looked for first.
    sections : collection of str
        What is measured beside the accuracy, of ``SECTIONS``; a table of images has none of them.
    content : bytes, optional
        The file of an opened model, for its cost and its history.
    learned_from : bool
        Whether the model learned from images among these, as `has_learned` tells.
    other : Model, optional
        A model to compare with, image by image.
    non_digits : Path, optional
        A person's own non-digits, as for `load_non_digits`; part of ``"out-of-distribution"``.
    history : Path, optional
        The folder where the last evaluation is looked for.
    reading : HowToRead
        For tables of images.
    tell : callable
        Hears what is being measured, `steps` times.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelError
        If the file is no model, or takes pictures of another size.
    DataError
        If the data is damaged, empty, unlabelled, or of other classes.
    UsageError
        If there is no such source or section, no non-digits where they should be, or something is
        asked of a table of images that only a data set has.

    Examples
    --------
    >>> evaluate("runs/digits/model.onnx", "digits").accuracy  # doctest: +SKIP
    0.99
    """
    if not isinstance(model, Model):
        content = read_content(model)
        model = open_model(content, str(model))
    if isinstance(data, str | Path):
        data = open_test_set(model, data, split, data_dir)
    _check_sections(data, sections, non_digits)
    if content is None and ("cost" in sections or history is not None):
        raise UsageError(
            "Give the model's path, or its content beside it: cost and history need it."
        )
    check(model, data)
    if other is not None:
        check(other, data)
    kinds = {}
    if non_digits is not None:  # under a name that no kind of ours has
        name = f"{non_digits.resolve().name} (own)"
        kinds[name] = load_non_digits(non_digits, model.info.size)
    found = _measured(model, data, reading, tell)
    if other is not None:
        theirs = _measured(other, data, reading, tell)
        test = mcnemar(found.correct, theirs.correct)
        comparison = Comparison(other.path, theirs.accuracy, theirs.interval, test)
        found = replace(found, comparison=comparison)
    if history is not None:
        last = recall(history, data, found.correct, digest(content or b""))
        found = replace(found, previous=last)
    found = replace(found, learned_from=learned_from)
    if isinstance(data, ImageTable):
        return found
    return _with_sections(found, model, framed(data, model), sections, content or b"", kinds, tell)


def _check_sections(data: TestSet, sections: Collection[str], non_digits: Path | None) -> None:
    if unknown := sorted({*sections} - {*SECTIONS}):
        raise UsageError(f"No section is called {unknown[0]!r}: there are {', '.join(SECTIONS)}.")
    if isinstance(data, ImageTable) and (sections or non_digits is not None):
        asked = [*sections, "non-digits"][0]
        raise UsageError(f"{data.name} is a table of images: {asked} is measured on data sets.")


def steps(data: TestSet, sections: Collection[Section], other: Model | None = None) -> int:
    """Return how often `evaluate` tells of its progress."""
    plain = (len(data) if isinstance(data, ImageTable) else 1) * (1 if other is None else 2)
    return plain + sum(CONDITIONS if each == "robustness" else 1 for each in {*sections})


def _measured(model: Model, data: TestSet, reading: HowToRead, tell: Tell) -> Evaluation:
    """Measure accuracy and what follows from the same answers."""
    if isinstance(data, ImageTable):
        layout: Layout = reading.layout or ("digit" if data.rows[0].single else "auto")
        reader = Reader(
            Networks(model, reading.line), layout=layout, min_confidence=reading.min_confidence
        )
        transcripts = []
        for row in data.rows:
            transcripts.append(transcribe(reader, row))
            tell("reading")
        return measure_table(transcripts, data)
    own = framed(data, model)
    found = measure(model.predict_proba(own.images), own.targets, own)
    tell("calibration")
    if own is data:
        return found
    return replace(found, note=f"{data.size}×{data.size}, framed as MNIST's")


def measure(
    probabilities: NDArray[np.float32], labels: NDArray[np.uint8], data: Dataset
) -> Evaluation:
    """Compare predicted probabilities, shape ``(n, classes)``, with the labels, shape ``(n,)``."""
    if not np.isfinite(probabilities).all():
        raise ModelError("the model answers with values that are no numbers. Train it anew.")
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    correct, names = predicted == labels, data.classes
    mistakes = [
        Mistake(int(i), names[labels[i]], names[predicted[i]], float(confidence[i]))
        for i in np.flatnonzero(~correct)
    ]
    return replace(
        _summary_of((data.name, data.split), confidence, correct, mistakes, "as it is"),
        classification=classification(probabilities, labels, names),
        label_errors=without_label_errors(correct, label_error_rows(data)),
    )


def measure_table(transcripts: list[Transcript], table: ImageTable) -> Evaluation:
    """Compare what was read in the images of a table with what they show."""
    figures = summarise(transcripts)
    mistakes = [
        Mistake(i, each.row.truth, each.text, each.confidence, str(each.row.file), each.error)
        for i, each in enumerate(transcripts)
        if not each.right
    ]
    count, closed = len(figures.sources), sum(each.error is not None for each in transcripts)
    note = f"images, found and framed by the reader; {count} source{'' if count == 1 else 's'}"
    found = _summary_of(
        (table.name, "all"),
        np.array([each.confidence for each in transcripts]),
        np.array([each.right for each in transcripts]),
        mistakes,
        f"{note}; {closed} that could not be opened counted as wrong" if closed else note,
    )
    return replace(found, transcription=figures)


def _summary_of(
    name: tuple[str, str],
    confidence: NDArray[np.floating],
    correct: NDArray[np.bool_],
    mistakes: list[Mistake],
    note: str,
) -> Evaluation:
    return Evaluation(
        *name,
        count=len(correct),
        accuracy=float(correct.mean()),
        interval=wilson(int(correct.sum()), len(correct)),
        mistakes=tuple(sorted(mistakes, key=lambda mistake: -mistake.confidence)),
        confidence=confidence,
        correct=correct,
        note=note,
        coverage=tuple(coverage_at(confidence, correct, target) for target in TARGETS),
        risk=risk_at(confidence, correct),
    )


def _with_sections(
    found: Evaluation,
    model: Model,
    data: Dataset,
    sections: Collection[Section],
    content: bytes,
    kinds: dict[str, NDArray[np.uint8]],
    tell: Tell,
) -> Evaluation:
    """Add the sections asked for, in the order of `SECTIONS`."""
    if "calibration" in sections:
        found = replace(found, calibration=_calibration(model, data))
        tell("non-digits")
    if "out-of-distribution" in sections:
        found = replace(found, out_of_distribution=_non_digits(model, data, kinds))
        tell("occlusion maps")
    if "occlusion" in sections:
        surest = [mistake.index for mistake in found.mistakes[:MAPPED_MISTAKES]]
        maps = occlusion_maps(model, data, found.confidence, surest)
        found = replace(found, occlusion_maps=maps)
        tell("cost")
    if "cost" in sections:
        found = replace(found, cost=measure_cost(model, content, data.images))
        tell("corruptions")
    if "robustness" in sections:
        corruptions = under_corruption(model, data, tell=tell)
        found = replace(found, corruptions=corruptions, sweeps=sweeps(model, data, tell))
    return found


def _non_digits(
    model: Model, data: Dataset, own: dict[str, NDArray[np.uint8]]
) -> tuple[OutOfDistribution, ...]:
    """Measure the non-digits that come along, and a person's own."""
    digits = model.predict_with_digitness(data.images)[1]
    kinds = built_in(model.info.size) | own
    return tuple(measure_non_digits(model, *kind, digits) for kind in kinds.items())


def _calibration(model: Model, data: Dataset) -> TemperatureScaling:
    """Judge at temperature 1 and at the file's own, or at one found by cross-fitting."""
    logits, labels = model.predict_logits(data.images), data.targets
    before, temperature = judge(logits, labels), model.info.temperature
    if temperature != 1.0:
        return TemperatureScaling(before, judge(logits, labels, temperature), False)
    after = cross_fitted(logits, labels) if len(labels) >= LEAST_TO_FIT else None
    return TemperatureScaling(before, before if after is None else after, after is not None)
