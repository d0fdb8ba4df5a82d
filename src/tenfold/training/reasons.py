"""Why a run may be worse than it could be: what is odd about its pictures or its labels.

The classifier that comes with tenfold knows digits. Where it reads many pictures otherwise than
they are labelled, it is asked again with the pictures turned, mirrored and inverted, and with the
labels shifted; what makes it agree is the likely reason. Where nothing does and it is sure, and
neither the network nor the nearest neighbour agrees with a label, that label is likely wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.data.dataset import DIGITS, Dataset
from tenfold.evaluation.format import percent
from tenfold.evaluation.test_sets import framed
from tenfold.reader.networks import bundled_model

Pixels = NDArray[np.uint8]
Labels = NDArray[np.uint8]

SURE = 0.6  # share of pictures for which one reason holds
ODD = 0.05  # share of pictures read otherwise than labelled, from which on it is asked why
FEW = 5  # pictures, below which nothing is concluded from them
ASKED = 300  # pictures on which a reason is tried: seconds, not minutes
CLEARLY = 0.5  # more probable one way than the other: a picture that tells them apart
HAZARD = 0.3  # share of hard pictures that some way makes look like their label, at most
LEVEL = 0.001  # of the test that it was no luck
CONFIDENT = 0.9  # probability from which on the classifier is believed against a label
NAMED = 3  # pictures whose labels are doubted that are named
NEARLY_ALL = 0.8

# What makes upright, bright ink of pictures that are spoiled so.
WAYS: tuple[tuple[str, Callable[[Pixels], Pixels]], ...] = (
    ("are inverted: ink must be bright on dark", lambda x: 255 - x),
    ("are turned by 90° clockwise", lambda x: np.rot90(x, 1, (1, 2))),
    ("are turned by 90° anticlockwise", lambda x: np.rot90(x, 3, (1, 2))),
    ("are upside down (turned by 180°)", lambda x: np.rot90(x, 2, (1, 2))),
    (
        "lie on their side: rows and columns are swapped, as in EMNIST",
        lambda x: x.transpose(0, 2, 1),
    ),
    ("are mirrored, left to right", lambda x: x[:, :, ::-1]),
    ("are mirrored, top to bottom", lambda x: x[:, ::-1]),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Pictures and what was answered to them.

    Parameters
    ----------
    held : Dataset
    own : uint8 array, shape (n,)
        The network's answers.
    near : int array, shape (n,)
        Labels of the nearest neighbours; -1 where none was asked for.
    """

    held: Dataset
    own: Labels
    near: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the bundled classifier says: answers, uint8 ``(n,)``, and their probabilities."""

    answers: Labels
    probabilities: NDArray[np.float32]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of each answer."""
        top: NDArray[np.float32] = self.probabilities.max(axis=1)
        return top


def opinion(images: Pixels) -> Opinion:
    """Ask the bundled classifier."""
    model = bundled_model()
    shown = framed(Dataset(np.ascontiguousarray(images), None, "images", "all"), model)
    probabilities = model.predict_proba(shown.images)
    return Opinion(probabilities.argmax(axis=1).astype(np.uint8), probabilities)


def oddity(judged: Judged, bundled: Opinion) -> str:
    """Return what is odd about pictures or labels, in words that go on a sentence; or nothing."""
    labels = judged.held.targets
    wrong = bundled.answers != labels
    if wrong.mean() < ODD or wrong.sum() < FEW:
        return ""
    return (
        _shifted(labels, bundled.answers)
        or _spoiled(judged.held.images, labels, bundled, wrong)
        or _swapped(labels, bundled.answers)
        or _mislabelled(judged, bundled, wrong)
        or _other_signs(bundled, wrong)
    )


def is_chance(labels: Labels, own: Labels) -> bool:
    """Whether answers are right no more often than the commonest label alone would be."""
    commonest = np.bincount(labels).max() / len(labels)
    right = int((own == labels).sum())
    if right > len(labels) * min(0.5, 2 * commonest):
        return False  # of few pictures it may be luck, but nothing speaks for that
    return not _beyond_luck(right, len(labels), float(commonest))


def _beyond_luck(count: int, of: int, hazard: float) -> bool:
    from scipy.stats import binomtest  # here, for its import takes seconds

    return bool(binomtest(count, of, hazard, alternative="greater").pvalue < LEVEL)


def _shifted(labels: Labels, answered: Labels) -> str:
    for shift in range(1, len(DIGITS)):
        if ((answered + shift) % len(DIGITS) == labels).mean() > SURE:
            return f"the labels are shifted: what is labelled {shift} shows 0"
    return ""


def _spoiled(images: Pixels, labels: Labels, bundled: Opinion, wrong: NDArray[np.bool_]) -> str:
    """Say what, undone, makes the classifier read what it reads otherwise than labelled."""
    rows = _some(np.flatnonzero(wrong))
    found = []
    for words, undone in WAYS:
        right = opinion(undone(images[rows])).answers == labels[rows]
        found.append((int(right.sum()), words, undone))
    best, words, undone = max(found, key=lambda each: each[0])
    if best <= SURE * len(rows) or not _beyond_luck(best, len(rows), HAZARD):
        return ""
    # Some shapes look the same both ways; the others say how many are spoiled.
    rows = _some(np.arange(len(labels)))
    line = np.arange(len(rows)), labels[rows]
    likelier = opinion(undone(images[rows])).probabilities[line] - bundled.probabilities[rows][line]
    telling = likelier[np.abs(likelier) > CLEARLY]
    share = float((telling > 0).mean()) if len(telling) else 1.0
    many = "the" if share > NEARLY_ALL else f"about {percent(share, 0)} of the"
    return f"{many} images {words}"


def _swapped(labels: Labels, answered: Labels) -> str:
    """Say which classes bear each other's names: each shows mostly what another is called."""
    shows = {}
    for label in np.unique(labels):
        counts = np.bincount(answered[labels == label], minlength=len(DIGITS))
        if counts.sum() >= FEW and counts.max() > SURE * counts.sum():
            shows[int(label)] = int(counts.argmax())
    moved = {label: digit for label, digit in shows.items() if label != digit}
    if not moved or set(moved) != set(moved.values()):
        return ""
    words = [f"what is labelled {label} shows {digit}" for label, digit in moved.items()]
    more = f", and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return f"labels are swapped: {', '.join(words[:NAMED])}{more}"


def _mislabelled(judged: Judged, bundled: Opinion, wrong: NDArray[np.bool_]) -> str:
    """Say which labels nobody agrees with: classifier, nearest neighbour and network."""
    held, labels = judged.held, judged.held.targets
    known = judged.near >= 0
    doubted = wrong & known & (bundled.confidence >= CONFIDENT)
    doubted &= (judged.near != labels) & (judged.own != labels)
    count, of = int(doubted.sum()), int(known.sum())
    if count < FEW or count < ODD * of:
        return ""
    rows = np.flatnonzero(doubted)
    rows = rows[np.argsort(-bundled.confidence[rows], kind="stable")]
    return (
        f"many labels are wrong, likely {count:,} of {of:,}: "
        f"{_examples(held, bundled.answers, rows)}"
    )


def _examples(held: Dataset, answered: Labels, rows: NDArray[np.int64]) -> str:
    """Name images whose labels are doubted, or what they are mostly labelled and show."""
    labels = held.targets
    if held.ids is not None:
        return ", ".join(
            f"{held.ids[row]} is labelled {labels[row]} and looks like {answered[row]}"
            for row in rows[:NAMED]
        )
    kinds, counts = np.unique(
        np.stack([labels[rows], answered[rows]], axis=1), axis=0, return_counts=True
    )
    commonest = np.argsort(-counts, kind="stable")[:NAMED]
    return ", ".join(
        f"{counts[k]} labelled {kinds[k][0]} {'looks' if counts[k] == 1 else 'look'} like "
        f"{kinds[k][1]}"
        for k in commonest
    )


def _other_signs(bundled: Opinion, wrong: NDArray[np.bool_]) -> str:
    sure = wrong & (bundled.confidence >= CONFIDENT)
    if sure.mean() <= 0.5:
        return ""
    return (
        f"tenfold's own classifier is sure of another digit in {percent(float(sure.mean()), 0)} of "
        "the images, so the labels are wrong, or these are no Arabic digits"
    )


def _some(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return so many of these as are asked about, spread evenly."""
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), ASKED)).astype(np.int64)]
