from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.training.synthesis.scrawls import draw_scrawl


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_a_scrawl_fills_its_rows_and_leaves_paper_around_it(seed: int) -> None:
    scrawl = draw_scrawl(np.random.default_rng(seed))
    assert scrawl.shape[0] == 28
    assert scrawl.dtype == np.uint8
    ink = scrawl > 127
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    assert 18 <= rows[-1] - rows[0] <= 25
    assert not ink[[0, -1]].any()
    assert columns[0] > 0
    assert columns[-1] < scrawl.shape[1] - 1


def test_scrawls_differ_in_shape_and_width() -> None:
    widths = {draw_scrawl(np.random.default_rng(seed)).shape[1] for seed in range(30)}
    assert len(widths) > 20
    assert max(widths) > 3 * min(widths)


def test_a_seed_decides_the_scrawl() -> None:
    one, other = (draw_scrawl(np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(one, other)
