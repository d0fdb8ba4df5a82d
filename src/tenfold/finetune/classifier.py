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
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import Tensor
from torch.nn import functional

from tenfold.data.dataset import Dataset
from tenfold.evaluation.metrics.calibration import fit_temperature
from tenfold.export.network import Network
from tenfold.finetune import choose
from tenfold.finetune.choose import ALPHAS
from tenfold.finetune.reference import Glyphs, Tell
from tenfold.finetune.verdict import Comparison, compare
from tenfold.finetune.weights import Layers, Weights, between, floats, written
from tenfold.model import Model, open_model
from tenfold.modelinfo import ModelInfo
from tenfold.training.augment import augment
from tenfold.training.calibration import fit_threshold
from tenfold.training.recipe_sections import Augment

MANY = 50  # samples from which on all weights learn
FEWEST = 5  # samples below which none can be held out
FOLDS, FOLDS_OF_MANY = 5, 3
PRIOR = 2.0  # samples that an old prototype counts as
VARIED = 6  # times that each sample is shown, varied, to find prototypes
HOW = Augment(shift=0.03, rotation=5, scale=0.05)
BATCH, HEAD_STEPS, STEPS = 32, 60, 160
HEAD_RATE, RATE = 1e-3, 2e-4
CHUNK = 512

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
    teacher = _Teacher(network, sets.replay, seed)
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


def _held_out(teacher: _Teacher, own: Dataset, fold: NDArray[np.int64], tell: Tell) -> Logits:
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
        data=f"{info.data}, fine-tuned on {own.name}"[:10_000],
        results={},
    )


def _digitness(logits: Logits) -> NDArray[np.float32]:
    return np.asarray(1 - np.exp(log_softmax(logits.astype(float), axis=1))[:, -1], np.float32)


class _Teacher:
    """Teaches a network, each time from its old weights.

    Parameters
    ----------
    network : Network
    replay : Dataset
        Composed pictures, with things that are no digits where the network knows these.
    seed : int
    """

    def __init__(self, network: Network, replay: Dataset, seed: int) -> None:
        self.layers = Layers(network)
        self.old = self.layers.weights()
        self.head = max(number for number, each in enumerate(network.layers) if each.weights)
        self.classes = 10 + network.has_digitness
        self.seed = seed
        known = np.flatnonzero(replay.targets < self.classes)
        self.images, self.labels = (
            replay.images[known],
            torch.from_numpy(replay.targets[known]).long(),
        )
        self.features = self._features(floats(self.images[:2048]))
        self.feature_labels = self.labels[:2048]

    def logits(self, weights: Weights, images: NDArray[np.uint8]) -> Logits:
        """Return what the network answers with these weights."""
        self.layers.load_state_dict(weights)
        with torch.inference_mode():
            chunks = torch.split(floats(images), CHUNK)
            return np.concatenate([self.layers(chunk).numpy() for chunk in chunks])

    def at(self, alpha: float, new: Weights, data: Dataset) -> Logits:
        """Return what it answers so far from the old weights."""
        return self.logits(between(self.old, new, alpha), data.images)

    def taught(self, own: Dataset) -> Weights:
        """Return weights taught with samples, all the way."""
        self.layers.load_state_dict(self.old)
        generator = torch.Generator().manual_seed(self.seed)
        labels = torch.from_numpy(own.targets).long()
        varied = torch.cat(
            [
                floats(own.images),
                *(augment(floats(own.images), HOW, generator) for _ in range(VARIED)),
            ]
        )
        features, named = self._features(varied), labels.repeat(VARIED + 1)
        if len(own) < MANY:
            self._move_prototypes(features, named)
            return self.layers.weights()
        self._teach_head(features, named)
        self._teach_all(floats(own.images), labels, generator)
        return self.layers.weights()

    def _features(self, images: Tensor) -> Tensor:
        """Return what the last layer is given."""
        with torch.inference_mode():
            chunks = [self.layers(each, last=self.head) for each in torch.split(images, CHUNK)]
            return torch.cat(chunks)

    def _move_prototypes(self, features: Tensor, labels: Tensor) -> None:
        """Add what changes in a head of prototypes to the old head."""
        old = torch.stack(
            [self.features[self.feature_labels == digit].mean(0) for digit in range(10)]
        )
        scale = _scale(self.features, self.feature_labels, old)
        head = self.layers.layers[str(self.head)]
        with torch.no_grad():
            for digit in labels.unique().tolist():
                mine = features[labels == digit]
                count = len(mine) / (VARIED + 1)
                moved = (count * mine.mean(0) + PRIOR * old[digit]) / (count + PRIOR)
                head.weight[digit] += scale * (moved - old[digit])
                head.bias[digit] -= scale / 2 * (moved.square().sum() - old[digit].square().sum())

    def _teach_head(self, features: Tensor, labels: Tensor) -> None:
        head = self.layers.layers[str(self.head)]
        optimizer = torch.optim.Adam(head.parameters(), HEAD_RATE)
        features = features.clone()
        replayed = self.features.clone()
        for _ in range(HEAD_STEPS):
            own = functional.linear(features, head.weight, head.bias)
            other = functional.linear(replayed, head.weight, head.bias)
            loss = functional.cross_entropy(own, labels) + functional.cross_entropy(
                other, self.feature_labels
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def _teach_all(self, images: Tensor, labels: Tensor, generator: torch.Generator) -> None:
        learning = [each for each in self.layers.parameters() if each.requires_grad]
        optimizer = torch.optim.AdamW(learning, RATE, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, RATE, total_steps=STEPS, pct_start=0.1
        )
        for _ in range(STEPS):
            mine = torch.randint(len(images), (BATCH,), generator=generator)
            other = torch.randint(len(self.images), (BATCH,), generator=generator)
            replayed = floats(self.images[other.numpy()])
            shown = augment(torch.cat([images[mine], replayed]), HOW, generator)
            loss = functional.cross_entropy(
                self.layers(shown), torch.cat([labels[mine], self.labels[other]])
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()


def _scale(features: Tensor, labels: Tensor, prototypes: Tensor) -> float:
    """Return what squared distances are multiplied by to make the labels likeliest."""
    digits = labels < 10
    raw = features[digits] @ prototypes.T - prototypes.square().sum(1) / 2
    scales = torch.logspace(-3, 1, 33)
    losses = [functional.cross_entropy(scale * raw, labels[digits]) for scale in scales]
    return float(scales[int(torch.stack(losses).argmin())])
