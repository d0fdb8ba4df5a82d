"""Letters and signs as a pen draws them, read from ``alphabet.toml`` beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

FREQUENCY = 3.0  # how much more often the frequent ones are drawn


@dataclass(frozen=True, slots=True)
class Alphabet:
    """All letters and signs as tensors.

    Parameters
    ----------
    names : tuple of str
        What they are.
    control : float32 tensor, shape (letters, strokes, 4, 2)
        Control points of cubic Bézier curves, from 0 to 1 over the letter's box.
    present, straight : bool tensor, shape (letters, strokes)
        Which strokes the letter has, and which of them are straight.
    weight : float32 tensor, shape (letters,)
        How often it is drawn.
    """

    names: tuple[str, ...]
    control: Tensor
    present: Tensor
    straight: Tensor
    weight: Tensor


@cache
def alphabet() -> Alphabet:
    """Read the alphabet.

    Examples
    --------
    >>> known = alphabet()
    >>> row = known.names.index("T")
    >>> int(known.present[row].sum()), int(known.straight[row].sum())
    (2, 2)
    """
    text = Path(__file__).with_name("alphabet.toml").read_text(encoding="utf-8")
    record: dict[str, dict[str, str]] = tomllib.loads(text)
    letters = {name: _strokes(path) for group in record.values() for name, path in group.items()}
    most = max(len(strokes) for strokes in letters.values())
    control = torch.zeros(len(letters), most, 4, 2)
    present = torch.zeros(len(letters), most, dtype=torch.bool)
    straight = torch.zeros(len(letters), most, dtype=torch.bool)
    for row, strokes in enumerate(letters.values()):
        for column, points in enumerate(strokes):
            control[row, column] = _cubic(points)
            present[row, column] = True
            straight[row, column] = len(points) == 2
    weight = [FREQUENCY if name in record["frequent"] else 1.0 for name in letters]
    return Alphabet(tuple(letters), control, present, straight, torch.tensor(weight))


def _strokes(path: str) -> list[Tensor]:
    """Control points ``(k, 2)`` of each stroke of a path such as ``"0,0 1,0; .5,0 .5,1"``."""
    strokes = [stroke.split() for stroke in path.split(";")]
    return [
        torch.tensor([[float(value) for value in point.split(",")] for point in points])
        for points in strokes
    ]


def _cubic(points: Tensor) -> Tensor:
    """Describe the same curve by four control points instead of two, three or four."""
    first, last = points[0], points[-1]
    if len(points) == 4:
        return points
    if len(points) == 3:
        middle = points[1]
        inner = [first + (middle - first) * 2 / 3, last + (middle - last) * 2 / 3]
        return torch.stack([first, *inner, last])
    return torch.stack([first + (last - first) * share / 3 for share in range(4)])
