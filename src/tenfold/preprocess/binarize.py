"""Find the ink: even out the light, tell paper from ink, and weigh how inky each pixel is.

The paper decides, not the mean: paper is what is wide and smooth, ink is what is thin and differs
from it. So the colour direction and the side of the ink come from the residual after a median of
the surroundings, and the light is evened out by a closing just wider than the strokes, which
follows shadows and vignettes but bridges every stroke.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SMALL_SIDE = 320  # the light and the ink's colour are judged on a picture no larger than this
SURROUNDINGS = (
    0.08,
    0.15,
    0.35,
    0.7,
)  # sides of the medians that stand for paper, of the short side
CLEAR_SKEW, CLEAR_PEAK = 0.9, 0.35
BRIDGED = 0.5  # surroundings that find this share of what the next wider ones do bridge the strokes
CLOSINGS = (0.06, 0.09, 0.12, 0.18, 0.25, 0.35, 0.5)  # widest stroke bridged, of the short side
SATURATED = 0.85  # a wider closing that finds hardly more ink than this one is not needed
SPARE = 1  # closings further, for blobs where strokes meet
TINY_SIDE = 64  # below this the widest closing serves at once: no room for shadows
FRAME = 20  # this part of the short side at each edge may show the table, not the paper
NOISE_FACTOR = 5.0
LEAST_CELL = 20  # pixels
LOWER, LOWER_SHARE = 0.5, 0.67  # quantile of a cell, and where it lies in standard deviations
GRAIN_SIDE, GRAIN_CELLS = 300, 24  # pictures this large may be grainier in one place than another
GRAINY = 2.0  # grey levels: paper with more grain is smoothed
MIN_CONTRAST = 6.0  # grey levels of 255
STROKE_SHARE = 0.42  # of the local ink level: where a stroke's edge lies
FAINT_SHARE = 0.18  # of the local ink level: ridges this faint continue a stroke
FAINT_REACH = 6  # pixels
PAGE_SHARE = 0.12  # of the page's ink level: fainter marks are dirt


@dataclass(frozen=True, slots=True)
class Ink:
    """Where the ink is.

    Parameters
    ----------
    level : uint8 array, shape (h, w)
        How much darker (or lighter, on dark paper) than the paper, in grey levels.
    mask : uint8 array, shape (h, w)
        1 where there is ink.
    light_on_dark : bool
        Whether the ink is lighter than the paper.
    """

    level: Pixels
    mask: Pixels
    light_on_dark: bool


def find_ink(pixels: Pixels) -> Ink:
    """Weigh the ink in a grey or RGB picture.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
    """
    small = _shrink(pixels)
    direction = _ink_direction(small)
    grey = _project(pixels, direction)
    paper = _paper(_shrink(grey))
    paper = np.asarray(cv2.resize(paper, grey.shape[::-1], interpolation=cv2.INTER_LINEAR))
    raw = np.asarray(cv2.subtract(paper, grey), np.uint8)
    level, grain = _calm(raw)
    mask = _threshold(level, grain)
    return Ink(level, mask, bool(direction.sum() < 0))


def _shrink(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    factor = SMALL_SIDE / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _odd(value: float, least: int = 3) -> int:
    return max(least, int(value) | 1)


def _ink_direction(small: Pixels) -> Floats:
    """Return the colour axis, paper minus ink, on which the ink stands out most: shape (3,).

    Ink is rare and differs from its surroundings to one side only, so the residual's third moment
    gives the side. The narrowest surroundings that say so clearly win: shadows, dark frames and
    vignettes show in the wide ones, while a fat digit's strokes show in those alone.
    """
    colour = small if small.ndim == 3 else small[:, :, None]
    side = min(small.shape[:2])
    inner = slice(None) if side < TINY_SIDE else slice(side // FRAME, -(side // FRAME))
    edge = np.broadcast_to(_border_colour(colour), colour.shape).astype(np.uint8)
    last = _judge_axis(edge[inner, inner], colour[inner, inner])
    judged = [last]
    for share in SURROUNDINGS if side >= TINY_SIDE else SURROUNDINGS[-2:]:
        paper = np.asarray(cv2.medianBlur(small, min(255, _odd(share * side))), np.uint8)
        one = _judge_axis(paper.reshape(colour.shape)[inner, inner], colour[inner, inner])
        before = judged[-1]
        if len(judged) > 1 and before.energy > BRIDGED * one.energy and _is_clear(before, last):
            return before.axis
        judged.append(one)
    return max(last, judged[-1], key=lambda one: one.skew).axis


def _is_clear(one: _Axis, edge: _Axis) -> bool:
    return one.skew >= CLEAR_SKEW and one.peak >= CLEAR_PEAK * edge.peak


class _Axis(NamedTuple):
    axis: Floats
    skew: float
    peak: float
    energy: float


def _judge_axis(paper: Pixels, colour: Pixels) -> _Axis:
    """Strongest axis of what differs from the paper, how one-sided it is, and how strong."""
    residual = (paper.astype(np.float32) - colour).reshape(-1, colour.shape[2])
    size = np.sqrt(np.einsum("ij,ij->i", residual, residual))
    peak = float(size.max())
    strong = residual[size > max(MIN_CONTRAST, 0.3 * peak)]
    if len(strong) < 3:
        return _Axis(np.ones(colour.shape[2], np.float32), 0.0, peak, 0.0)
    # Of one colour there is one axis, and no need to look for it.
    alone = colour.shape[2] == 1
    axis = np.ones(1, np.float32) if alone else np.linalg.eigh(strong.T @ strong)[1][:, -1]
    along = residual @ axis
    cubes = along * along * along
    skew = float(cubes.sum()) / float(np.abs(cubes).sum() + 1e-9)
    return _Axis(
        np.asarray(axis * np.sign(skew), np.float32),
        abs(skew),
        peak,
        float((size[size > 0.3 * peak] ** 2).sum()),
    )


def _border_colour(colour: Pixels) -> Floats:
    ring = max(1, round(0.05 * min(colour.shape[:2])))
    parts = (colour[:ring], colour[-ring:], colour[:, :ring], colour[:, -ring:])
    edge = np.concatenate([part.reshape(-1, colour.shape[2]) for part in parts])
    return np.asarray(np.median(edge, axis=0), np.float32)


def _project(pixels: Pixels, direction: Floats) -> Pixels:
    """Grey picture along a colour axis, paper bright and ink dark."""
    if pixels.ndim == 2:
        return pixels if direction[0] > 0 else np.asarray(255 - pixels, np.uint8)
    weights = direction / np.abs(direction).sum()
    offset = -255 * float(np.minimum(weights, 0).sum())
    matrix = np.append(weights, offset).astype(np.float32)[None]
    return np.asarray(cv2.transform(pixels, matrix), np.uint8)


def _paper(small: Pixels) -> Pixels:
    """Brightness of the bare paper everywhere, from the narrowest closing that bridges strokes."""
    side = min(small.shape)
    if side < TINY_SIDE:
        return _close(small, CLOSINGS[-1] * side)
    calm = np.asarray(cv2.medianBlur(small, 3), np.uint8)
    papers = [_close(calm, share * side) for share in CLOSINGS]
    energies = [_energy(cv2.subtract(paper, calm)) for paper in papers]
    chosen = next(
        (i for i, (one, wider) in enumerate(pairwise(energies)) if one > SATURATED * wider > 0),
        len(papers) - 1,
    )
    return np.asarray(cv2.blur(papers[min(chosen + SPARE, len(papers) - 1)], (5, 5)), np.uint8)


def _close(grey: Pixels, width: float) -> Pixels:
    kernel = np.ones((_odd(width), _odd(width)), np.uint8)
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel), np.uint8)


def _energy(residual: NDArray[np.generic]) -> float:
    """Sum of squares of what rises above the grain of the paper."""
    levels = np.asarray(residual, np.float32)
    above = levels - 2 * float(np.median(levels))
    return float(np.square(np.maximum(above, 0)).sum())


def _calm(raw: Pixels) -> tuple[Pixels, Floats]:
    """Subtract the bare paper's own level, and smooth what is grainy.

    Returns the ink levels and the paper's standard deviation on a coarse grid.
    """
    base, grain = _grain(raw)
    if min(raw.shape) >= GRAIN_SIDE and float(np.median(grain)) >= GRAINY:
        raw = np.asarray(cv2.GaussianBlur(raw, (5, 5), 1.1), np.uint8)
        base, grain = _grain(raw)
    if float(base.max()) < 1:
        return raw, grain
    offset = cv2.resize(base, raw.shape[::-1], interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return np.asarray(cv2.subtract(raw, offset), np.uint8), grain


def _grain(raw: Pixels) -> tuple[Floats, Floats]:
    """Level and standard deviation of bare paper under the closing's envelope, on a coarse grid.

    The grain shows as what differs from its own neighbourhood, on paper as within fat strokes.
    """
    height, width = raw.shape
    if min(height, width) < GRAIN_SIDE:
        low, quarter = np.percentile(raw, (5, 25))  # where at most half is ink, both are paper
        spread = np.full((1, 1), quarter - low, np.float32)
        return np.asarray(quarter + 0.5 * spread, np.float32), spread
    rough = np.asarray(cv2.absdiff(raw, cv2.blur(raw, (7, 7))), np.uint8)
    grain = np.asarray(cv2.medianBlur(_cells(rough), 5), np.float32) / LOWER_SHARE
    base = np.asarray(cv2.medianBlur(_cells(raw), 5), np.float32)
    return np.minimum(base, 4 * grain), grain


def _cells(values: Pixels) -> Pixels:
    """Medians of square cells, about 24 along the longer side."""
    height, width = values.shape
    cell = max(LEAST_CELL, max(height, width) // GRAIN_CELLS)
    step = max(1, cell // 10)
    rows, columns = height // cell, width // cell
    cells = values[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
    sample = cells[:, ::step, :, ::step].swapaxes(1, 2).reshape(rows, columns, -1)
    rank = int(LOWER * sample.shape[2])
    return np.asarray(np.partition(sample, rank, axis=2)[:, :, rank], np.uint8)


def _threshold(level: Pixels, grain: Floats) -> Pixels:
    """Ink where the level passes a share of the ink level nearby."""
    height, width = level.shape
    block = max(1, round(max(height, width) / 160))
    rows, columns = -(-height // block), -(-width // block)
    padded = np.zeros((rows * block, columns * block), np.uint8)
    calm = cv2.blur(level, (3, 3)) if block > 1 else level
    padded[:height, :width] = calm
    peaks = padded.reshape(rows, block, columns, block).max(axis=(1, 3))
    page = float(np.percentile(peaks, 99.5))
    reach = _odd(0.15 * max(rows, columns))
    local = cv2.blur(cv2.dilate(peaks, np.ones((reach, reach), np.uint8)), (reach, reach))
    least = NOISE_FACTOR * cv2.resize(grain, (columns, rows), interpolation=cv2.INTER_LINEAR)
    least = np.maximum(least, max(MIN_CONTRAST, PAGE_SHARE * page))
    edge = np.maximum(STROKE_SHARE * local.astype(np.float32), least).astype(np.uint8)
    faint = np.maximum(FAINT_SHARE * local.astype(np.float32), least).astype(np.uint8)
    size = (width, height)
    return mark_ink(
        level,
        np.asarray(cv2.resize(edge, size, interpolation=cv2.INTER_LINEAR), np.uint8),
        np.asarray(cv2.resize(faint, size, interpolation=cv2.INTER_LINEAR), np.uint8),
    )


def mark_ink(level: Pixels, edge: Pixels, faint: Pixels) -> Pixels:
    """Return 1 where the level is above the edge, and along fainter ridges that go on from there.

    Parameters
    ----------
    level, edge, faint : uint8 array, shape (h, w)
        Ink levels, and the thresholds of strokes and of ridges.
    """
    mask = np.asarray(level > edge)
    ridge = np.asarray(level > faint) & np.asarray(level >= cv2.blur(level, (5, 5)))
    return _extend(mask.astype(np.uint8), ridge.astype(np.uint8))


def _extend(mask: Pixels, ridge: Pixels) -> Pixels:
    """Follow the strokes on along faint ridges, a few pixels far: thin pens skip."""
    for _ in range(FAINT_REACH):
        near = cv2.min(cv2.dilate(mask, np.ones((3, 3), np.uint8)), ridge)
        mask = np.asarray(cv2.max(mask, near), np.uint8)
    return mask
