"""A blank card, its template as somebody wrote it by hand, and one that is filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 1000, 700
CELL, TOP = 60, 240
READING = "4071839"
FORM = """\
# The card of the water works, drawn by Ada.
title = "Meter card"

[[page]]
image = "card.png"

# The seven digits in the black window.
[[field]]
name = "reading"
box = [0.4, 0.34286, 0.42, 0.1]  # measured with a ruler
digits = 7
comb = true

[[field]]
name = "persons"
box = [0.4, 0.6, 0.12, 0.08]
range = [1, 20]
optional = true  # many leave it empty
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A folder with a template, and a scan of a filled-in card."""

    form: Path
    sheet: Path


def blank() -> NDArray[np.uint8]:
    """Print the card."""
    page = np.full((HEIGHT, WIDTH), 255, np.uint8)
    said = ("City Water Works", "Please read your meter and send this card.",
            "Write black digits only.", "Thank you for your help!")  # fmt: skip
    for k, words in enumerate(said):
        cv2.putText(page, words, (60, (80, 130, 560, 640)[k]), 0, 1.1 - 0.1 * k, 20, 2)
    cv2.putText(page, "Meter reading", (60, 285), 0, 0.9, 20, 2)
    cv2.putText(page, "Persons", (60, 460), 0, 0.9, 20, 2)
    for k in range(7):
        left = 400 + CELL * k
        cv2.rectangle(page, (left, TOP), (left + CELL, TOP + 70), 90, 2)
    cv2.rectangle(page, (400, 420), (520, 476), 60, 2)
    return page


def lay_out(folder: Path, hand: ModuleType) -> Card:
    """Write the template, the blank card and the filled-in one."""
    Image.fromarray(blank()).save(folder / "card.png")
    (folder / "form.toml").write_text(FORM, encoding="utf-8")
    Image.fromarray(filled(hand, READING)).save(folder / "filled.png")
    return Card(folder / "form.toml", folder / "filled.png")


def filled(hand: ModuleType, reading: str) -> NDArray[np.uint8]:
    """Return a scan of a card, a quarter turned, with a reading in its comb."""
    page = blank()
    for k, digit in enumerate(reading):
        glyph = hand.write(digit, height=44, margin=0.1, seed=k)
        glyph = cv2.resize(glyph, None, fx=min(1, 46 / glyph.shape[1]), fy=1)
        left = 400 + CELL * k + (CELL - glyph.shape[1]) // 2
        top = TOP + (70 - glyph.shape[0]) // 2
        part = page[top : top + glyph.shape[0], left : left + glyph.shape[1]]
        np.minimum(part, glyph, out=part)
    return np.ascontiguousarray(np.rot90(page))
