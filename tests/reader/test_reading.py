from __future__ import annotations

import json

import pytest

from tenfold.reader.reading import Box, Digit, Line, Mark, Number, Reading, Refusal

CHANCES = (0.0, 0.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.29, 0.005, 0.005)
BOX: Box = (3, 4, 5, 6)
ONE = Digit(1, 0.7, CHANCES, 0.9, BOX, 0)
REFUSED = Digit(7, 0.4, CHANCES, 0.1, (9, 4, 5, 6), None, "not a digit")
POINT = Mark(".", 0.98765, (8, 8, 2, 2), 0, in_text=True)


def _reading(*lines: Line, digits: tuple[Digit, ...] = ()) -> Reading:
    return Reading("a.png", lines, digits, (POINT,), 20, 30, 90, ("note",), 0.0123456)


def test_alternatives_are_ranked_and_leave_out_what_is_hopeless() -> None:
    assert ONE.alternatives == ((7, 0.29),)


@pytest.mark.parametrize(
    ("refused", "accepted", "left_out"),
    [
        (None, True, False),
        ("not a digit", False, False),
        ("unsure", False, False),
        ("struck out", False, True),
        ("printed", False, True),
    ],
)
def test_what_is_left_out_on_purpose_is_told_from_what_cannot_be_read(
    refused: Refusal | None, accepted: bool, left_out: bool
) -> None:
    digit = Digit(1, 0.7, CHANCES, 0.9, BOX, 0, refused, "printed")
    assert (digit.accepted, digit.left_out) == (accepted, left_out)


def test_json_holds_what_the_docs_promise() -> None:
    line = Line("1.1 1", BOX, (Number("1.1", BOX, 0.98), Number("1", BOX, 0.123456)))
    printed = Digit(1, 0.7, CHANCES, 0.9, BOX, 0, ink="printed")
    reading = _reading(line, line, digits=(ONE, REFUSED, printed))
    record = json.loads(json.dumps(reading.to_dict()))
    assert record["text"] == reading.text == "1.1 1\n1.1 1"
    assert record["file"] == "a.png"
    assert record["lines"][0] == {
        "text": "1.1 1",
        "box": [3, 4, 5, 6],
        "numbers": [
            {"text": "1.1", "box": [3, 4, 5, 6], "confidence": 0.98},
            {"text": "1", "box": [3, 4, 5, 6], "confidence": 0.1235},
        ],
    }
    assert record["digits"][0] == {
        "digit": 1,
        "confidence": 0.7,
        "alternatives": [{"digit": 7, "probability": 0.29}],
        "box": [3, 4, 5, 6],
        "line": 0,
        "ink": "handwritten",
        "accepted": True,
        "reason": None,
    }
    assert record["digits"][1]["accepted"] is False
    assert record["digits"][1]["reason"] == "not a digit"
    assert record["digits"][2]["ink"] == "printed"
    assert record["marks"] == [
        {"text": ".", "confidence": 0.9877, "box": [8, 8, 2, 2], "line": 0, "in_text": True}
    ]
    assert record["seconds"] == 0.0123


def test_digits_are_known_by_their_number() -> None:
    first, second, third = (Digit(d, 0.9, CHANCES, 0.9, BOX, 0) for d in (1, 2, 3))
    below = Digit(4, 0.9, CHANCES, 0.9, BOX, 1)
    struck = Digit(9, 0.9, CHANCES, 0.9, BOX, 0, "struck out")
    reading = _reading(
        Line("1.2 -3", BOX, (Number("1.2", BOX, 0.9), Number("-3", BOX, 0.9))),
        Line("4", BOX, (Number("4", BOX, 0.9),)),
        digits=(first, struck, second, third, below),
    )
    assert reading.digits_by_number(0) == ((first, second), (third,))
    assert reading.digits_by_number(1) == ((below,),)
