"""Adapt the network that reads single digits.

Few samples move the head alone, as the digits' prototypes move: a head of prototypes with squared
distances is a linear one (Snell et al. 2017, arXiv 1703.05175, section 2.4), so the difference
between new and old prototypes is added to the old head. More samples teach the head first and then
all weights, half of each batch being replayed pictures. How far to go from the old weights to the
new ones is chosen on samples that were held out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from tenfold.data.dataset import Dataset
from tenfold.evaluation.metrics.calibration import fit_temperature
from tenfold.export.network import Network
from tenfold.finetune import choose
from tenfold.finetune.choose import ALPHAS
from tenfold.finetune.reference import Glyphs, Tell
from tenfold.finetune.teacher import MANY, Teacher
from tenfold.finetune.verdict import Comparison, compare
from tenfold.finetune.weights import between, written
from tenfold.model import Model, open_model
from tenfold.modelinfo import TAUGHT, ModelInfo
from tenfold.training.temperature import fit_threshold

FEWEST = 5  # samples below which none can be held out
FOLDS, FOLDS_OF_MANY = 5, 3

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Adapted:
    """An adapted network.

    Parameters
    ----------
    content : bytes
        Its model file.
    how : str
        What was taught: "prototypes", "all weights".
    alpha : float
        How far it went from the old weights (0) to the new ones (1).
    own, reference : Comparison
        Before and after on the person's samples, each read by a network that did not learn from
        it, and on the reference set.
    """

    content: bytes
    how: str
    alpha: float
    own: Comparison
    reference: Comparison


def adapt(
    network: Network, own: Dataset, sets: Glyphs, seed: int, allow: float, tell: Tell
) -> Adapted:
    """Adapt a classifier to samples.

    Parameters
    ----------
    network : Network
        Of 28×28 pictures of the digits.
    own : Dataset
        The samples.
    sets : Glyphs
    seed : int
    allow : float
        Points of accuracy that the composed pictures may lose.
    tell : callable
        Told what is done.
    """
    teacher = Teacher(network, sets.replay, seed)
    few = len(own) < MANY
    fold = choose.folds(own.targets, FOLDS if few else FOLDS_OF_MANY)
    if len(own) < FEWEST:
        fold = np.zeros(len(own), np.int64)
    held = _held_out(teacher, own, fold, tell)
    scores = log_softmax(held[:, :, :10].astype(float) / network.info.temperature, axis=2)
    likely = scores[:, np.arange(len(own)), own.targets]
    tell("teaching all samples")
    new = teacher.taught(own)
    old_choose = teacher.logits(teacher.old, sets.choose.images)
    step = choose.best(likely)
    step = choose.held_back(
        step,
        allow,
        int((sets.choose.targets < 10).sum()),
        lambda alpha: _lost(old_choose, teacher.at(alpha, new, sets.choose), sets.choose),
    )
    weights = between(teacher.old, new, ALPHAS[step])
    capped = np.minimum(choose.cross_fitted(likely, fold), step)
    answers = held[capped, np.arange(len(own))]
    new_choose = teacher.logits(weights, sets.choose.images)
    info = _calibrated(network, own, sets.choose, (old_choose, new_choose), (held[0], answers))
    teacher.layers.load_state_dict(weights)
    content = written(teacher.layers, info)
    right = [each[:, :10].argmax(axis=1) == own.targets for each in (held[0], answers)]
    tell("reading the reference set")
    return Adapted(
        content, "prototypes" if few else "all weights", ALPHAS[step],
        compare(own.name, "digits", *(each.astype(np.int64) for each in right)),
        judged(open_model(network.content, network.where), open_model(content, "new"), sets.judge),
    )  # fmt: skip


def judged(old: Model, new: Model, judge: Dataset) -> Comparison:
    """Compare two model files on the digits of the reference set."""
    digits = judge.take(np.flatnonzero(judge.targets < 10))
    right = [
        (model.predict(digits.images) == digits.targets).astype(np.int64) for model in (old, new)
    ]
    return compare("the reference set", "digits", *right)


def _held_out(teacher: Teacher, own: Dataset, fold: NDArray[np.int64], tell: Tell) -> Logits:
    """Return logits ``(alphas, n, classes)`` of each sample by networks taught on other folds."""
    out = np.zeros((len(ALPHAS), len(own), teacher.classes), np.float32)
    numbers = np.unique(fold)
    for number in numbers:
        tell(f"teaching, with samples held out: {number + 1} of {len(numbers)}")
        rows = np.flatnonzero(fold == number)
        others = np.flatnonzero(fold != number)
        new = teacher.taught(own.take(others if len(others) else rows))
        for step, alpha in enumerate(ALPHAS):
            weights = between(teacher.old, new, alpha)
            out[step, rows] = teacher.logits(weights, own.images[rows])
    return out


def _lost(old: Logits, new: Logits, composed: Dataset) -> float:
    """Return points of accuracy lost on composed digits."""
    digits = composed.targets < 10
    right = [
        (each[:, :10].argmax(axis=1) == composed.targets)[digits].mean() for each in (old, new)
    ]
    return 100 * float(right[0] - right[1])


def _calibrated(
    network: Network, own: Dataset, composed: Dataset, on_composed: tuple[Logits, Logits],
    on_own: tuple[Logits, Logits],
) -> ModelInfo:  # fmt: skip
    """Return the record with temperature and threshold moved as the logits moved.

    Both were fitted on other pictures; what they would be for old and new network on these tells
    by how much to move them.
    """
    info = network.info
    digits = composed.targets < 10
    labels = np.concatenate([composed.targets[digits], own.targets])
    fitted = [
        fit_temperature(np.concatenate([a[digits, :10], b[:, :10]]), labels)
        for a, b in zip(on_composed, on_own, strict=True)
    ]
    temperature = info.temperature
    if fitted[0] is not None and fitted[1] is not None:
        temperature = float(np.clip(temperature * fitted[1] / fitted[0], 1e-3, 1e4))
    threshold = info.rejection_threshold
    if threshold is not None and network.has_digitness:
        before, after = (_digitness(each[digits]) for each in on_composed)
        threshold = fit_threshold(after, float((before < threshold).mean()))
    return replace(
        info,
        temperature=temperature,
        rejection_threshold=threshold,
        data=f"{info.data}{TAUGHT}{own.name}"[:10_000],
        results={},
    )


def _digitness(logits: Logits) -> NDArray[np.float32]:
    return np.asarray(1 - np.exp(log_softmax(logits.astype(float), axis=1))[:, -1], np.float32)
