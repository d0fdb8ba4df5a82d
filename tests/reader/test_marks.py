from __future__ import annotations

import numpy as np

from tenfold.preprocess.segment import Piece, find_pieces
from tenfold.reader.marks import drop_faintest


def _page(*inks: int) -> tuple[list[Piece], np.ndarray]:
    """Bars of 20×6 pixels side by side, each of that ink level."""
    level = np.zeros((40, 20 * len(inks) + 10), np.uint8)
    for number, ink in enumerate(inks):
        level[10:30, 10 + 20 * number : 16 + 20 * number] = ink
    return find_pieces((level > 0).astype(np.uint8)), level


def test_what_shows_through_the_paper_is_left_out() -> None:
    pieces, level = _page(200, 190, 12, 180, 60)
    kept = drop_faintest(pieces, 20.0, level)
    assert [int(level[piece.y, piece.x]) for piece in kept] == [200, 190, 180, 60]


def test_one_bold_mark_does_not_make_the_others_faint() -> None:
    pieces, level = _page(250, 30, 30, 30)
    assert len(drop_faintest(pieces, 20.0, level)) == 4


def test_a_page_without_marks_stays_so() -> None:
    assert drop_faintest([], 0.0, np.zeros((5, 5), np.uint8)) == []
