"""Calibration: a temperature for the probabilities, a threshold for out-of-distribution images.

Both are fitted on validation pictures, which the network has not learned from.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from tenfold.data.dataset import Dataset
from tenfold.errors import DataError, UsageError
from tenfold.evaluation.metrics.calibration import Calibration, fit_temperature, judge
from tenfold.evaluation.test_sets import check, framed
from tenfold.model import Model
from tenfold.modelinfo import ModelInfo
from tenfold.samples.load import load_splits
from tenfold.training.export import with_info
from tenfold.training.recipe import parse_recipe
from tenfold.training.recipe_sections import Synthesis
from tenfold.training.validation import hold_out_validation

FEWEST = 1000  # validation pictures: fewer hold too few mistakes to tell how sure one may be


def calibrate(model: Model, validation: Dataset, how: Synthesis) -> ModelInfo:
    """Return what the model says of itself, with what its validation pictures allow to fit.

    That is the temperature, if they are enough and there is a likeliest one, and the rejection
    threshold, if the network learned from synthesised pictures.
    """
    info = model.info
    if len(validation) >= FEWEST:
        fitted = fit_temperature(model.predict_logits(validation.images), validation.targets)
        info = replace(info, temperature=info.temperature if fitted is None else fitted)
    if how.pictures:
        _, digitness = model.predict_with_digitness(validation.images)
        info = replace(info, rejection_threshold=fit_threshold(digitness, how.refused))
    return info


def fitting_part(
    model: Model, source: str | Path, data_dir: Path | None = None
) -> tuple[Dataset, str]:
    """Load the pictures of a source on which a model's temperature may be fitted.

    That is never the test set. If the model learned from this very source, it is the validation
    part that its recipe held out; otherwise the training set.

    Returns
    -------
    Dataset
        In the model's size.
    str
        SHA-256 of the whole training set.

    Raises
    ------
    DataError
        If the model learned from every picture that is not in the test set, or the pictures
        cannot be used with it.
    """
    train = load_splits(source, data_dir).train
    fingerprint = train.fingerprint()
    if fingerprint == model.info.data_fingerprint:
        validation = _held_out(model.info, train)
        if validation is None:
            raise DataError(
                f"{train.name}: the model learned from every picture of its training set, and "
                "the test set is for testing. Give other data, or train with a validation set."
            )
        train = validation
    own = framed(train, model)
    check(model, own)
    return own, fingerprint


def _held_out(info: ModelInfo, train: Dataset) -> Dataset | None:
    """Return what the model's recipe held out of its data; None if nothing."""
    try:
        recipe = parse_recipe(info.recipe, "the model's recipe")
    except UsageError as error:
        raise DataError(
            f"{train.name}: the model learned from it, but its recipe does not say which pictures "
            f"it held out ({error}). Give other data."
        ) from error
    return hold_out_validation(train, recipe)[1]


def calibrated(
    model: Model, content: bytes, pictures: Dataset, fingerprint: str
) -> tuple[bytes, Calibration, Calibration]:
    """Return a model file with its temperature fitted, and the calibration before and after.

    Parameters
    ----------
    model : Model
    content : bytes
        Its file.
    pictures : Dataset
        With labels, as `fitting_part` gives them.
    fingerprint : str
        Of their source, as `fitting_part` gives it.

    Raises
    ------
    DataError
        If no temperature suits these pictures best.
    """
    logits = model.predict_logits(pictures.images)
    temperature = fit_temperature(logits, pictures.targets)
    if temperature is None:
        right = int((logits.argmax(axis=1) == pictures.targets).sum())
        raise DataError(
            f"{pictures.name}: {right:,} of {len(pictures):,} images are classified correctly, "
            "which says nothing of how confident to be: it takes correct and wrong predictions. "
            "Give data with more images of the kind that the model learned from."
        )
    before, after = (
        judge(logits, pictures.targets, each) for each in (model.info.temperature, temperature)
    )
    # Answers stay as they are, so do the results; only the likelihood was another's.
    results = {k: v for k, v in model.info.results.items() if k != "test_cross_entropy"}
    info = replace(
        model.info,
        temperature=temperature,
        calibration_fingerprint=fingerprint,
        rejection_threshold=_moved_threshold(model, logits, temperature, pictures),
        results=results,
    )
    return with_info(content, info), before, after


def _moved_threshold(
    model: Model, logits: NDArray[np.float32], temperature: float, pictures: Dataset
) -> float | None:
    """Return the rejection threshold that refuses at this temperature what it refused before.

    A network that tells digits by an output of its own keeps its threshold; for others it lies on
    the top probability, which the temperature moves.
    """
    threshold = model.info.rejection_threshold
    probabilities, digitness = model.predict_with_digitness(pictures.images)
    if threshold is None or not np.array_equal(digitness, probabilities.max(axis=1)):
        return threshold
    top = softmax(logits / np.float32(temperature), axis=1).max(axis=1)
    return fit_threshold(top, float((digitness < threshold).mean()))


def fit_threshold(digitness: NDArray[np.float32], refused: float) -> float:
    """Find the digitness that all but this share of genuine digits, ``(n,)``, reach."""
    return float(np.quantile(digitness, refused, method="lower"))
