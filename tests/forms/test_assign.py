from __future__ import annotations

import time

from tenfold.forms.assign import give_out


def test_a_value_that_another_sheet_surely_holds_is_left_to_it() -> None:
    first, second = give_out([[("17", 0.99), ("11", 0.01)], [("17", 0.6), ("11", 0.4)]])
    assert (first.value, first.status) == ("17", "ok")
    assert (second.value, second.runner_up) == ("11", "17")
    assert second.probability > 0.95


def test_a_value_on_two_sheets_is_shown_on_both() -> None:
    found = give_out([[("17", 0.99)], [("17", 0.999)], [("18", 0.99)]])
    assert [one.status for one in found] == ["contradiction", "contradiction", "ok"]
    assert all("17" in one.reason for one in found[:2])


def test_ten_thousand_sheets_take_little() -> None:
    sheets = [[(str(k), 0.9), (str((k + 1) % 10_000), 0.1)] for k in range(10_000)]
    started = time.process_time()
    found = give_out(sheets)
    assert [one.value for one in found] == [str(k) for k in range(10_000)]
    assert time.process_time() - started < 20
