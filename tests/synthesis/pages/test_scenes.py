from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tenfold.signature import CHARS, HAND, PRINT, RUNNING, SIGN, STRUCK
from tenfold.synthesis.pages import printing
from tenfold.synthesis.pages.hands import Part, Stock
from tenfold.synthesis.pages.scenes import SCENES, Scene, draw

SIDE = 192
ALL = [scene for scene, _ in SCENES]


def _drawn(scene: Callable[[Scene], None], seed: int, stock: Stock, part: Part) -> Scene:
    made = Scene(np.random.default_rng(seed), stock, part, SIDE, SIDE)
    scene(made)
    return made


@pytest.mark.parametrize("scene", ALL, ids=lambda scene: scene.__name__)
def test_every_scene_knows_what_it_drew(
    scene: Callable[[Scene], None], stocks: dict[Part, Stock]
) -> None:
    kinds = set()
    for seed in range(5):
        part: Part = ("train", "validation", "test")[seed % 3]
        canvas = _drawn(scene, seed, stocks[part], part).canvas
        assert canvas.ink.shape == (SIDE, SIDE)
        inked = (canvas.ink > 0) | (canvas.masks.max(axis=0) < 3)
        assert inked.all()  # no mask where there is no ink
        for mark in canvas.placed:
            left, top, right, bottom = mark.box
            assert 0 <= left < right <= SIDE
            assert 0 <= top < bottom <= SIDE
            assert mark.char in CHARS
            assert mark.kind in (HAND, PRINT, RUNNING, SIGN, STRUCK)
            if mark.char.isdigit():
                box = np.s_[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
                assert canvas.masks[mark.kind][box].any()
            kinds.add(mark.kind)
    if scene.__name__ in ("foreign", "strokes_only"):
        assert not kinds
    elif scene.__name__ in ("single", "cell", "lines", "grid", "form", "plot"):
        assert HAND in kinds


def test_numbers_that_are_struck_out_are_of_that_kind(stock: Stock) -> None:
    (lines,) = (scene for scene in ALL if scene.__name__ == "lines")
    for seed in range(60):
        canvas = _drawn(lines, seed, stock, "train").canvas
        struck = [mark for mark in canvas.placed if mark.kind == STRUCK]
        if struck:
            assert canvas.masks[STRUCK].any()
            return
    raise AssertionError("no number was struck out")


def test_the_same_seed_draws_the_same_scene(stock: Stock) -> None:
    names = set()
    for seed in range(8):
        one, two = (Scene(np.random.default_rng(seed), stock, "train", 96, 96) for _ in range(2))
        name = draw(one)
        assert name == draw(two)
        np.testing.assert_array_equal(one.canvas.ink, two.canvas.ink)
        assert one.canvas.placed == two.canvas.placed
        names.add(name)
    assert len(names) > 2


@pytest.mark.parametrize(("room", "words"), [(9, False), (11, True)])
def test_words_stand_in_a_margin_that_has_room_for_them(
    stock: Stock, room: int, words: bool
) -> None:
    scene = Scene(np.random.default_rng(0), stock, "train", 256, 256)
    scene.canvas.ink[:, room : 256 - room] = 255
    face = printing.pick(scene.rng, "train")
    for _ in range(10):
        scene.standing(face)
    margins = np.hstack([scene.canvas.ink[:, :room], scene.canvas.ink[:, 256 - room :]])
    assert margins.any() == words
    assert not scene.canvas.placed
