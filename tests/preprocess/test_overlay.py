from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.overlay import drop_overlay


def _photo(hand: ModuleType, text: str) -> NDArray[np.uint8]:
    """Writing on paper that a camera shows grey, with a shadow, in RGB."""
    page = hand.write(text, height=60, margin=1.2, paper=175).astype(np.float32)
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.3), np.float32)
    page *= np.linspace(0.85, 1.0, page.shape[1], dtype=np.float32)
    return np.repeat(page[:, :, None].astype(np.uint8), 3, axis=2)


@pytest.mark.parametrize("colour", [(0, 0, 255), (255, 0, 0), (0, 255, 0)])
@pytest.mark.parametrize("quality", [None, 90])
def test_labels_drawn_over_a_photo_go(
    hand: ModuleType, colour: tuple[int, int, int], quality: int | None
) -> None:
    clean = _photo(hand, "384")
    drawn = clean.copy()
    cv2.putText(drawn, "9 15", (40, 55), cv2.FONT_HERSHEY_COMPLEX, 1.0, colour)
    cv2.rectangle(drawn, (20, 30), (drawn.shape[1] - 20, drawn.shape[0] - 30), colour, 2)
    if quality is not None:
        encoded = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        drawn = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    mask, wanted = drop_overlay(drawn, find_ink(drawn)).mask, find_ink(clean).mask
    near = np.asarray(cv2.dilate(wanted, np.ones((5, 5), np.uint8)), np.uint8)
    assert (mask & (1 - near)).sum() < 0.03 * wanted.sum()
    assert (mask & wanted).sum() > 0.8 * wanted.sum()


def test_a_drawing_in_a_bright_colour_is_writing(hand: ModuleType) -> None:
    page = _photo(hand, "")
    stroke = hand.write("384", height=60, margin=1.2) < 120
    page = np.asarray(cv2.resize(page, stroke.shape[::-1]), np.uint8)
    page[stroke] = (20, 20, 250)
    ink = find_ink(page)
    assert drop_overlay(page, ink) is ink


def test_a_coloured_pen_is_no_overlay(hand: ModuleType) -> None:
    page = hand.write("384", height=60, paper=210, ink=40)
    paper = np.array([210, 205, 200], np.float32)
    pen = np.array([30, 40, 150], np.float32)
    share = ((210.0 - page) / 170)[:, :, None].clip(0, 1)
    picture = (paper * (1 - share) + pen * share).astype(np.uint8)
    ink = find_ink(picture)
    assert drop_overlay(picture, ink) is ink


@pytest.mark.parametrize(
    ("paper", "pen"),
    [((170, 170, 170), (216, 40, 40)), ((250, 235, 140), (40, 70, 190))],
)
def test_a_second_pen_is_no_overlay(
    hand: ModuleType, paper: tuple[int, int, int], pen: tuple[int, int, int]
) -> None:
    first = (235.0 - hand.write("384   ", ink=35, pen=5)[:, :, None]) / 200
    second = (235.0 - hand.write("   72 ", ink=35, pen=5)[:, :, None]) / 200
    page = np.array(paper, np.float32) * (1 - first) + np.float32(30) * first
    page = page * (1 - second) + np.array(pen, np.float32) * second
    picture = np.asarray(cv2.GaussianBlur(page, (0, 0), 0.8), np.uint8)
    ink = find_ink(picture)
    assert drop_overlay(picture, ink) is ink


def test_chalk_is_no_overlay(hand: ModuleType) -> None:
    stroke = (235.0 - hand.write("72", ink=35, pen=6)[:, :, None]) / 200
    other = (235.0 - hand.write("38", ink=35, pen=6)[:, :, None]) / 200
    board = np.array((35, 60, 45), np.float32)
    halves = [
        board * (1 - share) + np.array(chalk, np.float32) * share
        for share, chalk in ((stroke, (240, 220, 90)), (other, (235, 235, 235)))
    ]
    picture = np.asarray(np.hstack(halves), np.uint8)
    ink = find_ink(picture)
    assert ink.light_on_dark
    assert drop_overlay(picture, ink) is ink


def test_grey_pictures_have_no_overlay(hand: ModuleType) -> None:
    page = hand.write("384")
    ink = find_ink(page)
    assert drop_overlay(page, ink) is ink
