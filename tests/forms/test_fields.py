"""What a field shows: line recogniser, finder and classifier together, within what it may hold."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.forms import fields
from tenfold.forms.fields import Networks, read_page
from tenfold.forms.template import Field
from tenfold.reader.networks import bundled_finder, bundled_line, bundled_model
from tenfold.signature import CHARS

Floats = NDArray[np.float32]

WIDE, TALL = 1200, 900
BOX = (0.2, 0.3, 0.3, 0.1)


def page(hand: ModuleType, text: str) -> Any:
    """A white page with a number written into the field."""
    sheet = np.full((TALL, WIDE), 255, np.uint8)
    glyphs = hand.write(text, height=60, margin=0.2)
    top, left = int(0.3 * TALL), int(0.22 * WIDE)
    sheet[top : top + glyphs.shape[0], left : left + glyphs.shape[1]] = glyphs
    return sheet


def says(*chars: tuple[str, float]) -> Any:
    """Return a line recogniser that sees these characters, so surely, in whatever it is shown."""

    def network(strips: Floats) -> Floats:
        frames = np.full((len(strips), strips.shape[3] // 2, 1 + len(CHARS)), -12.0, np.float32)
        frames[..., 0] = 0.0
        for place, (char, chance) in enumerate(chars):
            frames[:, 4 + 3 * place, 0] = math.log(1 - chance)
            frames[:, 4 + 3 * place, 1 + CHARS.index(char)] = math.log(chance)
        return frames

    return network


def values(hand: ModuleType, text: str, recogniser: Any, **words: Any) -> list[str]:
    """What a field may hold after that was written into it, likeliest first."""
    networks = Networks(bundled_finder(), recogniser or bundled_line(), bundled_model())
    blank = np.full((TALL, WIDE), 255, np.uint8)
    (seen,) = read_page(page(hand, text), blank, [Field("mark", 1, BOX, **words)], networks)
    return [value for value, _ in seen.candidates]


def test_a_number_is_read(hand: ModuleType) -> None:
    assert values(hand, "472", None, digits=(3, 3))[0] == "472"


def test_a_digit_that_the_line_recogniser_passes_over_is_found(
    hand: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = says(("4", 0.99), ("7", 0.2))
    assert values(hand, "47", blind, range=(0, 50))[0] == "47"
    monkeypatch.setattr(fields, "_cells", lambda *_: np.empty((0, 11), np.float32))
    assert values(hand, "47", blind, range=(0, 50))[0] == "4"  # without finder and classifier


def test_numbers_with_decimals_are_seldom_written_without(
    hand: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = says(("1", 0.99), (".", 0.3), ("0", 0.99))
    words = {"range": (0, 10), "decimals": 1}
    assert values(hand, "10", unsure, **words)[0] == "1.0"
    monkeypatch.setattr(fields, "WHOLE", 1.0)
    assert values(hand, "10", unsure, **words)[0] == "10.0"
