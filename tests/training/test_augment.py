from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional

from tenfold.training.augment import augment, elastic_displacement, vary_stroke
from tenfold.training.recipe_sections import Augment

EVERYTHING = Augment(shift=0.1, rotation=20, scale=0.2, shear=15, elastic=1.0, stroke=0.5)
COPIES = 300


def _generator(seed: int = 0) -> Generator:
    return torch.Generator().manual_seed(seed)


def _blob(x: float, y: float, size: int = 32, width: float = 1.5) -> Tensor:
    """Many copies of a picture of one soft dot, ``x`` and ``y`` pixels from the centre."""
    at = torch.arange(size) - (size - 1) / 2
    dot = torch.exp(-((at[None, :] - x) ** 2 + (at[:, None] - y) ** 2) / (2 * width**2))
    return dot.expand(COPIES, 1, size, size).clone()


def _centres(images: Tensor) -> tuple[Tensor, Tensor]:
    """Where the dots lie: x to the right and y down from the centre, in pixels."""
    at = torch.arange(images.shape[-1]) - (images.shape[-1] - 1) / 2
    mass = images.sum(dim=(1, 2, 3))
    return (images.sum(dim=(1, 2)) @ at) / mass, (images.sum(dim=(1, 3)) @ at) / mass


def _varied(images: Tensor, **how: Any) -> Tensor:
    return augment(images, Augment.model_validate(how), _generator())


def _fills(values: Tensor, limit: float, slack: float) -> None:
    """The values reach to both ends of ±limit and no further, and lie evenly."""
    assert float(values.max()) == pytest.approx(limit, abs=slack)
    assert float(values.min()) == pytest.approx(-limit, abs=slack)
    assert abs(float(values.mean())) < limit / 8
    assert float(values.abs().mean()) == pytest.approx(limit / 2, rel=0.15)


@pytest.fixture
def strokes() -> Tensor:
    """Random soft pictures in [0, 1], shape (20, 1, 28, 28)."""
    coarse = torch.rand(20, 1, 7, 7, generator=_generator(5))
    return functional.interpolate(coarse, size=(28, 28), mode="bilinear") ** 3


def test_without_settings_nothing_changes(strokes: Tensor) -> None:
    generator = _generator()
    before = generator.get_state()
    assert augment(strokes, Augment(), generator) is strokes
    assert torch.equal(generator.get_state(), before)


def test_tiny_settings_change_next_to_nothing(strokes: Tensor) -> None:
    varied = _varied(strokes, shift=1e-6, rotation=1e-4, scale=1e-6, shear=1e-4, elastic=1e-5)
    torch.testing.assert_close(varied, strokes, atol=1e-3, rtol=0)


def test_the_same_generator_gives_the_same_pictures(strokes: Tensor) -> None:
    first = augment(strokes, EVERYTHING, _generator(1))
    torch.manual_seed(77)  # torch's own random state has no part in it
    assert torch.equal(first, augment(strokes, EVERYTHING, _generator(1)))
    assert not torch.equal(first, augment(strokes, EVERYTHING, _generator(2)))


def test_shape_and_range_stay(strokes: Tensor) -> None:
    varied = augment(strokes, EVERYTHING, _generator())
    assert varied.shape == strokes.shape
    assert varied.dtype == torch.float32
    assert float(varied.min()) >= 0
    assert float(varied.max()) <= 1


def test_each_picture_is_varied_by_itself() -> None:
    varied = augment(_blob(3, 0), EVERYTHING, _generator())
    assert len({tuple(picture.flatten().tolist()) for picture in varied}) == COPIES


def test_shift_moves_up_to_its_share_of_the_width_each_way() -> None:
    x, y = _centres(_varied(_blob(2, -3), shift=0.125))
    for moved in (x - 2, y + 3):
        _fills(moved, 0.125 * 32, slack=0.2)
    assert abs(float(torch.corrcoef(torch.stack([x, y]))[0, 1])) < 0.2


def test_rotation_turns_about_the_centre_up_to_its_degrees() -> None:
    x, y = _centres(_varied(_blob(8, 0), rotation=30))
    torch.testing.assert_close(torch.hypot(x, y), torch.full((COPIES,), 8.0), atol=0.05, rtol=0)
    _fills(torch.rad2deg(torch.atan2(y, x)), 30, slack=1)


def test_scale_stretches_each_axis_by_itself() -> None:
    x, y = _centres(_varied(_blob(6, 6), scale=0.2))
    _fills(x / 6 - 1, 0.2, slack=0.02)
    _fills(y / 6 - 1, 0.2, slack=0.02)
    assert abs(float(torch.corrcoef(torch.stack([x, y]))[0, 1])) < 0.2


def test_shear_slants_uprights_up_to_its_degrees() -> None:
    x, y = _centres(_varied(_blob(0, 6), shear=20))
    torch.testing.assert_close(y, torch.full((COPIES,), 6.0), atol=0.05, rtol=0)
    _fills(torch.rad2deg(torch.atan2(x, y)), 20, slack=1)
    x, y = _centres(_varied(_blob(6, 0), shear=20))  # level strokes stay level
    torch.testing.assert_close(x, torch.full((COPIES,), 6.0), atol=0.05, rtol=0)


@pytest.mark.parametrize("size", [8, 28, 64])
def test_elastic_displaces_by_its_pixels_in_the_mean(size: int) -> None:
    images = torch.zeros(COPIES, 1, size, size)
    pixels = elastic_displacement(images, 1.5, _generator()) * size / 2
    assert pixels.shape == (COPIES, size, size, 2)
    assert float(pixels.abs().mean()) == pytest.approx(1.5, rel=0.25)
    steps = (pixels[:, 1:] - pixels[:, :-1]).abs().mean()
    assert float(steps) < 1.5 / 2  # smooth: neighbours move together


def test_elastic_bends_a_line() -> None:
    line = torch.zeros(4, 1, 28, 28)
    line[:, :, 4:24, 13:15] = 1
    columns = (_varied(line, elastic=2.0)[:, 0, 6:22] * torch.arange(28)).sum(dim=2)
    columns /= _varied(line, elastic=2.0)[:, 0, 6:22].sum(dim=2)
    assert float(columns.std(dim=1).min()) > 0.2


def test_stroke_thickens_some_and_thins_others_within_one_pixel() -> None:
    bar = torch.zeros(COPIES, 1, 12, 12)
    bar[:, :, 3:9, 5:8] = 1  # 6 × 3 pixels; a cross of neighbours adds 18 and leaves 4
    ink = vary_stroke(bar, 1.0 - 1e-9, _generator()).sum(dim=(1, 2, 3))
    assert 18 + 17 < float(ink.max()) <= 18 + 18
    assert 4 <= float(ink.min()) < 4 + 1
    assert 0.4 < float((ink > 18).float().mean()) < 0.6


def test_stroke_blends_with_the_extreme_of_a_pixel_and_its_neighbours(strokes: Tensor) -> None:
    varied = vary_stroke(strokes, 1.0 - 1e-9, _generator())
    around = functional.pad(strokes, (1, 1, 1, 1), value=math.nan)
    middle, before, after = slice(1, -1), slice(-2), slice(2, None)
    neighbours = [(before, middle), (after, middle), (middle, before), (middle, after)]
    cross = torch.stack([strokes, *(around[..., down, right] for down, right in neighbours)])
    # beyond the border there is neither ink nor paper
    thickest = cross.nan_to_num(-1).amax(dim=0)
    thinnest = cross.nan_to_num(2).amin(dim=0)
    assert bool((varied <= thickest + 1e-6).all() and (varied >= thinnest - 1e-6).all())
    thicker = (varied >= strokes).flatten(1).all(dim=1)
    assert 0 < int(thicker.sum()) < len(strokes)
    for picture, first, last in zip(
        varied, strokes, torch.where(thicker.view(-1, 1, 1, 1), thickest, thinnest), strict=True
    ):
        moved = (last - first).abs() > 1e-3
        amounts = ((picture - first) / (last - first))[moved]
        torch.testing.assert_close(amounts, amounts[:1].expand_as(amounts), atol=1e-3, rtol=0)


def test_stroke_leaves_its_share_alone() -> None:
    dots = _blob(0, 0)
    untouched = (vary_stroke(dots, 0.25, _generator()) == dots).all(dim=3).all(dim=2).all(dim=1)
    assert 0.65 < float(untouched.float().mean()) < 0.85


def test_a_dot_moved_out_of_the_picture_leaves_paper_behind() -> None:
    moved = _varied(_blob(14, 0, width=0.5), shift=0.4)
    gone = moved.sum(dim=(1, 2, 3)) < 0.01
    assert 0.1 < float(gone.float().mean()) < 0.9
    assert math.isclose(float(moved[gone].max()), 0.0, abs_tol=1e-2)
