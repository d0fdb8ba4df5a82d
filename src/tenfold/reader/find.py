"""Find digits: run the finder over a small pyramid of the picture and keep the best of each place.

A digit is looked for where it is between 9 and 90 pixels high, so every digit is seen at two or
three sizes; the one that is surest of it wins, and its masks speak for that digit's ink. The box
and the kind of ink are the mean of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.signature import DIGIT_KINDS, FINE, PLACE, planes

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
# The network: planes (1, 2, h, w) to logits of kinds (5, h/2, w/2) and places (19, h/4, w/4).
Network = Callable[[Floats], tuple[Floats, Floats]]

AGREED = 0.5  # intersection over union of boxes that show the same digit
INSIDE = 0.65  # of the smaller box: it is a part of the other
COMPARED = 4000  # candidates of a picture that are looked at, the surest
MOST = 1200  # digits of a picture; a texture gives more, and nobody reads them
STEP = 16  # sides the network takes are multiples of this


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The picture at one size, as the network saw it.

    Parameters
    ----------
    scale : float
        Its pixels per pixel of the picture.
    kinds : float array, shape (5, h / 2, w / 2)
        Probability of each kind of ink.
    """

    scale: float
    kinds: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A digit that was found.

    Parameters
    ----------
    x, y, width, height : float
        Its box in pixels of the picture.
    score : float
        How sure the finder is that a digit lies here, 0 to 1.
    digits : float array, shape (10,)
        Which it may be, by the finder.
    kinds : float array, shape (4,)
        How likely it is of each of `DIGIT_KINDS`.
    level : int
        At which level it was found.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    digits: Floats
    kinds: Floats
    level: int

    @property
    def right(self) -> float:
        """Where the box ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where the box ends."""
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """Centre of the box."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def kind(self) -> int:
        """The likeliest kind of digit ink: HAND, PRINT, RUNNING or STRUCK."""
        return DIGIT_KINDS[int(self.kinds.argmax())]


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """All that was found in a picture, from left to right, and what it was chosen from."""

    found: list[Found]
    levels: list[Level]
    candidates: list[tuple[float, Found]]


def find(
    grey: Pixels,
    network: Network,
    sides: Sequence[int],
    least: float,
    overlap: float,
    before: Finding | None = None,
) -> Finding:
    """Find the digits of a grey picture, uint8 ``(h, w)``.

    Parameters
    ----------
    network : callable
    sides : sequence of int
        Long sides of the pyramid, in pixels.
    least : float
        The least score of a digit.
    overlap : float
        Intersection over union from which two boxes are one digit.
    before : Finding, optional
        What was found at other sizes already.
    """
    levels = list(before.levels) if before is not None else []
    candidates = list(before.candidates) if before is not None else []
    for scale in scales(grey, sides):
        height, width = (max(1, round(side * scale)) for side in grey.shape)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = cv2.resize(grey, (width, height), interpolation=how)
        padded = cv2.copyMakeBorder(seen, 0, -height % STEP, 0, -width % STEP, cv2.BORDER_REPLICATE)
        kinds, places = network(planes(np.asarray(padded, np.uint8))[None])
        level = Level(scale, _sigmoid(kinds[:, : -(-height // FINE), : -(-width // FINE)]))
        levels.append(level)
        cut = places[:, : -(-height // PLACE), : -(-width // PLACE)]
        candidates += _peaks(cut, level, len(levels) - 1, least)
    found = sorted(_best(candidates, overlap), key=lambda f: f.x)
    return Finding(found, levels, candidates)


def scales(grey: Pixels, sides: Sequence[int]) -> list[float]:
    """Scales at which a picture is looked at: enlarged at most two and a half times."""
    longest = max(grey.shape)
    return [side / longest for side in sides if side <= 2.5 * longest] or [2.5]


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)


def _shares(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max())
    return np.asarray(shares / shares.sum(), np.float32)


def _peaks(places: Floats, level: Level, number: int, least: float) -> list[tuple[float, Found]]:
    heat = _sigmoid(places[0])
    top = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat >= top) & (heat > least))
    if len(rows) > MOST:  # a texture: the surest are enough
        keep = np.argsort(-heat[rows, columns])[:MOST]
        rows, columns = rows[keep], columns[keep]
    out = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        dx, dy, log_w, log_h = (float(v) for v in places[1:5, row, column])
        width, height = float(np.exp(min(log_w, 6))), float(np.exp(min(log_h, 6)))
        x, y = (column + 0.5 + dx) * PLACE, (row + 0.5 + dy) * PLACE
        score = float(heat[row, column])
        named = _shares(places[5:15, row, column])
        kinds = _shares(places[15:, row, column])
        found = Found(
            (x - width / 2) / level.scale, (y - height / 2) / level.scale,
            width / level.scale, height / level.scale, score, named, kinds, number,
        )  # fmt: skip
        out.append((score * _suits(height), found))
    return out


def _suits(height: float) -> float:
    """How much a level is trusted with digits of this height, in its pixels, 0 to 1."""
    if height < 18:
        return float(np.clip((height - 6) / 12, 0.2, 1))
    return float(np.clip((130 - height) / 60, 0.2, 1))


def _best(candidates: list[tuple[float, Found]], overlap: float) -> list[Found]:
    """Keep the surest of those that lie on each other."""
    if not candidates:
        return []
    order = sorted(candidates, key=lambda pair: -pair[0])[:COMPARED]
    boxes = np.array([[f.x, f.y, f.right, f.bottom] for _, f in order])
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive = np.ones(len(order), bool)
    kept = []
    for index in range(len(order)):
        if not alive[index]:
            continue
        low = np.maximum(boxes[index, :2], boxes[:, :2])
        high = np.minimum(boxes[index, 2:], boxes[:, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        union = area[index] + area - shared
        inside = shared / np.minimum(area[index], area)
        kept.append(_agreed(order, boxes, np.flatnonzero(shared / union > AGREED), index))
        if len(kept) == MOST:
            break
        # A box nearly inside another is a part of that digit, or a digit that it took two for.
        alive &= ~((shared / union > overlap) | (inside > INSIDE))
    return kept


def _agreed(
    order: list[tuple[float, Found]], boxes: Floats, same: NDArray[np.intp], index: int
) -> Found:
    """Return a digit with the mean box and kinds of all that show it, the surer counting more.

    At one size a box is often a fifth too large or too small (box voting, Gidaris and Komodakis
    2015), and print looks like a hand's. Of the kinds the mean is that of the logarithms.
    """
    weights = np.array([order[k][0] for k in same])
    left, top, right, bottom = np.average(boxes[same], axis=0, weights=weights).tolist()
    logs = np.log(np.array([order[k][1].kinds for k in same]) + 1e-4)
    kinds = _shares(np.average(logs, axis=0, weights=weights))
    return replace(
        order[index][1], x=left, y=top, width=right - left, height=bottom - top, kinds=kinds
    )
