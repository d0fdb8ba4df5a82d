from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tenfold.errors import DataError
from tenfold.server.bodies import Drawing, Pixels, check
from tenfold.server.rasterise import rasterise


def _drawing(*strokes: object, width: object = 100, height: object = 80) -> dict[str, Any]:
    return {"strokes": list(strokes), "width": width, "height": height}


def _drawn(*strokes: object) -> Pixels:
    return rasterise(check(Drawing, _drawing(*strokes)))


def test_a_line_lies_where_it_was_drawn() -> None:
    picture = _drawn({"points": [[20, 40], [80, 40]], "pen": 6})
    assert picture.shape == (80, 100)
    dark = picture < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert (rows.min(), rows.max()) == pytest.approx((37, 43), abs=1)
    assert (columns.min(), columns.max()) == pytest.approx((17, 83), abs=1)


def test_a_single_point_is_a_dot_and_what_lies_outside_is_not_drawn() -> None:
    dot = _drawn({"points": [[50, 40]], "pen": 10})
    assert 60 < int((dot < 128).sum()) < 100
    outside = _drawn({"points": [[1e200, -1e200], [-1e200, -1e200]], "pen": 4})
    assert outside.min() == 255


def test_who_names_no_pen_gets_one_of_the_picture_s_size() -> None:
    small = _drawn({"points": [[10, 40], [90, 40]]})
    assert 2 <= int((small[:, 50] < 128).sum()) <= 5


@pytest.mark.parametrize(
    "drawing",
    [
        {},
        _drawing(width=7),
        _drawing(width=True),
        _drawing(height=2049),
        _drawing(width="100"),
        _drawing(width=100.0),
        {"strokes": "[]", "width": 100, "height": 80},
        _drawing([]),
        _drawing({"points": []}),
        _drawing({"points": [[1]]}),
        _drawing({"points": [[1, 2, 3]]}),
        _drawing({"points": [[1, "2"]]}),
        _drawing({"points": [[True, 2]]}),
        _drawing({"points": [[1, math.nan]]}),
        _drawing({"points": [[1, 10**400]]}),
        _drawing({"points": [[1, 2]], "pen": 0}),
        _drawing({"points": [[1, 2]], "pen": 1e9}),
        _drawing({"points": [[1, 2]], "pen": None}),
        _drawing({"points": [[1, 2]] * 100_001}),
        _drawing(*[{"points": [[1, 2]]}] * 2001),
        _drawing(*[{"points": [[1, 2]] * 60_000}] * 2),
        _drawing({"points": [[1, 2]], "colour": "red"}),
        _drawing() | {"colour": "red"},
    ],
)
def test_what_is_no_drawing_is_refused(drawing: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        check(Drawing, drawing)


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(DataError, match=r"^strokes\[0\]\.colour: there is no such field"):
        check(Drawing, _drawing({"points": [[1, 2]], "colour": "red"}))
    with pytest.raises(DataError, match=r"^layout: this is an option of the query"):
        check(Drawing, _drawing() | {"layout": "line"})
