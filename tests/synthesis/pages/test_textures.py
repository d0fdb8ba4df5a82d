from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.random import Generator

from tenfold.synthesis.pages import paper as paper_
from tenfold.synthesis.pages.paper import MARKS
from tenfold.synthesis.pages.strokes import Floats
from tenfold.synthesis.pages.textures import KINDS, paper, texture

Maker = Callable[[Generator, int, int], Floats]
BOTH = pytest.mark.parametrize("make", [texture, paper])


@BOTH
@pytest.mark.parametrize("size", [(64, 64), (33, 121), (300, 90), (9, 14), (5, 400)])
def test_grey_of_the_size_asked_for(make: Maker, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        picture = make(rng, *size)
        assert picture.shape == size
        assert picture.dtype == np.float32
        assert np.isfinite(picture).all()
        assert 0 <= picture.min() <= picture.max() <= 255


@BOTH
def test_the_same_generator_gives_the_same_picture(make: Maker) -> None:
    for seed in range(25):
        one, two = (make(np.random.default_rng(seed), 70, 90) for _ in range(2))
        assert np.array_equal(one, two)


@BOTH
def test_a_picture_is_the_callers_to_write_on(make: Maker) -> None:
    for seed in range(40):
        make(np.random.default_rng(seed), 50, 50)[:] = 0
    assert make(np.random.default_rng(1), 50, 50).any()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_something_to_see(kind: Maker) -> None:
    pictures = [kind(np.random.default_rng(seed), 120, 150) for seed in range(12)]
    assert all(picture.shape == (120, 150) and picture.dtype == np.float32 for picture in pictures)
    assert np.median([picture.std() for picture in pictures]) > 3
    assert len({float(picture.sum()) for picture in pictures}) == len(pictures)


@pytest.mark.parametrize("mark", [mark for mark, _ in MARKS])
def test_every_mark_leaves_most_of_the_paper(mark: Callable[[Generator, Floats], None]) -> None:
    changes = []
    for seed in range(12):
        sheet = np.full((120, 150), 200, np.float32)
        mark(np.random.default_rng(seed), sheet)
        changes.append(np.abs(sheet - 200))
    assert max(float(change.max()) for change in changes) > 3
    assert np.median([change.mean() for change in changes]) < 30


def test_paper_is_mostly_light() -> None:
    rng = np.random.default_rng(2)
    tones = np.array([np.median(paper(rng, 40, 40)) for _ in range(400)])
    assert 0.02 < (tones < 105).mean() < 0.16
    assert tones.max() > 240


@pytest.mark.parametrize(("make", "limit"), [(texture, 0.04), (paper, 0.02)])
def test_pages_do_not_wait_for_their_background(make: Maker, limit: float) -> None:
    rng = np.random.default_rng(4)
    make(rng, 256, 256)
    began = time.process_time()
    for _ in range(100):
        make(rng, 256, 256)
    assert (time.process_time() - began) / 100 < limit  # ten times what it takes


@pytest.mark.parametrize("framed", [0.0, 1.0])
def test_boxes_and_rings_shine_through_below_some_lines(
    framed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are larger than the letters: far more of the sheet lies within a closed outline."""
    monkeypatch.setattr(paper_, "FRAMED", framed)
    held = []
    for seed in range(20):
        sheet = np.full((256, 256), 200, np.float32)
        paper_._print_through(np.random.default_rng(seed), sheet)
        ink = (sheet < 200 - 0.3 * (200 - sheet.min())).astype(np.uint8)
        outlines, _ = cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        inside = cv2.drawContours(np.zeros_like(ink), outlines, -1, 1, cv2.FILLED)
        held.append(float((inside - ink).mean()))
    assert (np.mean(held) > 0.02) == bool(framed), np.mean(held)
