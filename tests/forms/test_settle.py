from __future__ import annotations

import cv2
import numpy as np
import pytest

import drawn_forms as drawn
from tenfold.forms.settle import settle

SIZE = (210, 297)
FIELDS = {"comb": (80, 211, 35, 9), "tick": (132, 65, 4, 4)}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("shift", [(0.0, 0.0), (6.0, -4.0), (-9.0, 2.0)])
def test_a_field_that_lies_elsewhere_is_found(
    name: str,
    shift: tuple[float, float],
) -> None:
    reference = drawn.survey().render()
    x, y, width, height = FIELDS[name]
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    seen = cv2.warpAffine(reference, matrix, reference.shape[::-1], borderValue=(255,))
    left, top = round(x * 7.874), round(y * 7.874)
    cv2.line(seen, (left + 5, top + 5), (left + round(width * 7.874), top + 30), (20,), 4)
    box = (x / SIZE[0], y / SIZE[1], width / SIZE[0], height / SIZE[1])
    assert settle(np.asarray(seen, np.uint8), reference, box) == pytest.approx(shift, abs=1.5)


def test_without_print_around_nothing_moves() -> None:
    reference = drawn.survey().render()
    noisy = np.random.default_rng(0).integers(0, 256, reference.shape, np.uint8)
    assert settle(noisy, reference, (0.1, 0.85, 0.1, 0.02)) == (0.0, 0.0)
    assert settle(noisy, reference, (0.38, 0.66, 0.07, 0.03)) == (0.0, 0.0)
