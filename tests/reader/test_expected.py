from __future__ import annotations

import io
import json
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import tenfold
from tenfold.errors import UsageError
from tenfold.preprocess.image import Picture
from tenfold.reader.assemble import Limits
from tenfold.reader.ctc import Spelled
from tenfold.reader.expect import Expect
from tenfold.reader.expected import assemble, fit_lines
from tenfold.reader.find import Finding
from tenfold.reader.lines import Part
from tenfold.reader.reader import Reader
from tenfold.reader.recognise import ReadPart
from tenfold.reader.settings import SETTINGS
from tenfold.signature import CHARS, STRIDE


def _reader(words: str, **options: Any) -> Reader:
    return Reader(expect=words, **options)


@pytest.mark.parametrize(
    ("page", "words", "value"),
    [
        ("40718", "5 digits", "40718"),
        ("40718\n2593", "4 digits", "2593"),
        ("40718\n2593", "5 digits", "40718"),
        ("4071   8235", "8 digits", "40718235"),
        ("4071   8235\n66", "0..99", "66"),
        ("25\n40", "one of 40 41 42", "40"),
        ("24122024", "date DDMMYYYY", "24122024"),
        ("79927398713", "luhn", "79927398713"),
        ("7", "1 digit", "7"),
    ],
)
def test_the_number_that_fits_is_read(hand: ModuleType, page: str, words: str, value: str) -> None:
    reading = _reader(words).read(hand.write(page))
    assert reading.text == value
    assert reading.expected is not None
    assert reading.expected.value == value
    assert reading.expected.words == words
    (number,) = reading.lines[0].numbers
    assert number.confidence == reading.expected.candidates[0][1] > 0.5
    accepted = [digit for digit in reading.digits if digit.accepted]
    assert "".join(str(digit.digit) for digit in accepted) == value
    assert all(number.confidence <= digit.confidence + 1e-6 for digit in accepted)
    others = sum(map(str.isdigit, page)) - len(value)
    assert [d.refused for d in reading.digits if not d.accepted] == ["not expected"] * others


def test_a_digit_of_doubt_is_settled_by_what_is_expected(hand: ModuleType) -> None:
    page = hand.write("40718")
    x = [digit.box for digit in tenfold.read(page).digits][1]
    page[x[1] : x[1] + x[3] // 2 + 4, x[0] - 2 : x[0] + x[2] + 2] = 250  # half of the zero is gone
    for value in ("40718", "46718"):
        reading = tenfold.read(page, expect=f"one of {value} 59999", min_confidence=0.0)
        assert reading.expected is not None
        assert reading.expected.value == value


def test_where_nothing_fits_that_is_said(hand: ModuleType) -> None:
    reading = _reader("8 digits; luhn").read(hand.write("40718"))
    assert reading.text == ""
    assert reading.expected is not None
    assert reading.expected.value is None
    assert reading.notes[-1].startswith("no number fits '8 digits; luhn' surely enough")
    assert [digit.refused for digit in reading.digits] == ["not expected"] * 5
    blank = _reader("8 digits").read(np.full((90, 300), 255, np.uint8))
    assert (blank.text, blank.notes) == ("", ("no number fits '8 digits' surely enough",))


def test_a_lone_digit_is_one_that_fits(hand: ModuleType) -> None:
    tiny = np.asarray(Image.fromarray(hand.write("4", height=64)).resize((28, 28)))
    reading = _reader("0..5", layout="digit").read(tiny)
    assert reading.text == "4"
    assert reading.expected is not None
    assert reading.expected.candidates[0][0] == "4"
    other = _reader("5..9", layout="digit").read(tiny)
    assert other.expected is not None
    assert other.expected.value is None or other.expected.candidates[0][1] < 0.95
    assert _reader("8 digits", layout="digit").read(tiny).text == ""


def test_what_cannot_be_expected_is_said_at_once() -> None:
    with pytest.raises(UsageError, match="is not understood"):
        Reader(expect="eight")
    with pytest.raises(UsageError, match="expect is a int"):
        Reader(expect=8)  # type: ignore[arg-type]
    assert Reader(expect=Expect.of(digits=8)).expect == Reader(expect="8 digits").expect


def _frames(text: str, wide: int = 6) -> NDArray[np.float32]:
    frames = np.full((len(text) * wide, 1 + len(CHARS)), 1e-6)
    frames[:, 0] = 1
    for place, char in enumerate(text):
        frames[place * wide + 3, [0, 1 + CHARS.index(char)]] = 0.01, 0.99
    return np.asarray(np.log(frames / frames.sum(axis=1, keepdims=True)), np.float32)


def test_a_value_is_written_one_way_and_its_signs_are_marks() -> None:
    frames = _frames("12,5")
    width = float(len(frames) * STRIDE)
    part = Part([], 30.0, 0.0, width, 0.0, 24.0, 0.0)
    read = ReadPart(part, np.zeros((48, int(width)), np.uint8), _nothing(), [], [frames])
    grey = np.full((48, int(width)), 255, np.uint8)
    expect = Expect.parse("0..20; 2 decimals")

    def never(strips: NDArray[np.float32]) -> NDArray[np.float32]:
        raise AssertionError("it is sure already")

    fitted = fit_lines([[read]], grey, Finding([], [], []), never, expect, SETTINGS)
    picture = Picture(grey, 1.0, int(width), 48, "a.png")
    found = assemble(fitted, [], Limits(0.5, 0.5), SETTINGS, picture)
    assert found.expected is not None
    assert (found.lines[0].text, found.expected.value) == ("12,5", "12.50")
    assert [(mark.text, mark.in_text) for mark in found.marks] == [(",", True)]
    assert [digit.digit for digit in found.digits] == [1, 2, 5]
    assert [spelled.spelled.text for spelled in fitted.lines[0]] == ["12,5"]
    lefts = [digit.box[0] for digit in found.digits]
    assert lefts == sorted(lefts)


def _nothing() -> Spelled:
    return Spelled("", -0.1, [], np.zeros((0, 1 + len(CHARS)), np.float32))


def test_json_has_the_runners_up(hand: ModuleType) -> None:
    reading = _reader("one of 40718 40778", min_confidence=0.0).read(hand.write("40718"))
    record = json.loads(json.dumps(reading.to_dict()))["expected"]
    assert (record["words"], record["value"]) == ("one of 40718 40778", "40718")
    assert record["candidates"][0]["value"] == "40718"
    assert "expected" not in tenfold.read(hand.write("4")).to_dict()
    buffer = io.BytesIO()
    trace = _reader("5 digits").trace(hand.write("40718"))
    Image.fromarray(trace.glyph(4)).save(buffer, "PNG")
    assert [read.spelled.text for line in trace.lines for read in line] == ["40718"]
