"""Read strips: what the line recogniser says of a part in several views, as one string.

The network gives each frame of a strip a probability of every character. The same part is shown
larger, smaller and leaning, each view spells its likeliest strings by prefix beam search (Graves
2012), and the mean of a string's probabilities counts. So a string that the views disagree on is
less sure; averaging frame by frame instead, characters vanish whose frames do not lie exactly on
each other.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.signature import CHARS, STRIDE, strips_of

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
# The network: normalised strips (n, 1, 48, w) to logits (n, w / 2, 1 + characters).
Network = Callable[[Floats], Floats]

LEAST = 1e-3  # a character less probable than this in a frame is not tried there
BEAM = 6
NEVER = 1e-12  # a string less probable than this is as good as impossible


@dataclass(frozen=True, slots=True, eq=False)
class Spelled:
    """A string and where its characters stand.

    Parameters
    ----------
    text : str
    log_probability : float
        Of this string among all.
    spans : list of (float, float)
        Of each character, in columns of the first strip.
    probabilities : float array, shape (characters, 21)
        Of each class (the blank first) where the character is at its surest.
    """

    text: str
    log_probability: float
    spans: list[tuple[float, float]]
    probabilities: Floats

    @property
    def probability(self) -> float:
        """Of this string among all, 0 to 1."""
        return float(np.exp(self.log_probability))


def frames_of(strips: Sequence[Pixels], network: Network) -> list[Floats]:
    """Run the network over strips of any widths: log-probabilities of the frames of each."""
    logits = network(strips_of(list(strips)))
    out = []
    for strip, row in zip(strips, logits, strict=True):
        own = row[: strip.shape[1] // STRIDE]
        top = own.max(axis=1, keepdims=True)
        out.append(
            np.asarray(own - top - np.log(np.exp(own - top).sum(axis=1, keepdims=True)), np.float32)
        )
    return out


def together(frames: Sequence[Floats]) -> Floats:
    """Average log-probabilities of one part in several views, at the first one's frames."""
    count = len(frames[0])
    total = np.zeros_like(frames[0])
    for own in frames:
        at = (np.arange(count) + 0.5) * len(own) / count - 0.5
        low = np.clip(np.floor(at).astype(int), 0, len(own) - 1)
        high = np.minimum(low + 1, len(own) - 1)
        share = np.clip(at - low, 0, 1)[:, None].astype(np.float32)
        total += own[low] * (1 - share) + own[high] * share
    mean = total / len(frames)
    top = mean.max(axis=1, keepdims=True)
    return np.asarray(
        mean - top - np.log(np.exp(mean - top).sum(axis=1, keepdims=True)), np.float32
    )


def spell(views: Sequence[Floats], beam: int = BEAM) -> Spelled:
    """Find the most probable string of one part.

    Parameters
    ----------
    views : sequence of float arrays, shape (t, 21)
        Log-probabilities of the frames in each view; its characters' places are those of the
        first.
    """
    chances: dict[str, float] = defaultdict(float)
    for frames in views:
        for text, log_probability in search(frames, beam):
            chances[text] += math.exp(log_probability) / len(views)
    best = max(chances, key=lambda text: chances[text])
    aligned = [align(frames, best) for frames in views]
    spans = aligned[0][0]
    surest = np.mean([np.exp(own[at]) for own, (_, at) in zip(views, aligned, strict=True)], axis=0)
    return Spelled(best, math.log(max(chances[best], NEVER)), spans, surest)


def best_path(frames: Floats) -> str:
    """Spell the likeliest class of each frame, repeats and blanks left out.

    Examples
    --------
    >>> best_path(np.eye(21, dtype=np.float32)[[0, 2, 2, 0, 2, 3, 0]])
    '112'
    """
    best = frames.argmax(axis=1)
    first = np.r_[True, best[1:] != best[:-1]]
    return "".join(CHARS[k - 1] for k in best[first & (best > 0)])


def search(frames: Floats, beam: int) -> list[tuple[str, float]]:
    """Return the likeliest strings with their log-probabilities, likeliest first."""
    # Plain floats: for one number at a time NumPy's cost more than what is done with them.
    rows: list[list[float]] = frames.tolist()
    options: list[list[int]] = [[] for _ in rows]
    for t, k in np.argwhere(frames[:, 1:] > math.log(LEAST)).tolist():
        options[t].append(k + 1)
    # Of each string: that it ends in a blank, that it does not, and either.
    beams = {"": (0.0, -math.inf, 0.0)}
    for row, likely in zip(rows, options, strict=True):
        blank = row[0]
        if not likely:  # nothing but the blank
            beams = {
                text: (both + blank, -math.inf, both + blank)
                for text, (_, _, both) in beams.items()
            }
            continue
        grown: dict[str, tuple[float, float]] = {}
        for text, (b, n, both) in beams.items():
            _add(grown, text, both + blank, -math.inf)
            for k in likely:
                char, p = CHARS[k - 1], row[k]
                if text and text[-1] == char:
                    _add(grown, text, -math.inf, n + p)
                    _add(grown, text + char, -math.inf, b + p)
                else:
                    _add(grown, text + char, -math.inf, both + p)
        weighed = [(text, (b, n, _either(b, n))) for text, (b, n) in grown.items()]
        beams = dict(sorted(weighed, key=lambda pair: -pair[1][2])[:beam])
    return sorted(((text, own[2]) for text, own in beams.items()), key=lambda pair: -pair[1])


def _add(beams: dict[str, tuple[float, float]], text: str, blank: float, other: float) -> None:
    old = beams.get(text)
    if old is not None:
        blank, other = _either(old[0], blank), _either(old[1], other)
    beams[text] = blank, other


def _either(a: float, b: float) -> float:
    """Return the logarithm of the sum of two probabilities, given theirs."""
    if a < b:
        a, b = b, a
    if b == -math.inf:
        return a
    return a + math.log1p(math.exp(b - a))


def _states(text: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Classes of the states blank, c1, blank, c2, … and whether each may skip the blank before."""
    classes = np.zeros(2 * len(text) + 1, np.int64)
    classes[1::2] = [CHARS.index(c) + 1 for c in text]
    skip = np.zeros(len(classes), bool)
    skip[3::2] = classes[3::2] != classes[1:-2:2]
    return classes, skip


def probability(frames: Floats, text: str) -> float:
    """Log-probability of a string: the forward algorithm of CTC."""
    classes, skip = _states(text)
    alpha = np.full(len(classes), -np.inf)
    alpha[0] = frames[0, 0]
    if text:
        alpha[1] = frames[0, classes[1]]
    for row in frames[1:]:
        one = np.r_[-np.inf, alpha[:-1]]
        two = np.where(skip, np.r_[-np.inf, -np.inf, alpha[:-2]][: len(alpha)], -np.inf)
        alpha = np.logaddexp(np.logaddexp(alpha, one), two) + row[classes]
    return float(np.logaddexp(alpha[-1], alpha[-2])) if text else float(alpha[-1])


def align(frames: Floats, text: str) -> tuple[list[tuple[float, float]], list[int]]:
    """Find the likeliest place of each character: its span in columns and its surest frame."""
    if not text:
        return [], []
    classes, skip = _states(text)
    count = len(frames)
    own = frames[:, classes]
    barred = np.where(skip, 0.0, -np.inf)
    # Scores of all states at each frame, after two more that nothing leads from.
    scores = np.full((count, len(classes) + 2), -np.inf)
    stay, one, two = scores[:, 2:], scores[:, 1:-1], scores[:, :-2]
    stay[0, :2] = own[0, :2]
    best = np.empty(len(classes))
    for t in range(1, count):
        np.add(two[t - 1], barred, out=best)
        np.maximum(best, one[t - 1], out=best)
        np.maximum(best, stay[t - 1], out=best)
        np.add(best, own[t], out=stay[t])
    # How many states each step goes forward; the fewer where it makes no difference.
    steps = np.where(one > stay, 1, 0)
    steps[two + barred > np.maximum(stay, one)] = 2
    state = len(classes) - 1 if stay[-1, -1] >= stay[-1, -2] else len(classes) - 2
    path = [state]
    for t in range(count - 2, -1, -1):
        state -= int(steps[t, state])
        path.append(state)
    path.reverse()
    # An alignment that has no room for a character: between its neighbours.
    first = [min(count - 1, bisect_left(path, 2 * k + 1)) for k in range(len(text))]
    end = [max(at + 1, bisect_right(path, 2 * k + 1)) for k, at in enumerate(first)]
    spans = [(float(a * STRIDE), float(b * STRIDE)) for a, b in zip(first, end, strict=True)]
    surest = [
        a + int(own[a:b, 2 * k + 1].argmax())
        for k, (a, b) in enumerate(zip(first, end, strict=True))
    ]
    return spans, surest
