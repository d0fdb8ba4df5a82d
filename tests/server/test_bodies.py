from __future__ import annotations

import base64
import textwrap

import pytest

from tenfold.errors import DataError
from tenfold.server.bodies import Drawing, Sent, picture_of

PICTURE = bytes(range(256))
ENCODED = base64.b64encode(PICTURE).decode()


@pytest.mark.parametrize(
    "text",
    [
        ENCODED,
        f"data:image/png;base64,{ENCODED}",
        textwrap.fill(ENCODED, 76) + "\n",
        "\r\n ".join(textwrap.wrap(ENCODED, 64)),
        "data:image/png;base64,\n" + textwrap.fill(ENCODED, 76),
    ],
)
def test_a_picture_comes_as_base64_however_it_is_wrapped(text: str) -> None:
    assert picture_of({"image": text, "name": "a/b.png"}) == Sent("b.png", PICTURE)


def test_a_drawing_is_known_by_its_strokes() -> None:
    strokes = [{"points": [[10, 10], [20, 20.5]]}]
    sent = picture_of({"strokes": strokes, "width": 40, "height": 30})
    assert isinstance(sent.source, Drawing)
    assert (sent.name, sent.source.width) == ("drawing", 40)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"image": ENCODED, "colour": 1}, "colour: there is no such field; there are image, name."),
        ({"image": ENCODED, "layout": "page"}, "layout: this is an option of the query"),
        ({"image": ENCODED, "strokes": []}, "strokes: there is no such field"),
        ({"strokes": [], "width": 80}, "height: it is missing."),
        ({"strokes": [{"points": [[1, 2, 3]]}], "width": 80, "height": 80},
         r"strokes\[0\].points\[0\]: list should have at most 2 items"),
        ({"picture": ENCODED}, "There is no picture in it"),
        ({"image": "eA="}, "image: this is no base64"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(record: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        picture_of(record)
    assert str(caught.value).endswith(".")
    assert ENCODED not in str(caught.value)
