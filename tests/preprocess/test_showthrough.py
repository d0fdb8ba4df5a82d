from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np

from tenfold.preprocess.binarize import Ink, find_ink
from tenfold.preprocess.segment import find_pieces
from tenfold.preprocess.showthrough import drop_show_through


def _bars(*levels: int, blur: int = 1) -> Ink:
    """Bars of 20×6 pixels side by side, each of that ink level; the faint ones blurred."""
    level = np.zeros((60, 30 * len(levels) + 10), np.uint8)
    for number, one in enumerate(levels):
        level[20:40, 15 + 30 * number : 21 + 30 * number] = one
    faint = cv2.blur(np.where(level < 80, level, 0).astype(np.uint8), (blur, blur))
    level = np.maximum(np.where(level < 80, 0, level), faint).astype(np.uint8)
    return Ink(level, (level > 4).astype(np.uint8), 255 - level, 1.0, light_on_dark=False)


def _shown(ink: Ink) -> Ink:
    return drop_show_through(ink, find_pieces(ink.mask))


def _kept(ink: Ink) -> list[int]:
    pieces = find_pieces(_shown(ink).mask)
    return [round((piece.middle[0] - 18) / 30) for piece in pieces]


def test_what_is_far_too_faint_goes() -> None:
    assert _kept(_bars(200, 190, 12, 180, 60)) == [0, 1, 3, 4]


def test_what_is_faint_and_blurred_goes() -> None:
    assert _kept(_bars(200, 190, 50, 180, 45, 195, blur=7)) == [0, 1, 3, 5]


def test_a_pen_that_runs_dry_is_read() -> None:
    assert _kept(_bars(200, 190, 50, 180, 45, 195)) == [0, 1, 2, 3, 4, 5]


def test_one_bold_mark_does_not_make_the_others_faint() -> None:
    assert len(_kept(_bars(250, 30, 30, 30))) == 4


def test_a_page_without_marks_stays_so() -> None:
    ink = find_ink(np.full((50, 50), 230, np.uint8))
    assert _shown(ink) is ink


def test_the_other_side_of_a_page_is_not_read(hand: ModuleType) -> None:
    front = hand.write("384", height=60, margin=2.0, paper=200)
    back = hand.write("27 51\n60 43", height=40, margin=0.3, ink=180, paper=200)[:, ::-1]
    back = cv2.GaussianBlur(cv2.resize(back, front.shape[::-1]), (0, 0), 2)
    ink = _shown(find_ink(np.minimum(front, back)))
    assert abs(int(ink.mask.sum()) - int(find_ink(front).mask.sum())) < 0.1 * ink.mask.sum()


def test_soft_dirt_does_not_make_a_faint_pencil_blurred(hand: ModuleType) -> None:
    felt = hand.write("384", height=60, ink=20, pen=6)
    pencil = hand.write("172", height=60, ink=160, pen=4)
    dirt = np.full((len(felt), 150), 235, np.uint8)
    for number in range(6):
        cv2.circle(dirt, (15 + 24 * number, 30), 4, 150, -1)
    page = np.hstack([felt, cv2.GaussianBlur(dirt, (0, 0), 2.2), pencil])
    ink = find_ink(page)
    wanted = find_ink(pencil).mask
    assert _shown(ink).mask[:, -pencil.shape[1] :].sum() > 0.8 * wanted.sum()
