from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tenfold.evaluation.occlusion import occlusion_map
from tenfold.model import open_model


@pytest.mark.parametrize("size", [8, 28])
def test_it_finds_what_a_model_was_made_to_look_at(
    size: int, linear_file: Callable[..., bytes]
) -> None:
    weights = np.zeros((size, size, 2))
    weights[1, 1, 1] = 0.01  # this pixel speaks for "1",
    weights[-2, -2, 0] = 0.005  # that one against it, half as loudly
    model = open_model(linear_file(weights.reshape(-1, 2)), "two pixels")
    heat = occlusion_map(model, np.full((size, size), 200, np.uint8), 1)
    assert heat.shape == (size, size)
    assert heat[1, 1] == heat.max()
    # every patch over the pixel takes its whole say: log-odds are linear in a linear model
    assert heat[0, 0] == pytest.approx(200 * 0.01)
    assert heat[-1, -1] == pytest.approx(-200 * 0.005)
    assert heat[size // 2, 1] == pytest.approx(0, abs=1e-5)


def test_the_temperature_counts(linear_file: Callable[..., bytes]) -> None:
    weights = np.random.default_rng(0).normal(0, 0.01, (64, 3))
    image = np.random.default_rng(1).integers(0, 256, (8, 8)).astype(np.uint8)
    plain, soft = (
        occlusion_map(open_model(linear_file(weights, t), "m"), image, 2) for t in (1.0, 1e3)
    )
    assert np.abs(soft).max() < 0.01 * np.abs(plain).max()


def test_the_picture_is_left_as_it_is(linear_file: Callable[..., bytes]) -> None:
    model = open_model(linear_file(np.ones((64, 2))), "m")
    image = np.full((8, 8), 9, np.uint8)
    occlusion_map(model, image, 0)
    assert (image == 9).all()
