"""Train by a recipe and judge on validation pictures, picture by picture; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tenfold.data.dataset import Dataset
from tenfold.errors import TrainingError
from tenfold.training.callbacks import Callback, Epoch
from tenfold.training.loop import Training, fit
from tenfold.training.machine import possible_precision, threads
from tenfold.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Parts:
    """What is learned from, what is judged on, and where it is computed."""

    learned: Dataset
    judged: Dataset
    device: torch.device


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What one run came to.

    Parameters
    ----------
    right : bool array, shape (n,)
        Whether each picture judged on was read right; none was where the run diverged.
    history : tuple of Epoch
        Empty where the run diverged.
    """

    right: NDArray[np.bool_]
    history: tuple[Epoch, ...]

    @property
    def accuracy(self) -> float:
        """The share of pictures read right."""
        return float(self.right.mean())

    @property
    def diverged(self) -> bool:
        """Whether the loss turned into no number."""
        return not self.history


def judge(
    recipe: Recipe,
    parts: Parts,
    callbacks: Sequence[Callback] = (),
    stop: Callable[[], bool] = lambda: False,
) -> Judged | None:
    """Train on the one part and judge on the other; None if it was stopped.

    Parameters
    ----------
    recipe : Recipe
        With the seed to use.
    parts : Parts
    callbacks : sequence of Callback
        Told of steps and epochs; what one raises ends the run.
    stop : callable
        Asked after every step.
    """
    recipe = possible_precision(recipe, parts.device)
    with threads(recipe.threads), torch.random.fork_rng():
        training = Training(recipe, parts.learned, parts.judged, parts.device)
        try:
            if not fit(training, callbacks, stop=stop):
                return None
        except TrainingError:
            return Judged(np.zeros(len(parts.judged), bool), ())
        answers = training.logits(parts.judged.images).argmax(dim=1).cpu().numpy()
        return Judged(np.equal(answers, parts.judged.targets), tuple(training.history))
