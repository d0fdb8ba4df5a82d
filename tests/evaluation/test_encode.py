from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

from tenfold.evaluation.encode import FLAT, HIDDEN, encode


@dataclass(frozen=True)
class Inner:
    """Some figures."""

    share: np.float64
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Outer:
    """Figures of every kind."""

    name: str = field(metadata={"key": "class"})
    inner: Inner | None
    flat: Inner | None = field(metadata=FLAT)
    hidden: int = field(metadata=HIDDEN)
    array: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    by_kind: dict[str, tuple[float, float]]
    some: frozenset[int]


def test_every_kind_of_value_becomes_what_json_knows() -> None:
    inner = Inner(np.float64(0.5), (3, 1))
    outer = Outer(
        "a", inner, inner, 7, np.eye(2, dtype=np.int64), {"x": (0.1, 0.2)}, frozenset({2})
    )
    record = encode(outer)
    assert record == {
        "class": "a",
        "inner": {"share": 0.5, "rows": [3, 1]},
        "share": 0.5,
        "rows": [3, 1],
        "array": [[1, 0], [0, 1]],
        "by_kind": {"x": [0.1, 0.2]},
        "some": [2],
    }
    assert json.loads(json.dumps(record)) == record


def test_a_section_that_is_not_there_leaves_no_keys() -> None:
    record = encode(Outer("a", None, None, 7, np.zeros(1, np.int64), {}, frozenset()))
    assert record["inner"] is None
    assert "share" not in record
