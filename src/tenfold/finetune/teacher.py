"""Teach a classifier: the head as the digits' prototypes move, or all weights beside replay."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tenfold.data.dataset import Dataset
from tenfold.export.network import Network
from tenfold.finetune.weights import Layers, Weights, between, floats
from tenfold.training.augment import augment
from tenfold.training.recipe_sections import Augment

MANY = 50  # samples from which on all weights learn
PRIOR = 2.0  # samples that an old prototype counts as
VARIED = 6  # times that each sample is shown, varied, to find prototypes
HOW = Augment(shift=0.03, rotation=5, scale=0.05)
BATCH, HEAD_STEPS, STEPS = 32, 60, 160
HEAD_RATE, RATE = 1e-3, 2e-4
CHUNK = 512

Logits = NDArray[np.float32]


class Teacher:
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
        head: Any = self.layers.layers[str(self.head)]
        with torch.no_grad():
            for digit in sorted(set(labels.tolist())):
                mine = features[labels == digit]
                count = len(mine) / (VARIED + 1)
                moved = (count * mine.mean(0) + PRIOR * old[digit]) / (count + PRIOR)
                head.weight[digit] += scale * (moved - old[digit])
                head.bias[digit] -= scale / 2 * (moved.square().sum() - old[digit].square().sum())

    def _teach_head(self, features: Tensor, labels: Tensor) -> None:
        head: Any = self.layers.layers[str(self.head)]
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
