from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tenfold.signature import CHARS, HAND, PRINT, RUNNING, SIGN, STRUCK
from tenfold.synthesis.pages import forms, freehand, printing
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


def test_words_in_a_margin_are_as_soft_as_the_other_print(stock: Stock) -> None:
    edges = []
    for soft in (0.0, 3.0):
        scene = Scene(np.random.default_rng(0), stock, "train", 256, 256)
        scene.canvas.ink[:, 60:196] = 255
        scene.soft = soft
        scene.standing(printing.pick(scene.rng, "train"))
        margins = np.hstack([scene.canvas.ink[:, :60], scene.canvas.ink[:, 196:]]).astype(float)
        assert margins.any()
        edges.append(np.abs(np.diff(margins, axis=0)).max())
    assert edges[1] < 0.5 * edges[0]


def test_words_are_printed_around_a_place_and_never_in_it(stock: Stock) -> None:
    scene = Scene(np.random.default_rng(0), stock, "train", 256, 256)
    scene.words_around(printing.pick(scene.rng, "train"), 20, (60.0, 70.0, 150.0, 160.0), 1.0)
    assert not scene.canvas.ink[70:160, 60:150].any()
    for beside in (np.s_[:70], np.s_[160:], np.s_[70:160, 150:]):
        assert scene.canvas.ink[beside].any()
    assert not scene.canvas.placed


@pytest.mark.parametrize("ending", [0.0, 1.0])
def test_a_grid_goes_on_over_the_edges_or_ends(
    stock: Stock, ending: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "ENDING", ending)
    ends = 0
    for seed in range(30):
        made = Scene(np.random.default_rng(seed), stock, "train", SIDE, SIDE)
        spans = forms._extent(made, 30.0, 40.0)
        for (start, count), step in zip(spans, (30.0, 40.0), strict=True):
            ends += start > 0 or start + count * step < SIDE
    assert ends > 40 if ending else ends == 0


def test_empty_boxes_are_no_digits(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(np.random.default_rng(0), stock, "train", SIDE, SIDE)
    end = scene.boxes(20, 90, 40)
    columns = np.flatnonzero(scene.canvas.ink.any(axis=0))
    assert 17 <= columns[0] <= 20
    assert columns[-1] <= end + 2
    drawn = []
    monkeypatch.setattr(Scene, "boxes", lambda *_: drawn.append(1))
    for seed in range(40):
        _drawn(freehand.scatter, seed, stock, "train")
    assert 0.03 < len(drawn) / (40 * 7) < 0.1  # seven things on a page, on average


def test_most_numbers_are_struck_out_on_some_pages(stock: Stock) -> None:
    shares = []
    for seed in range(60):
        placed = _drawn(freehand.lines, seed, stock, "train").canvas.placed
        digits = [mark.kind == STRUCK for mark in placed if mark.char.isdigit()]
        shares.append(np.mean(digits) if len(digits) > 6 else 0.0)
    assert 0.03 < np.mean(np.array(shares) > 0.4) < 0.3
