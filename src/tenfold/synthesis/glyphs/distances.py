"""Digits as distances: how far each point of the paper lies from the ink and its centre line.

A pen, a cut, an added stroke and any change of size are then arithmetic on distances: a broader pen
adds to them, two strokes together are their maximum, a gap is a minimum, and edges stay sharp at
every size because ink is laid last (Frisken et al. 2000, adaptively sampled distance fields).
Distances are in pixels of MNIST's 28×28 frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

FRAME = 28  # pixels of a picture
_SIDE = 2 * FRAME  # stored values a side: two a pixel keep thin strokes apart
_FINE = 4  # the outline is found on a grid this much finer than the picture
_INKED = 100  # of 255: from this level on the paper counts as inked
_LEVELS = 12.0  # stored levels a pixel of distance; eight bits hold ±10 pixels
_CHUNK = 1000

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class DistanceFields:
    """Distances of many digits.

    Parameters
    ----------
    ink : uint8 tensor, shape (n, 56, 56)
        Distance from the outline, positive inside, 12 levels a pixel around 128.
    line : uint8 tensor, shape (n, 56, 56)
        Distance from the centre line, nowhere positive, stored alike.
    width : float32 tensor, shape (n,)
        Half the width of the pen, in pixels.
    """

    ink: Tensor
    line: Tensor
    width: Tensor

    def __len__(self) -> int:
        return len(self.ink)


def measure(images: Bytes) -> DistanceFields:
    """Measure pictures with white ink on black, uint8 ``(n, 28, 28)``.

    Examples
    --------
    >>> bar = np.zeros((1, 28, 28), np.uint8)
    >>> bar[:, 4:24, 12:16] = 255
    >>> round(float(measure(bar).width[0]), 1)
    1.9
    """
    parts = [_measure(images[i : i + _CHUNK]) for i in range(0, len(images), _CHUNK)]
    ink, line, width = (np.concatenate(part) for part in zip(*parts, strict=True))
    return DistanceFields(torch.from_numpy(ink), torch.from_numpy(line), torch.from_numpy(width))


def _measure(images: Bytes) -> tuple[Bytes, Bytes, NDArray[np.float32]]:
    n = len(images)
    # One below the other the pictures are one tall picture, and OpenCV is called once, not n times.
    tall = images.reshape(n * FRAME, FRAME)
    tall = cv2.resize(tall, None, fx=_FINE, fy=_FINE, interpolation=cv2.INTER_CUBIC)  # type: ignore[assignment]
    inked = (tall > _INKED).astype(np.uint8)
    signed = _distance(1 - inked) - _distance(inked)
    signed = np.asarray(
        cv2.resize(signed, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32
    )
    centre = thin((signed > 0).astype(np.uint8))
    ink = signed.reshape(n, _SIDE, _SIDE) / _FINE
    line = -_distance(centre).reshape(n, _SIDE, _SIDE) / 2
    on_line = centre.reshape(n, _SIDE, _SIDE) > 0
    mean = np.where(on_line, ink, 0).sum((1, 2)) / on_line.sum((1, 2)).clip(1)
    return _store(ink), _store(line), mean.clip(0.3).astype(np.float32)


def _distance(inked: Bytes) -> NDArray[np.float32]:
    away = cv2.distanceTransform(1 - inked, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(away, np.float32)


def _store(distance: NDArray[np.floating]) -> Bytes:
    stored: Bytes = np.clip(128 + _LEVELS * distance, 0, 255).round().astype(np.uint8)
    return stored


def thin(inked: Bytes) -> Bytes:
    """Centre line of the ink, both uint8 0 or 1 of the same shape (Zhang and Suen 1984)."""
    bits = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.uint8)  # clockwise from the top
    inked = inked.copy()
    before = -1
    while before != (before := int(inked.sum())):
        for stays in _TABLES:
            around = cv2.filter2D(inked, cv2.CV_8U, bits, borderType=cv2.BORDER_CONSTANT)
            inked &= stays[np.asarray(around, np.uint8)]
    return inked


def _tables() -> tuple[Bytes, Bytes]:
    """For both steps of thinning: whether a pixel with these eight neighbours stays."""
    near = (np.arange(256)[:, None] >> np.arange(8)) & 1  # 256, 8
    count, starts = near.sum(1), ((near == 0) & (np.roll(near, -1, 1) == 1)).sum(1)
    edge = (count >= 2) & (count <= 6) & (starts == 1)
    top, right, bottom, left = near[:, ::2].T
    first = edge & (top * right * bottom == 0) & (right * bottom * left == 0)
    second = edge & (top * right * left == 0) & (top * bottom * left == 0)
    return (~first).astype(np.uint8), (~second).astype(np.uint8)


_TABLES = _tables()


def look_up(field: Tensor, points: Tensor) -> Tensor:
    """Distances at points.

    Parameters
    ----------
    field : uint8 tensor, shape (n, 56, 56)
        ``DistanceFields.ink`` or ``DistanceFields.line`` of the digits.
    points : float32 tensor, shape (n, h, w, 2)
        x to the right and y downwards in pixels, from the middle of the frame.

    Returns
    -------
    float32 tensor, shape (n, h, w)
    """
    levels = field.unsqueeze(1).float()  # n, 1, 56, 56
    found = functional.grid_sample(
        levels, points / (FRAME / 2), padding_mode="border", align_corners=False
    )
    # Beyond the frame the distance grows on, or a digit at its border would be drawn out.
    outside = (points.abs() - (FRAME - 1) / 2).clamp(min=0).amax(-1)
    return (found[:, 0] - 128) / _LEVELS - outside
