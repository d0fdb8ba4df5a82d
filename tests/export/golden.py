"""Golden vectors: what Python answers, for the page's own functions to answer as well."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

TYPES = {"uint8": "u8", "int32": "i32", "float32": "f32", "float64": "f64"}


@dataclass
class Case:
    """A function of the page, what it is given, and what Python answers.

    ``within`` is how far numbers may be off, ``few`` the share of them that may be off at all.
    """

    title: str
    module: str
    name: str
    args: list[Any]
    want: Any
    within: float = 0.0
    few: float = 1.0

    def record(self) -> dict[str, Any]:
        return {
            "title": self.title, "module": self.module, "name": self.name,
            "args": [encoded(one) for one in self.args], "want": encoded(self.want),
        }  # fmt: skip


class Image:
    """An array that the page holds as pixels: ``(h, w)`` or ``(h, w, channels)``."""

    def __init__(self, array: Any) -> None:
        self.array = np.ascontiguousarray(array)


def encoded(value: Any) -> Any:
    if isinstance(value, Image):
        height, width = value.array.shape[:2]
        channels = value.array.shape[2] if value.array.ndim == 3 else 1
        shape = {"width": width, "height": height, "channels": channels}
        return encoded(value.array) | shape
    if isinstance(value, np.ndarray):
        content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"$": TYPES[value.dtype.name], "data": content}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encoded(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: encoded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [encoded(one) for one in value]
    if isinstance(value, np.generic):
        return encoded(value.item())
    if isinstance(value, float) and value == float("inf"):
        return {"$": "Infinity"}
    return value


Maker = Callable[[np.random.Generator], list[Case]]
