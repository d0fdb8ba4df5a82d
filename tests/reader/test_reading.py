from __future__ import annotations

import json

from tenfold.reader.reading import Digit, Line, Reading

CHANCES = (0.0, 0.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.29, 0.005, 0.005)
ONE = Digit(1, 0.7, CHANCES, 0.9, (3, 4, 5, 6), 0)
REFUSED = Digit(7, 0.4, CHANCES, 0.1, (9, 4, 5, 6), None, "not a digit")


def test_alternatives_are_ranked_and_leave_out_what_is_hopeless() -> None:
    assert ONE.alternatives == ((7, 0.29),)


def test_json_holds_what_the_docs_promise() -> None:
    line = Line("1", (3, 4, 5, 6))
    reading = Reading("a.png", (line, line), (ONE, REFUSED), 20, 30, 90, ("note",), 0.0123456)
    record = json.loads(json.dumps(reading.to_dict()))
    assert record["text"] == reading.text == "1\n1"
    assert record["file"] == "a.png"
    assert record["lines"][0] == {"text": "1", "box": [3, 4, 5, 6]}
    assert record["digits"][0] == {
        "digit": 1,
        "confidence": 0.7,
        "alternatives": [{"digit": 7, "probability": 0.29}],
        "box": [3, 4, 5, 6],
        "line": 0,
        "accepted": True,
        "reason": None,
    }
    assert record["digits"][1]["accepted"] is False
    assert record["digits"][1]["reason"] == "not a digit"
    assert record["seconds"] == 0.0123
