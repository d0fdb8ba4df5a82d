"""The review in a real browser: by keys alone, reloaded, in two windows, with the server killed."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from tests.browser import DESKTOP, PHONE, is_sound
from tests.server.window import Window

from tenfold.forms.results import Results

if TYPE_CHECKING:
    from tests.server.conftest import Server
    from tests.stacks import Stack

    StartReview = Callable[..., Server]


def _entries(folder: Path) -> dict[int, dict[str, tuple[str | None, str]]]:
    with Results.open(folder) as results:
        return {
            sheet.pages[0]: {n: (e.value, e.status) for n, e in sheet.entries.items()}
            for sheet in results.sheets()
        }


def test_fifty_fields_by_keys_alone_and_a_reload_in_the_middle(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    folder = tmp_path / "results"
    stack.fill(folder, 60, doubtful=50).close()
    window = look(start_review(folder, "--reviewer", "Ada"))
    window.says("0 of 50")
    blank = skipped = ("", 0)
    for number in range(50):
        window.until(lambda: window.shown[1])
        name, sheet = window.shown
        truth = stack.truth(sheet)[name]
        assert truth is not None
        if number == 3:
            skipped = (name, sheet)
            window.press(Keys.TAB)
            window.leaves(skipped)
            continue
        if number == 5:
            blank = (name, sheet)
            window.press("b")
        elif number == 7:  # a slip, taken back
            window.press(*"99999", Keys.ENTER)
            window.leaves((name, sheet))
            window.press("u")
            window.comes_to((name, sheet))
            window.press("r", Keys.ENTER)
        elif number % 2:
            window.press("r")
            assert window.value == truth
            window.press(Keys.ENTER)
        else:
            window.press(*truth, Keys.ENTER)  # digits take the place of what was read
        window.says(f"{number + (number < 3)} of 50")
        if number == 25:
            shown = window.shown
            window.browser.refresh()
            # What was skipped before comes first again.
            window.comes_to(skipped)
            window.says("25 of 50")
            window.press(Keys.TAB)
            window.comes_to(shown)
    window.shows("rest")
    assert window["rest-name"].text == "1 item skipped."
    window.press(Keys.ENTER)
    window.comes_to(skipped)
    window.press("r", Keys.ENTER)
    window.says("50 of 50")
    window.until(lambda: window["rest-name"].text == "Done.")
    assert "A person saw 50 fields of 300 (16.7 %), and changed 50." in window["rest"].text
    assert "1.2 errors are to be expected" in window["rest"].text  # 250 · 0.005
    for sheet, entries in _entries(folder).items():
        for name, (value, _) in entries.items():
            expected = None if (name, sheet) == blank else stack.truth(sheet)[name]
            assert value == expected, (name, sheet)
    assert window.told() == []
    with Results.open(folder) as results:
        who = results.database.rows("SELECT DISTINCT reviewer FROM decision")
    assert [row["reviewer"] for row in who] == ["Ada"]


def test_what_is_typed_ahead_is_not_lost(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    stack.fill(tmp_path / "results", 12, doubtful=12).close()
    window = look(start_review(tmp_path / "results"))
    window.says("0 of 12")
    window.press(*["r", Keys.ENTER] * 12)
    window.until(lambda: window["rest-name"].text == "Done.")
    for sheet, entries in _entries(tmp_path / "results").items():
        assert {name: value for name, (value, _) in entries.items()} == stack.truth(sheet)


def test_two_windows_share_the_work_and_settle_conflicts(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    folder = tmp_path / "results"
    stack.fill(folder, 30, doubtful=30).close()
    leased = start_review(folder, "--reviewer", "Ada")
    first, second = look(leased), look(leased)
    second.says("0 of 30")
    theirs = second.shown
    mine = first.front().shown
    assert mine != theirs  # twenty are leased to the first
    first.browser.close()
    second.front().press(*["r", Keys.ENTER] * 10)
    second.until(lambda: second.shown == mine)  # what a closed window had is free again
    second.says("10 of 30")
    second.browser.close()
    leased.stop()

    # Without leases both look at the same field.
    free = start_review(folder, "--lease", "0", "--reviewer", "Ada")
    first, second = look(free), look(free)
    second["who"].click()
    second["reviewer"].clear()
    second["reviewer"].send_keys("Grace", Keys.ENTER)
    second.until(lambda: second["who"].text == "Grace")
    second.says("10 of 30")
    name, sheet = second.shown
    assert name
    assert first.front().shown == (name, sheet)
    first.press("r", Keys.ENTER)
    first.says("11 of 30")
    following = first.shown
    second.front().press("4", "4", Keys.ENTER)
    second.shows("settle")
    said = second["settled"].text
    truth = stack.truth(sheet)[name]
    assert re.fullmatch(rf"Ada said {truth} \d+ seconds ago\. You said 44\.", said)
    assert _entries(folder)[sheet][name] == (truth, "decided")
    second.press(Keys.ENTER)  # keep hers
    second.until(lambda: second.shown == following)
    assert _entries(folder)[sheet][name] == (truth, "decided")

    first.front().press("1", "1", "1", "1", "1", Keys.ENTER)
    first.says("12 of 30")
    second.front().press("r", Keys.ENTER)
    second.shows("settle")
    second.press("m")  # take mine
    second.until(lambda: second.shown != following)
    name, sheet = following
    assert _entries(folder)[sheet][name] == (stack.truth(sheet)[name], "decided")
    with Results.open(folder) as results:
        log = results.database.rows("SELECT value, reviewer, replaces FROM decision ORDER BY id")
    assert [tuple(row) for row in log][11:] == [
        ("11111", "Ada", None), (stack.truth(sheet)[name], "Grace", 12),
    ]  # fmt: skip


def test_a_server_that_was_killed_is_waited_for(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    folder = tmp_path / "results"
    stack.fill(folder, 6, doubtful=6).close()
    server = start_review(folder)
    window = look(server)
    window.says("0 of 6")
    name, sheet = window.shown
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    window.press("r", Keys.ENTER)
    window.shows("gone")
    assert "is saved" not in window["gone"].text
    assert "does not answer" in window["gone"].text
    window.press("8", "8", Keys.ENTER, "b")  # into the void
    assert window.shown == (name, sheet)
    start_review(folder, port=server.address[1])
    window.says("1 of 6")
    window.until(lambda: not window["gone"].is_displayed())
    assert window.shown != (name, sheet)
    assert _entries(folder)[sheet][name] == (stack.truth(sheet)[name], "decided")
    window.press(*["r", Keys.ENTER] * 5)
    window.until(lambda: window["rest-name"].text == "Done.")


def test_a_page_that_was_not_aligned_is_entered_or_left_out(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    folder = tmp_path / "results"
    stack.fill(folder, 1, lost=2).close()
    window = look(start_review(folder))
    window.shows("page")
    assert window["page-why"].text == "It matches no page of the template."
    wide = "return document.getElementById('page-picture').naturalWidth"
    window.until(lambda: window.script(wide) == 500)
    window.press(
        *("12345", Keys.ENTER, "7", Keys.ENTER, Keys.ENTER, "7.0", Keys.ENTER, "x", Keys.ENTER)
    )
    window.until(lambda: window["page-from"].text.endswith("page 3"))
    entered = {name: value for name, (value, _) in _entries(folder)[2].items()}
    assert entered == {
        "student_id": "12345", "q1": "7", "q2": None, "total": "7.0", "absent": "x",
    }  # fmt: skip
    window.press("x")
    window.until(lambda: window["rest-name"].text == "Done.")
    assert set(_entries(folder)) == {1, 2}
    window.press("u")
    window.until(lambda: window["page-from"].text.endswith("page 3"))
    window.shows("page")
    assert set(_entries(folder)) == {1, 2, 3}


def test_the_whole_sheet_is_a_key_away(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    folder = tmp_path / "results"
    stack.fill(folder, 2, doubtful=2).close()
    window = look(start_review(folder))
    window.says("0 of 2")
    name, sheet = window.shown
    window.press("s")
    window.shows("sheet-box")
    frame, box = (window[each].rect for each in ("sheet-frame", "sheet-box"))
    field = next(field for field in stack.form.fields if field.name == name)
    assert (box["x"] - frame["x"]) / frame["width"] == pytest.approx(field.box[0], abs=0.01)
    assert box["width"] / frame["width"] == pytest.approx(field.box[2], abs=0.02)
    window.press("s")
    window.until(lambda: not window["sheet-view"].is_displayed())
    assert window.shown == (name, sheet)
    assert window.script("return document.activeElement.id") == "value"
    window.press("s")
    window.shows("sheet-box")
    window.press("x")
    window.until(lambda: window.shown != (name, sheet))
    assert set(_entries(folder)) == {1, 2} - {sheet}


def test_a_value_that_stands_elsewhere_is_asked_about(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    stack.fill(tmp_path / "results", 5, doubtful=2).close()
    window = look(start_review(tmp_path / "results"))
    window.says("0 of 2")
    name, sheet = window.shown
    assert name == "student_id"
    window.press(*"00005", Keys.ENTER)
    window.shows("settle")
    assert "00005 is also on scans/stack.pdf, page 5" in window["settled"].text
    window.press(Keys.ENTER)
    window.says("1 of 2")
    assert _entries(tmp_path / "results")[sheet][name] == ("00005", "decided")


def test_ticks_are_ticked_with_their_key(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    with stack.fill(tmp_path / "results", 0) as results:
        for number in (1, 2, 3):
            results.add(stack.sheet(number, "absent"))
    window = look(start_review(tmp_path / "results"))
    window.says("0 of 3")
    assert window["words"].text == "x if ticked, else blank"
    window.press("x", Keys.ENTER)
    window.says("1 of 3")
    window.press("r", Keys.ENTER)  # what was read turned over
    window.says("2 of 3")
    window.press("b")
    window.says("3 of 3")
    found = [entries["absent"] for entries in _entries(tmp_path / "results").values()]
    assert found == [("x", "decided"), (None, "decided"), (None, "decided")]


def test_an_audit_tells_its_rate(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    stack.fill(tmp_path / "results", 100, doubtful=1).close()
    window = look(start_review(tmp_path / "results", "--audit", "4%"))
    window.until(lambda: window.far.startswith("0 of "))
    count = int(window.far.rpartition(" ")[2])
    assert 5 < count < 30
    window.press(*["r", Keys.ENTER] * count)
    window.until(lambda: window["rest-name"].text == "Done.")
    assert f"Audit: 0 of {count - 1} sure fields were wrong, 0 %" in window["rest"].text


def test_it_fits_and_stands_out(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    stack.fill(tmp_path / "results", 3, doubtful=2, lost=1).close()
    server = start_review(tmp_path / "results", "--lease", "0")
    for size, scheme in ((DESKTOP, "light"), (PHONE, "light"), (PHONE, "dark")):
        window = look(server, size, scheme)
        for section in ("item", "item", "page", "rest"):
            window.says("0 of 3")
            window.shows(section)
            is_sound(window, size, scheme)
            window.press(Keys.TAB)


def test_no_key_traps_the_focus(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    stack.fill(tmp_path / "results", 3, doubtful=2).close()
    window = look(start_review(tmp_path / "results"))
    window.says("0 of 2")
    shown = window.shown
    window.until(lambda: window.script("return document.activeElement.id") == "value")
    keys = webdriver.ActionChains(window.browser, duration=0)
    keys.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    assert window.script("return document.activeElement.id") == "who"
    window.press(Keys.TAB)
    assert window.script("return document.activeElement.id") == "value"
    window["accept"].click()
    window.until(lambda: window.shown != shown)


def test_a_token_is_asked_for(
    stack: Stack, tmp_path: Path, start_review: StartReview, look: Callable[..., Window]
) -> None:
    stack.fill(tmp_path / "results", 2, doubtful=1, lost=1).close()
    window = look(start_review(tmp_path / "results", TENFOLD_TOKEN="sesame"))  # noqa: S106
    window.shows("asks")
    window["token"].send_keys("open", Keys.ENTER)
    window.until(lambda: window["asked"].text == "The server did not take that token.")
    window["token"].send_keys("sesame", Keys.ENTER)
    window.says("0 of 2")
    window.press("r", Keys.ENTER)
    window.shows("page")
    wide = "return document.getElementById('page-picture').naturalWidth"
    window.until(lambda: window.script(wide) == 500)
