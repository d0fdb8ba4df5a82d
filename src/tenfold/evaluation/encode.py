"""One encoder to JSON for everything that an evaluation holds."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Final

import numpy as np

# What a dataclass's field says of itself: left out, or its keys among those of what holds it.
HIDDEN: Final = {"json": "hidden"}
FLAT: Final = {"json": "flat"}


def encode(value: object) -> Any:
    """Return a value as dictionaries, lists, texts and numbers, ready for JSON.

    Dataclasses become dictionaries of their fields, by name or by what a field's metadata gives as
    ``key``; fields marked `HIDDEN` are left out, the keys of those marked `FLAT` stand among the
    others, unless such a field is None.

    Parameters
    ----------
    value : object
        Dataclasses, mappings, sequences, sets of numbers, arrays, texts, numbers, None, in one
        another.

    Examples
    --------
    >>> from tenfold.evaluation.metrics.statistics import spread
    >>> encode(spread([0.5]))
    {'values': [0.5], 'mean': 0.5, 'deviation': 0.0, 'interval': None}
    """
    if is_dataclass(value) and not isinstance(value, type):
        record: dict[str, Any] = {}
        for field in fields(value):
            how, content = field.metadata.get("json"), getattr(value, field.name)
            if how == "flat":
                record |= encode(content) or {}
            elif how != "hidden":
                record[field.metadata.get("key", field.name)] = encode(content)
        return record
    if isinstance(value, dict):
        return {key: encode(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(encode(each) for each in value)
    if isinstance(value, list | tuple):
        return [encode(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
