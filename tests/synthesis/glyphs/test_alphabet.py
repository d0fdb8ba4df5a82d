from __future__ import annotations

import pytest

from tenfold.synthesis.glyphs.alphabet import FREQUENCY, alphabet


def test_every_letter_has_strokes_within_reach_of_its_box() -> None:
    known = alphabet()
    assert len(known.names) == len(set(known.names)) == len(known.control) > 60
    assert known.present[:, 0].all()
    assert float(known.control.min()) > -0.6
    assert float(known.control.max()) < 1.6
    assert not known.straight[~known.present].any()
    assert set(known.weight.tolist()) == {1.0, FREQUENCY}


@pytest.mark.parametrize("letter", list("IlOSZioszbgq"))
def test_letters_that_are_digits_to_the_eye_are_left_out(letter: str) -> None:
    assert letter not in alphabet().names


def test_straight_strokes_are_straight_curves() -> None:
    known = alphabet()
    row = known.names.index("T")
    bar = known.control[row, 0]
    assert bar[:, 1].tolist() == [0, 0, 0, 0]
    assert bar[:, 0].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
