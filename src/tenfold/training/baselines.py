"""Is a run any good? What its validation pictures say, beside two that learn nothing new.

The nearest neighbour (scikit-learn's) and the classifier that comes with tenfold answer the same
pictures. A network that is clearly worse than one of them has not learned from these pictures what
there is to learn, and mostly for a reason that can be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tenfold.data.dataset import DIGITS, Dataset
from tenfold.data.registry import NAMES
from tenfold.data.splits import concatenate
from tenfold.evaluation.format import percent
from tenfold.files import read_file, write_whole
from tenfold.reader.networks import bundled_model
from tenfold.training import runfolder
from tenfold.training.callbacks import Callback, Epoch, Step
from tenfold.training.checkpoint import save_checkpoint
from tenfold.training.copies import NOTICEABLE, copies
from tenfold.training.loop import Training, fit
from tenfold.training.reasons import Judged, is_chance, oddity, opinion
from tenfold.training.recipe import Recipe
from tenfold.training.validation import folds, hold_out_validation
from tenfold.training.warned import warn

MOST_LEARNED, MOST_JUDGED = 5000, 1000  # pictures of the nearest neighbour: a second, not minutes
NEIGHBOUR = "the nearest neighbour"
GOOD = 0.9  # accuracy that needs no explanation
LEVEL = 0.01  # of the test that a baseline is better

Labels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Validation:
    """What a run's validation pictures say.

    Parameters
    ----------
    count : int
        Pictures.
    accuracy : float
        Of the network on them, none of which it had learned from.
    nearest_neighbour, bundled : float
        Of the two baselines on the same pictures.
    folds : int
        Into how many parts the training set was cut for it; 0 where one part was held out.
    """

    count: int
    accuracy: float
    nearest_neighbour: float
    bundled: float
    folds: int

    def to_dict(self) -> dict[str, Any]:
        """Return the figures by name, ready for JSON."""
        return asdict(self)


class _StepsAlone:
    """Tell a callback of steps; epochs of networks that are not kept are no news."""

    def __init__(self, inner: Callback) -> None:
        self._inner = inner

    def on_step(self, step: Step) -> None:
        self._inner.on_step(step)

    def on_epoch(self, epoch: Epoch) -> None:
        """Leave epochs alone."""


def judged_before(
    training: Training,
    train: Dataset,
    folder: Path,
    callbacks: Sequence[Callback],
    stop: Callable[[], bool],
) -> Validation | None:
    """Judge a run's recipe by cross-fitting where it says so, before the run itself; else None.

    A resumed run keeps what was found before it was stopped.

    Raises
    ------
    RunStoppedError
        If it was stopped meanwhile.
    """
    if not training.recipe.folds:
        return None
    kept = folder / runfolder.VALIDATION
    if kept.exists():
        return Validation(**json.loads(read_file(kept, runfolder.MOST)))
    found = _cross_fit(training.recipe, train, training.device, callbacks, stop)
    if found is None:
        save_checkpoint(training, folder)
        raise runfolder.stopped(folder, training.step, training.steps)
    write_whole(kept, json.dumps(found.to_dict(), indent=2) + "\n")
    return found


def judged_after(training: Training, train: Dataset) -> Validation | None:
    """Judge a finished run on its validation set; None without one, or on data known by name."""
    held = training.validation
    if held is None or train.name in NAMES or training.recipe.synthesis.pictures:
        return None
    learned = hold_out_validation(train, training.recipe)[0]
    return compared([(learned, held, answers(training, held))], 0)


def _cross_fit(
    recipe: Recipe,
    train: Dataset,
    device: torch.device,
    callbacks: Sequence[Callback],
    stop: Callable[[], bool],
) -> Validation | None:
    """Judge a recipe on a training set by cross-fitting; None if it was stopped.

    Warns as `compared`.
    """
    inner = [_StepsAlone(callback) for callback in callbacks]
    judged: list[tuple[Dataset, Dataset, Labels]] = []
    for learned, held in folds(train, recipe.folds):
        training = Training(recipe, learned, None, device)
        if not fit(training, inner, stop=stop):
            return None
        judged.append((learned, held, answers(training, held)))
    return compared(judged, recipe.folds)


def answers(training: Training, held: Dataset) -> Labels:
    """Return what a network answers to pictures, uint8 ``(n,)``."""
    logits = training.logits(held.images)[:, : training.classes]
    return logits.argmax(dim=1).cpu().numpy().astype(np.uint8)


def compared(judged: list[tuple[Dataset, Dataset, Labels]], count_of_folds: int) -> Validation:
    """Compare answers with those of the baselines, and warn where something is wrong.

    That is where a baseline is clearly better, where the network does no better than chance, and
    where something is odd about the pictures or the labels.

    Parameters
    ----------
    judged : list of (Dataset, Dataset, uint8 array)
        For each part: what was learned from, what was judged, and what was answered to it.
    count_of_folds : int
        0 where one part was held out.
    """
    held = judged[0][1]
    for _, part, _ in judged[1:]:
        held = concatenate(held, part, held.split)
    labels = held.targets
    answered = np.concatenate([answered for *_, answered in judged])
    own = answered == labels
    near = np.concatenate([_nearest(learned, part) for learned, part, _ in judged])
    known = near >= 0
    bundled = np.zeros(len(labels), bool)
    reason = ""
    if held.classes == DIGITS:
        asked = opinion(held.images)
        bundled = asked.answers == labels
        reason = oddity(Judged(held, answered, near), asked)
    found = Validation(
        len(labels),
        float(own.mean()),
        float((near == labels)[known].mean()),
        float(bundled.mean()),
        count_of_folds,
    )
    better = [
        (name, accuracy)
        for name, accuracy, right, rows in (
            (NEIGHBOUR, found.nearest_neighbour, near == labels, known),
            ("tenfold's own classifier", found.bundled, bundled, slice(None)),
        )
        if _is_better(right[rows], own[rows])
    ]
    if not reason and better:
        reason = _why_worse([(learned, part) for learned, part, _ in judged], better)
    elif not reason and is_chance(labels, answered):
        reason = "the labels do not fit the images, or these show nothing that tells them apart"
    if reason:
        words = " and ".join(f"{who} reaches {percent(accuracy)}" for who, accuracy in better)
        link = f", while {words}. Likely reason: " if words else ". Likely reason: "
        if not better and found.accuracy >= GOOD:  # nothing to explain, but something to know
            link = ", but "
        warn(f"{held.name}: validation accuracy {percent(found.accuracy)}{link}{reason}.")
    return found


def _why_worse(pairs: list[tuple[Dataset, Dataset]], better: list[tuple[str, float]]) -> str:
    """Say why a network is worse than a baseline where images and labels are as they should be."""
    if all(who != NEIGHBOUR for who, _ in better):  # so it has learned what these images say
        few = f"too few images ({len(pairs[0][0]):,} to learn from), or too few steps"
        if pairs[0][0].size == bundled_model().info.size:
            few += "; 'tenfold fine-tune' starts from what that classifier knows"
        return few
    count = sum(len(held) for _, held in pairs)
    twice = sum(copies(learned, held) for learned, held in pairs) / count
    if twice > NOTICEABLE:  # which the nearest neighbour knows by heart
        return f"{percent(twice, 0)} of the validation images are among those learned from, too"
    return "too few steps (raise epochs), or a learning rate that does not suit them"


def _is_better(baseline: NDArray[np.bool_], own: NDArray[np.bool_]) -> bool:
    """Whether a baseline is right where the network is not more often than luck has it.

    McNemar's test in its exact form, one-sided.
    """
    from scipy.stats import binomtest  # here, for its import takes seconds

    gained, lost = int((baseline & ~own).sum()), int((~baseline & own).sum())
    return gained > lost and binomtest(gained, gained + lost, alternative="greater").pvalue < LEVEL


def _nearest(learned: Dataset, held: Dataset) -> NDArray[np.int64]:
    """Return the label of each picture's nearest neighbour, ``(n,)``; -1 for those not asked."""
    from sklearn.neighbors import KNeighborsClassifier

    some = np.linspace(0, len(learned) - 1, min(len(learned), MOST_LEARNED)).astype(np.int64)
    asked = np.linspace(0, len(held) - 1, min(len(held), MOST_JUDGED)).astype(np.int64)
    rows = learned.images[some].reshape(len(some), -1).astype(np.float32)
    nearest = KNeighborsClassifier(1, algorithm="brute").fit(rows, learned.targets[some])
    found = np.full(len(held), -1, np.int64)
    found[asked] = nearest.predict(held.images[asked].reshape(len(asked), -1).astype(np.float32))
    return found
