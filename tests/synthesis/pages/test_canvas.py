from __future__ import annotations

import numpy as np

from tenfold.signature import HAND, PRINT, SIGN, STRUCK
from tenfold.synthesis.pages.canvas import SEEN, Canvas, straight

GLYPH = np.full((10, 6), 200, np.uint8)


def test_ink_mask_and_box_lie_together() -> None:
    canvas = Canvas(40, 50)
    canvas.put(GLYPH, 20, 15, 0.5, HAND, "7")
    (mark,) = canvas.placed
    assert (mark.char, mark.kind, mark.box, mark.middle) == ("7", HAND, (20, 15, 26, 25), 23)
    assert canvas.ink[20, 22] == 100
    assert canvas.masks[HAND, 20, 22] == 200
    assert (canvas.ink > 0).sum() == (canvas.masks[HAND] > 0).sum() == 60
    assert not canvas.masks[[PRINT, SIGN, STRUCK]].any()


def test_what_hangs_over_the_edge_is_a_digit_only_if_most_of_it_is_seen() -> None:
    canvas = Canvas(40, 50)
    canvas.put(GLYPH, -3, 15, 1, HAND, "1")  # half of it
    assert not canvas.placed
    assert not canvas.masks.any()
    assert canvas.ink.any()
    canvas.put(GLYPH, 50 - 6 * SEEN - 1, 15, 1, HAND, "1")
    assert canvas.placed[0].box[2] == 50
    canvas.put(GLYPH, 90, 90, 1, HAND, "1")
    assert len(canvas.placed) == 1


def test_ink_of_no_kind_has_no_mask() -> None:
    canvas = Canvas(40, 50)
    canvas.put(GLYPH, 5, 5)
    canvas.line((0, 20), (50, 20), 1)
    canvas.line((0, 30), (50, 30), 6, 0.5)
    canvas.draw([straight([(5, 5), (30, 35)])], 0.5)
    assert canvas.ink[20, 40] > 200
    assert 120 < canvas.ink[30, 40] < 130
    assert not canvas.masks.any()
    assert not canvas.placed


def test_what_is_struck_out_moves_to_its_own_mask() -> None:
    canvas = Canvas(40, 50)
    for x, char in ((5, "1"), (20, "2"), (35, "3")):
        canvas.put(GLYPH, x, 10, 1, HAND, char)
    canvas.strike(canvas.placed[1:])
    assert [mark.kind for mark in canvas.placed] == [HAND, STRUCK, STRUCK]
    assert (canvas.masks[HAND] > 0).sum() == 60
    assert (canvas.masks[STRUCK] > 0).sum() == 120


def test_strips_keep_no_masks() -> None:
    canvas = Canvas(10, 10, masks=False)
    canvas.put(GLYPH, 2, 0, 1, HAND, "4")
    canvas.strike(canvas.placed)
    assert canvas.masks.shape == (0, 10, 10)
    assert canvas.placed[0].kind == STRUCK
