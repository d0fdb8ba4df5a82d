"""From digits found to lines, and from lines to straight strips.

A line is everything at one height from left to right, however wide its gaps; lines may rise, fall
and bend a little. Where a gap is wide, the line is cut into parts that are read each by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.reader.find import Found
from tenfold.signature import DIGIT, STRIP

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

REACH = 6.0  # digit heights to the next digit that tells the direction of a line
OFF, RATIO = 0.5, 2.2  # of digit heights: how far neighbours may lie off, how much they may differ
LYING = 0.8  # of a digit height: how far neighbours may lie on each other
BEND = 0.08  # how far the slope of a line's end may differ from the page's
MARGIN = 1.1  # digit heights that a strip goes beyond its digits
LONGEST = 2400  # columns of a strip
FILLS = 0.62  # of its height: how high digits are in a picture of one line where none was found


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Digits of one line without a wide gap.

    Parameters
    ----------
    found : list of Found
        From left to right.
    height : float
        Of a digit, in pixels of the picture.
    start, end : float
        Where it is cut out, in x.
    x, y, slope : float
        A point of its middle line and how many pixels it falls per pixel to the right.
    least, most : float
        How far it may be made longer.
    """

    found: list[Found]
    height: float
    start: float
    end: float
    x: float
    y: float
    slope: float
    least: float = 0.0
    most: float = np.inf

    def at(self, x: float) -> float:
        """Return the y of the middle line."""
        return self.y + self.slope * (x - self.x)


def group(found: Sequence[Found]) -> list[list[Found]]:
    """Group digits into lines, from top to bottom, each from left to right."""
    if not found:
        return []
    slope = _slope(found)
    lines = _chains([[f] for f in found], slope, 2 * REACH)
    lines = _chains(lines, slope, np.inf)
    return sorted(lines, key=lambda line: float(np.median([_level(f, slope) for f in line])))


def _level(found: Found, slope: float) -> float:
    x, y = found.middle
    return y - slope * x


def _slope(found: Sequence[Found]) -> float:
    """Median direction from each digit to its nearest neighbour on the right."""
    middles = np.array([f.middle for f in found])
    tall = np.array([f.height for f in found])
    dx = middles[None, :, 0] - middles[:, None, 0]
    dy = middles[None, :, 1] - middles[:, None, 1]
    high = np.maximum(tall[:, None], tall[None])
    near = (dx > 0.35 * high) & (dx < REACH * high) & (np.abs(dy) < 0.4 * dx + 0.1 * high)
    near &= high < RATIO * np.minimum(tall[:, None], tall[None])
    cost = np.where(near, dx + 3 * np.abs(dy), np.inf)
    best = cost.argmin(axis=1)
    rows = np.flatnonzero(np.isfinite(cost.min(axis=1)))
    if len(rows) < 2:
        return 0.0
    return float(np.clip(np.median(dy[rows, best[rows]] / dx[rows, best[rows]]), -0.4, 0.4))


def _chains(lines: list[list[Found]], slope: float, reach: float) -> list[list[Found]]:
    """Join what goes on from each other over gaps of up to so many digit heights.

    Each round joins all pairs that are each other's nearest, until there are none.
    """
    while True:
        cost = _gaps(lines, slope, reach)
        after, before = cost.argmin(axis=1), cost.argmin(axis=0)
        pairs = [
            (i, int(j)) for i, j in enumerate(after) if before[j] == i and np.isfinite(cost[i, j])
        ]
        if not pairs:
            return lines
        taken: set[int] = set()
        joined = []
        for i, j in pairs:
            if i not in taken and j not in taken:
                joined.append(lines[i] + lines[j])
                taken |= {i, j}
        lines = joined + [line for k, line in enumerate(lines) if k not in taken]


def _gaps(lines: list[list[Found]], slope: float, reach: float) -> Floats:
    """How far each line ends before another begins, in pixels; infinite if that is elsewhere."""
    tall = np.array([_tall(line) for line in lines])
    first = np.array([line[0].middle for line in lines])
    last = np.array([line[-1].middle for line in lines])
    left = np.array([line[0].x for line in lines])
    right = np.array([line[-1].right for line in lines])
    on, start = (np.array([_direction(line, slope, end) for line in lines]) for end in (-1, 0))
    # Where the first line goes on to at the second's beginning, and the second back to its end.
    ahead = on[:, None, 1] + on[:, None, 2] * (first[None, :, 0] - on[:, None, 0])
    back = start[None, :, 1] + start[None, :, 2] * (last[:, None, 0] - start[None, :, 0])
    off = np.minimum(np.abs(ahead - first[None, :, 1]), np.abs(back - last[:, None, 1]))
    gap = left[None] - right[:, None]
    low, high = np.minimum(tall[:, None], tall[None]), np.maximum(tall[:, None], tall[None])
    fits = (off < OFF * low) & (high < RATIO * low) & (gap > -LYING * low) & (gap < reach * high)
    fits &= first[None, :, 0] > last[:, None, 0]
    np.fill_diagonal(fits, val=False)
    return np.where(fits, gap + 2 * off, np.inf)


def _direction(line: list[Found], slope: float, end: int) -> tuple[float, float, float]:
    """Return a point and the slope of a line's last, or first, four digits."""
    part = line[-4:] if end == -1 else line[:4]
    points = np.array([f.middle for f in part])
    own = slope
    if len(part) >= 4:
        fitted = np.polyfit(points[:, 0], points[:, 1], 1)[0]
        own = float(np.clip(fitted, slope - BEND, slope + BEND))
    return float(points[:, 0].mean()), float(points[:, 1].mean()), own


def _tall(found: Sequence[Found]) -> float:
    return float(np.percentile([f.height for f in found], 60))


def parts(line: Sequence[Found], gap: float, width: float) -> list[Part]:
    """Cut a line at gaps wider than so many digit heights; the picture is so wide."""
    tall = _tall(line)
    points = np.array([f.middle for f in line])
    groups: list[list[Found]] = [[line[0]]]
    for a, b in pairwise(line):
        if b.x - a.right > gap * max(tall, a.height, b.height):
            groups.append([])
        groups[-1].append(b)
    spread = float(np.ptp(points[:, 0]))
    slope = 0.0
    if len(line) >= 3 and spread > 2.5 * tall:
        slope = float(np.clip(np.polyfit(points[:, 0], points[:, 1], 1)[0], -0.5, 0.5))
    out = []
    for k, own in enumerate(groups):
        height = _tall(own) if len(own) > 1 else 0.5 * (_tall(own) + tall)
        middles = np.array([f.middle for f in own])
        inner = slope
        if len(own) >= 5 and np.ptp(middles[:, 0]) > 4 * height:
            inner = float(np.clip(np.polyfit(middles[:, 0], middles[:, 1], 1)[0], -0.5, 0.5))
        x, y = middles.mean(axis=0)
        left = groups[k - 1][-1].right if k else -np.inf
        right = groups[k + 1][0].x if k + 1 < len(groups) else np.inf
        least, most = max(left, 0.0), min(right, width)
        start = max(own[0].x - MARGIN * height, least)
        end = min(own[-1].right + MARGIN * height, most)
        out.append(Part(own, height, start, end, float(x), float(y), inner, least, most))
    return out


def whole(found: Sequence[Found], grey: Pixels) -> Part:
    """Return all of a picture that holds one line, as one part."""
    height, width = (float(side) for side in grey.shape)
    if not found:
        return Part([], FILLS * height, 0.0, width, width / 2, height / 2, 0.0, 0.0, width)
    (part,) = parts(sorted(found, key=lambda f: f.x), np.inf, width)
    return part


def columns(part: Part, factor: float = 1.0) -> int:
    """Return how many columns a part's strip has, a multiple of 4."""
    wide = round((part.end - part.start) * DIGIT * factor / part.height)
    return 4 * -(-int(np.clip(wide, 8, LONGEST)) // 4)


def cut(grey: Pixels, part: Part, factor: float, lean: float = 0.0) -> tuple[Pixels, float]:
    """Cut a part out as a straight strip, uint8 ``(48, w)``, w a multiple of 4.

    Parameters
    ----------
    factor : float
        How much larger than normal its digits are shown.
    lean : float
        How far strokes are made to lean to the right: width per height.

    Returns
    -------
    uint8 array
    float
        Its columns per pixel of the picture.
    """
    scale = DIGIT * factor / part.height
    scale = min(scale, LONGEST / max(1.0, part.end - part.start))
    wide = columns(part, factor)
    source, shift, zoom = _shrunk(grey, part, scale)
    cos = 1 / np.hypot(1, part.slope)
    sin = part.slope * cos
    inner = zoom / scale  # pixels of the source per column
    # From a column u and a row v of the strip to the source: along the line, and across it, where
    # each row lies a little further along it than the one above.
    origin = np.array([part.start, part.at(part.start)]) * zoom - shift
    along = np.array([cos, sin]) * inner
    across = np.array([-sin, cos]) * inner + lean * along
    matrix = np.column_stack([along, across, origin - across * (STRIP / 2)])
    strip = cv2.warpAffine(
        source, matrix, (wide, STRIP), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(strip, np.uint8), scale


def _shrunk(grey: Pixels, part: Part, scale: float) -> tuple[Pixels, Floats, float]:
    """Return the part's surroundings, averaged down where the strip is smaller than the picture."""
    reach = part.height * 2.5
    low = min(part.at(part.start), part.at(part.end)) - reach
    high = max(part.at(part.start), part.at(part.end)) + reach
    left, top = max(0, int(part.start - reach)), max(0, int(low))
    window = grey[
        top : max(top + 1, int(high) + 1), left : max(left + 1, int(part.end + reach) + 1)
    ]
    zoom = min(1.0, scale * 1.5)
    if zoom < 0.9:
        size = (max(1, round(window.shape[1] * zoom)), max(1, round(window.shape[0] * zoom)))
        window = np.asarray(cv2.resize(window, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        zoom = 1.0
    return window, np.array([left, top]) * zoom, zoom
