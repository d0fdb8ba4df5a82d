from __future__ import annotations

import torch
from torch import Tensor

from tenfold.data.dataset import Dataset
from tenfold.synthesis.glyphs import non_digits
from tenfold.synthesis.glyphs.distances import DistanceFields
from tenfold.synthesis.glyphs.polylines import FAR
from tenfold.synthesis.glyphs.rng import BatchRng


def rolled(n: int, seed: int = 0) -> BatchRng:
    return BatchRng(n, torch.Generator().manual_seed(seed))


def draw(digits: Dataset, fields: DistanceFields, n: int, seed: int = 0) -> Tensor:
    images, labels = torch.from_numpy(digits.images), torch.from_numpy(digits.targets)
    return non_digits.draw_non_digits(fields, images, labels, rolled(n, seed))


def test_they_are_images_and_repeat_with_their_seed(
    digits: Dataset, fields: DistanceFields
) -> None:
    pictures = draw(digits, fields, 150)
    assert pictures.shape == (150, 28, 28)
    assert float(pictures.min()) >= 0
    assert float(pictures.max()) <= 1
    assert torch.equal(pictures, draw(digits, fields, 150))
    assert not torch.equal(pictures, draw(digits, fields, 150, seed=1))


def test_any_number_can_be_drawn(digits: Dataset, fields: DistanceFields) -> None:
    assert len(draw(digits, fields, 51)) == 51


def test_letters_have_strokes_and_stay_near_their_box() -> None:
    strokes = non_digits.letters(rolled(300))
    there = strokes[..., 0] < FAR
    assert there.any(1).all()
    assert float(strokes[there].abs().max()) < 25


def test_digits_that_turn_into_digits_are_left_unturned(digits: Dataset) -> None:
    ones = torch.from_numpy(digits.images[digits.targets == 1][:10]).float() / 255
    pair = torch.stack([ones, ones]).repeat(1, 20, 1, 1)
    labels = torch.ones(200, dtype=torch.uint8)
    made = non_digits.no_longer_digits(pair, labels, rolled(200))
    # Two ones each time: turned or mirrored alone, a one would still be a one.
    single = non_digits.resize(ones, torch.ones(10), torch.zeros(10, 2)).sum((1, 2)).mean()
    assert float((made.sum((1, 2)) > 0.5 * single).float().mean()) > 0.95
    upright = non_digits.no_longer_digits(pair, labels, rolled(200, seed=1))
    assert float(upright.amax((1, 2)).min()) > 0.3


def test_resizing_brings_a_point_to_the_middle() -> None:
    image = torch.zeros(1, 28, 28)
    image[0, 8:10, 18:20] = 1
    moved = non_digits.resize(image, torch.tensor([2.0]), torch.tensor([[5.0, -5.0]]))
    rows, columns = (moved[0] > 0.5).nonzero().float().mean(0)
    assert (float(rows), float(columns)) == (13.5, 13.5)
    assert int((moved > 0.5).sum()) == 16
