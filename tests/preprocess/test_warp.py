from __future__ import annotations

import numpy as np

from tenfold.preprocess.warp import fit_warp


def test_rows_and_columns_of_a_bent_page_come_out_straight() -> None:
    x, y = np.meshgrid(np.linspace(0, 400, 9), np.linspace(0, 300, 7))
    bent = np.stack([x + 0.05 * y, y - 0.08 * x + 12 * np.sin(x / 200)], axis=-1)
    row, column = np.indices(x.shape)
    points = bent.reshape(-1, 2)
    warp = fit_warp((points, row.ravel()), (points, column.ravel()))
    straight = warp.straight(points).reshape(bent.shape)
    assert np.ptp(straight[..., 1], axis=1).max() < 1.0
    assert np.ptp(straight[..., 0], axis=0).max() < 1.0
    assert np.abs(warp.crooked(straight.reshape(-1, 2)) - points).max() < 0.1


def test_a_few_points_off_their_row_do_not_matter() -> None:
    x, y = np.meshgrid(np.linspace(0, 400, 12), np.linspace(0, 300, 9))
    tilted = np.stack([x - 0.1 * y, y + 0.1 * x], axis=-1).reshape(-1, 2)
    row, column = (numbers.ravel() for numbers in np.indices(x.shape))
    tilted[::17] += 25
    warp = fit_warp((tilted, row), (tilted, column))
    good = np.arange(len(tilted)) % 17 > 0
    levels = warp.straight(tilted)[:, 1]
    assert max(np.ptp(levels[good & (row == number)]) for number in range(9)) < 3
