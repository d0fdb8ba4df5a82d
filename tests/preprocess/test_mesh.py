from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.mesh import find_mesh

NINE = [[str(1 + (row * 3 + column) % 9) for column in range(9)] for row in range(9)]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rule": 215, "blur": 1.5},
        {"tilt": 0.09},
        {"bend": 0.5, "tilt": -0.04},
        {"thickness": 6, "blur": 2.0, "cell": (44, 40)},
        {"cell": (120, 50), "tilt": -0.08},
    ],
)
def test_rows_and_columns_are_counted(hand: ModuleType, how: dict[str, object]) -> None:
    mesh = find_mesh(find_ink(hand.grid(NINE, **how)))
    assert mesh is not None
    assert mesh.shape == (9, 9)


def test_corners_lie_where_the_rules_cross(hand: ModuleType) -> None:
    mesh = find_mesh(find_ink(hand.grid(NINE[:4], cell=(60, 70), margin=40)))
    assert mesh is not None
    expected = np.stack(np.meshgrid(40 + 60 * np.arange(10), 40 + 70 * np.arange(5)), axis=-1)
    assert np.abs(mesh.corners - expected).max() < 2.5


def test_broken_rules_are_found_all_the_same(hand: ModuleType) -> None:
    page = hand.grid(NINE)
    rng = np.random.default_rng(0)
    for _ in range(10):
        x, y = rng.integers(60, 580, 2)
        y = 50 + 60 * round((y - 50) / 60)
        page[y - 3 : y + 4, x : x + 8] = 235
    mesh = find_mesh(find_ink(page))
    assert mesh is not None
    assert mesh.shape == (9, 9)


def test_pages_without_a_mesh_have_none(hand: ModuleType) -> None:
    assert find_mesh(find_ink(hand.write("40718\n25936\n88006"))) is None
    assert find_mesh(find_ink(hand.ruled(hand.write("0808\n6080"), 80))) is None
    assert find_mesh(find_ink(hand.grid([["1", "2", "3", "4", "5"]]))) is None
    assert find_mesh(find_ink(np.full((300, 300), 128, np.uint8))) is None


def test_ruled_paper_with_margins_is_no_grid(hand: ModuleType) -> None:
    page = hand.ruled(np.full((600, 900), 235, np.uint8), 60, level=120)
    for x in (60, 160, 300):
        page[:, x : x + 2] = 120
    assert find_mesh(find_ink(page)) is None
