from __future__ import annotations

import math

import numpy as np
import pytest

from tenfold.forms.fields import Seen
from tenfold.forms.sheet_results import TICKED, FieldResult
from tenfold.forms.template import Field
from tenfold.forms.verdict import SET, SURE, UNSET, judge

SNIPPET = np.zeros((4, 4), np.uint8)
BOX = (0.1, 0.1, 0.2, 0.05)


def number(name: str, *candidates: tuple[str, float], field: Field | None = None) -> Seen:
    """A field that may hold these values with these probabilities."""
    logs = tuple((text, math.log(p)) for text, p in candidates)
    total = math.log(sum(p for _, p in candidates))
    return Seen(field or Field(name, 1, BOX), SNIPPET, 0.8, logs, total)


def judged(*seen: Seen) -> dict[str, FieldResult]:
    """Judge fields of one page, by name."""
    return {one.field: one for one in judge(seen)}


def test_a_clear_value_is_ok_and_a_close_one_doubtful() -> None:
    clear, close = number("a", ("7", 0.999), ("1", 1e-6)), number("b", ("7", 0.5), ("1", 0.45))
    found = judged(clear, close)
    assert found["a"].status == "ok"
    assert found["a"].probability >= SURE
    assert (found["b"].status, found["b"].runner_up) == ("doubtful", "1")
    assert found["b"].probability + found["b"].runner_up_probability <= 1


def test_an_empty_field_is_blank_and_a_scrawl_doubtful() -> None:
    empty = Seen(Field("a", 1, BOX), SNIPPET, 0.05)
    scrawl = Seen(Field("b", 1, BOX), SNIPPET, 0.9)
    found = judged(empty, scrawl)
    assert (found["a"].status, found["a"].value) == ("blank", None)
    assert found["b"].status == "doubtful"
    assert found["b"].reason


def test_what_is_too_small_for_a_digit_is_not_surely_nothing() -> None:
    found = judged(Seen(Field("a", 1, BOX), SNIPPET, 0.15), Seen(Field("b", 1, BOX), SNIPPET, 0.09))
    assert [one.status for one in found.values()] == ["doubtful", "blank"]
    assert found["a"].value is None


def ticks(*inks: float, group: str | None = "g", optional: bool = False) -> list[FieldResult]:
    """Judge tick boxes with these shares of ink."""
    return judge(
        [
            Seen(Field(name, 1, BOX, kind="tick", group=group, optional=optional), SNIPPET, ink)
            for name, ink in zip("abc", inks, strict=False)
        ]
    )


def test_of_two_ticks_the_one_with_more_ink_was_taken_back() -> None:
    first, second, third = ticks(0.9, 0.0, 0.25)
    assert (first.status, second.status, third.status) == (
        "contradiction", "blank", "contradiction"
    )  # fmt: skip
    assert (first.value, first.runner_up) == (None, TICKED)
    assert third.value == TICKED
    # About as much ink in both says nothing.
    assert [one.value for one in ticks(0.25, 0.0, 0.3)] == [TICKED, None, TICKED]


def test_a_box_blacked_out_is_doubtful_where_no_other_tick_says_what_it_means() -> None:
    assert [one.status for one in ticks(0.9, group=None)] == ["doubtful"]
    assert [one.status for one in ticks(0.3, group=None)] == ["ok"]
    assert ticks(0.9, 0.0, 0.0, optional=True)[0].status == "doubtful"
    assert ticks(0.9, 0.0, 0.0)[0].status == "ok"


def test_nothing_new_in_a_field_that_is_filled_on_the_blank_form_is_not_surely_blank() -> None:
    seen = [Seen(Field("a", 1, BOX), SNIPPET, 0.05), number("b", ("7", 0.999), ("1", 1e-6))]
    first, second = judge(seen, {"a", "b"})
    assert (first.status, first.value) == ("doubtful", None)
    assert "blank form" in first.reason
    assert second.status == "ok"


def parts(total: Seen) -> dict[str, FieldResult]:
    """Judge two marks, the second of which is 3 or 8, and their sum."""
    return judged(number("q1", ("4", 0.999)), number("q2", ("3", 0.55), ("8", 0.44)), total)


def test_a_sum_decides_between_its_parts() -> None:
    field = Field("total", 1, BOX, sum_of=("q1", "q2"))
    found = parts(number("total", ("12", 0.999), ("17", 1e-5), field=field))
    assert (found["q2"].value, found["q2"].runner_up) == ("8", "3")
    assert found["q2"].probability > 0.9
    assert found["total"].status == "ok"


def test_a_sum_that_does_not_add_up_is_a_contradiction_and_an_empty_one_is_not() -> None:
    field = Field("total", 1, BOX, sum_of=("q1", "q2"))
    found = parts(number("total", ("50", 0.9999), field=field))
    assert found["total"].status == "contradiction"
    assert "q1 + q2" in found["total"].reason
    assert parts(Seen(field, SNIPPET, 0.0))["total"].status == "blank"


@pytest.mark.parametrize(
    ("inks", "optional", "statuses"),
    [
        ((2 * SET, 0.0, 0.0), False, ["ok", "blank", "blank"]),
        ((2 * SET, 3 * SET, 0.0), False, ["contradiction", "contradiction", "blank"]),
        ((0.0, 0.0, 0.0), False, ["contradiction"] * 3),
        ((0.0, 0.0, 0.0), True, ["blank"] * 3),
        (((SET + UNSET) / 2, 0.0, 0.0), True, ["doubtful", "blank", "blank"]),
    ],
)
def test_one_tick_of_a_group(inks: tuple[float, ...], optional: bool, statuses: list[str]) -> None:
    seen = [
        Seen(Field(name, 1, BOX, kind="tick", group="g", optional=optional), SNIPPET, ink)
        for name, ink in zip("abc", inks, strict=True)
    ]
    found = judged(*seen)
    assert [one.status for one in found.values()] == statuses
    assert found["a"].value == (TICKED if inks[0] >= (SET + UNSET) / 2 else None)
