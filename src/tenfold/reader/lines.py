"""From digits found to lines, and from lines to straight strips.

A line is everything at one height from left to right, however wide its gaps; lines may rise, fall
and bend a little. Where a gap is wide, the line is cut into parts that are read each by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.reader.find import Found

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

STRIP, NORMAL = 48, 30.0  # height of a strip, and of a digit in it: as the recogniser learned them
REACH = 6.0  # digit heights to the next digit that tells the direction of a line
OFF, RATIO = 0.5, 2.2  # of digit heights: how far neighbours may lie off, how much they may differ
MARGIN = 1.1  # digit heights that a strip goes beyond its digits
LONGEST = 2400  # columns of a strip


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
    """

    found: list[Found]
    height: float
    start: float
    end: float
    x: float
    y: float
    slope: float

    def at(self, x: float) -> float:
        """Return the y of the middle line."""
        return self.y + self.slope * (x - self.x)


def group(found: Sequence[Found]) -> list[list[Found]]:
    """Group digits into lines, from top to bottom, each from left to right."""
    if not found:
        return []
    slope = _slope(found)
    chains = [[f] for f in sorted(found, key=lambda f: f.middle[0])]
    pairs = []
    for i, a in enumerate(chains):
        for j, b in enumerate(chains):
            if i != j:
                cost = _apart(a[0], b[0], slope)
                if cost is not None:
                    pairs.append((cost, i, j))
    follows: dict[int, int] = {}
    leads: dict[int, int] = {}
    for _, i, j in sorted(pairs):
        if i not in follows and j not in leads:
            follows[i], leads[j] = j, i
    lines = []
    for i in range(len(chains)):
        if i in leads:
            continue
        line, at = [chains[i][0]], i
        while at in follows:
            at = follows[at]
            line.append(chains[at][0])
        lines.append(line)
    lines = _join(lines, slope)
    return sorted(lines, key=lambda line: float(np.median([_level(f, slope) for f in line])))


def _level(found: Found, slope: float) -> float:
    x, y = found.middle
    return y - slope * x


def _slope(found: Sequence[Found]) -> float:
    """Median direction from each digit to its nearest neighbour on the right."""
    slopes = []
    for a in found:
        best, at = np.inf, 0.0
        for b in found:
            dx, dy = b.middle[0] - a.middle[0], b.middle[1] - a.middle[1]
            tall = max(a.height, b.height)
            near = 0.35 * tall < dx < REACH * tall and abs(dy) < 0.4 * dx + 0.1 * tall
            if near and dx + 3 * abs(dy) < best and max(a.height, b.height) < RATIO * min(a.height, b.height):
                best, at = dx + 3 * abs(dy), dy / dx
        if best < np.inf:
            slopes.append(at)
    return float(np.clip(np.median(slopes), -0.4, 0.4)) if len(slopes) > 1 else 0.0


def _apart(a: Found, b: Found, slope: float) -> float | None:
    """How far b stands to the right of a on the same line, in digit heights; None if it does not."""
    small, tall = sorted((a.height, b.height))
    if tall > RATIO * small:
        return None
    dx = b.middle[0] - a.middle[0]
    dy = abs(_level(b, slope) - _level(a, slope))
    if dx <= 0.15 * tall or dx > 2 * REACH * tall or dy > OFF * small + 0.03 * dx:
        return None
    return dx / tall + 2 * dy / tall


def _join(lines: list[list[Found]], slope: float) -> list[list[Found]]:
    """Join lines that go on from each other over wide gaps."""
    changed = True
    while changed:
        changed = False
        lines.sort(key=lambda line: line[0].x)
        for i, left in enumerate(lines):
            options = []
            for j, right in enumerate(lines):
                if i == j or right[0].x < left[-1].right - 0.3 * left[-1].height:
                    continue
                tall = _tall(left), _tall(right)
                if max(tall) > RATIO * min(tall):
                    continue
                gap = right[0].x - left[-1].right
                off = abs(_end(left, slope, -1, right[0].middle[0]) - right[0].middle[1])
                back = abs(_end(right, slope, 0, left[-1].middle[0]) - left[-1].middle[1])
                if min(off, back) < OFF * min(tall):
                    options.append((gap, j))
            if options:
                j = min(options)[1]
                lines[i] = left + lines[j]
                del lines[j]
                changed = True
                break
    return lines


def _end(line: list[Found], slope: float, end: int, x: float) -> float:
    """Where a line goes on to at x, from its last or first four digits."""
    part = line[-4:] if end == -1 else line[:4]
    own = slope
    if len(part) >= 4:
        points = np.array([f.middle for f in part])
        own = float(np.clip(np.polyfit(points[:, 0], points[:, 1], 1)[0], slope - 0.08, slope + 0.08))
    middle = np.mean([f.middle for f in part], axis=0)
    return float(middle[1] + own * (x - middle[0]))


def _tall(found: Sequence[Found]) -> float:
    return float(np.percentile([f.height for f in found], 60))


def parts(line: Sequence[Found], gap: float, width: float) -> list[Part]:
    """Cut a line at gaps wider than so many digit heights; the picture is so wide."""
    tall = _tall(line)
    points = np.array([f.middle for f in line])
    groups: list[list[Found]] = [[line[0]]]
    for a, b in zip(line, line[1:], strict=False):
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
        start = max(own[0].x - MARGIN * height, left, 0.0)
        end = min(own[-1].right + MARGIN * height, right, width)
        out.append(Part(own, height, start, end, float(x), float(y), inner))
    return out


def cut(grey: Pixels, part: Part, factor: float) -> tuple[Pixels, float]:
    """Cut a part out as a straight strip, uint8 ``(48, w)``, w a multiple of 4.

    Parameters
    ----------
    factor : float
        How much larger than normal its digits are shown.

    Returns
    -------
    uint8 array
    float
        Its columns per pixel of the picture.
    """
    scale = NORMAL * factor / part.height
    scale = min(scale, LONGEST / max(1.0, part.end - part.start))
    columns = max(8, round((part.end - part.start) * scale))
    columns += -columns % 4
    source, shift, zoom = _shrunk(grey, part, scale)
    cos = 1 / np.hypot(1, part.slope)
    sin = part.slope * cos
    inner = zoom / scale  # pixels of the source per column
    # From a column u and a row v of the strip to the source: along the line, and across it.
    across = v0 = STRIP / 2
    origin = np.array([part.start, part.at(part.start)]) * zoom - shift
    matrix = np.array([
        [cos * inner, -sin * inner, origin[0] + sin * inner * v0],
        [sin * inner, cos * inner, origin[1] - cos * inner * across],
    ])  # fmt: skip
    strip = cv2.warpAffine(
        source, matrix, (columns, STRIP), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(strip, np.uint8), scale


def _shrunk(grey: Pixels, part: Part, scale: float) -> tuple[Pixels, Floats, float]:
    """The part's surroundings, averaged down where the strip is smaller than the picture."""
    reach = part.height * 2.5
    low = min(part.at(part.start), part.at(part.end)) - reach
    high = max(part.at(part.start), part.at(part.end)) + reach
    left, top = max(0, int(part.start - reach)), max(0, int(low))
    window = grey[top : max(top + 1, int(high) + 1), left : max(left + 1, int(part.end + reach) + 1)]
    zoom = min(1.0, scale * 1.5)
    if zoom < 0.9:
        size = (max(1, round(window.shape[1] * zoom)), max(1, round(window.shape[0] * zoom)))
        window = np.asarray(cv2.resize(window, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        zoom = 1.0
    return window, np.array([left, top]) * zoom, zoom
