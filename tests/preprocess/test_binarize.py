from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.segment import find_pieces


def _overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    return float((mask & truth).sum() / max(1, (mask | truth).sum()))


def _truth(page: np.ndarray) -> np.ndarray:
    return (page < (int(page.max()) + int(page.min())) / 2).astype(np.uint8)


@pytest.mark.parametrize("text", ["7", "40718", "12\n345"])
@pytest.mark.parametrize("invert", [False, True])
def test_ink_is_found_on_light_and_dark_paper(hand: ModuleType, text: str, invert: bool) -> None:
    page = hand.write(text)
    ink = find_ink(255 - page if invert else page)
    assert ink.light_on_dark == invert
    assert _overlap(ink.mask, _truth(page)) > 0.75


@pytest.mark.parametrize("pen", [10, 14])
def test_a_fat_digit_filling_the_picture_is_still_ink(hand: ModuleType, pen: int) -> None:
    page = hand.write("8", height=80, pen=pen, margin=0.15)
    ink = find_ink(page)
    assert not ink.light_on_dark
    assert _overlap(ink.mask, _truth(page)) > 0.75


@pytest.mark.parametrize(
    ("paper", "pen"),
    [
        ((255, 255, 255), (255, 160, 160)),
        ((255, 140, 0), (140, 140, 140)),
        ((250, 240, 60), (220, 60, 40)),
        ((40, 90, 50), (240, 240, 230)),
        ((255, 255, 255), (222, 222, 222)),
    ],
)
def test_coloured_ink_stands_out(
    hand: ModuleType, paper: tuple[int, int, int], pen: tuple[int, int, int]
) -> None:
    page = hand.write("25", ink=0, paper=255)
    cover = (255 - page.astype(float))[:, :, None] / 255
    pixels = (np.array(paper) * (1 - cover) + np.array(pen) * cover).astype(np.uint8)
    assert _overlap(find_ink(pixels).mask, _truth(page)) > 0.7


def test_shadows_and_grain_leave_the_digits_alone(hand: ModuleType) -> None:
    page = hand.write("40718", height=80, pen=6)
    ink = find_ink(hand.photo(page))
    assert _overlap(ink.mask, _truth(page)) > 0.65
    assert len(find_pieces(ink.mask)) <= 8


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_paper_holds_no_ink(level: int) -> None:
    assert not find_ink(np.full((60, 80), level, np.uint8)).mask.any()


def test_grainy_blank_paper_holds_no_pieces_worth_mentioning() -> None:
    rng = np.random.default_rng(0)
    paper = np.clip(rng.normal(200, 6, (400, 600)), 0, 255).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(paper, (3, 3), 0), np.uint8)
    assert find_ink(smooth).mask.mean() < 0.002


def test_faint_parts_continue_a_stroke() -> None:
    page = np.full((28, 28), 255, np.uint8)
    page[4:24, 13:15] = 160
    page[10:16, 13:15] = 225  # the pen skipped
    assert find_ink(page).mask[4:24, 13:15].any(axis=1).all()
