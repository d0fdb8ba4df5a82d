from __future__ import annotations

import pytest
from starlette.requests import Request

from tenfold.errors import DataError
from tenfold.server.bodies import Options
from tenfold.server.query import no_options, options_of, parameters


def _asked(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_options_are_parsed_whether_they_are_kept_or_not() -> None:
    many = "&".join(["include=steps"] * 30)  # longer than what is kept
    assert options_of(_asked("")) == Options()
    for _ in range(2):
        given = options_of(_asked("layout=line&min%5Fconfidence=0.25&include=steps&include=glyphs"))
        assert given == Options(layout="line", min_confidence=0.25, include=["steps", "glyphs"])
        assert options_of(_asked(many)).include == ["steps"] * 30


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("layot=line", "layot: there is no such option; there are layout, "),
        ("layout=line&layout=line", "layout: it is given twice; give it once."),
        ("x=1&x=2", "x: it is given twice"),
        ("layout=lines", "layout: input should be 'auto', 'digit'"),
        ("layout=", "layout: input should be"),
        ("min_confidence=nan", "min_confidence: input should be a finite number"),
        ("include=steps&include=all", r"include\[1\]: input should be"),
        ("min_confidence=" + "1" * 300, "min_confidence: "),
    ],
)
def test_what_is_wrong_is_named_every_time(query: str, message: str) -> None:
    for _ in range(2):
        with pytest.raises(DataError, match=f"^{message}"):
            options_of(_asked(query))


def test_where_none_is_taken_the_first_is_named() -> None:
    no_options(_asked(""))
    with pytest.raises(DataError, match=r"^layout: there is no such option; this takes none"):
        no_options(_asked("layout=line&ink=all"))


def test_the_description_has_every_option_with_its_default() -> None:
    described = {each["name"]: each["schema"] for each in parameters()}
    assert described.keys() == Options.model_fields.keys()
    assert {name: each["default"] for name, each in described.items()} == Options().model_dump()
    assert all(each["in"] == "query" and not each["required"] for each in parameters())
