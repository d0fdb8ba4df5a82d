from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tenfold.names import cell, plain, shown

HOSTILE = {
    "a\nb": r"a\nb",
    "a\r\tb": r"a\r\tb",
    "\x1b[31mred\x07": r"\x1b[31mred\x07",
    "\x9b31m": r"\xc2\x9b31m",  # one character that begins a terminal's command
    "gnp.\u202eexe": r"gnp.\xe2\x80\xaeexe",
    "line\u2028end": r"line\xe2\x80\xa8end",
    os.fsdecode(b"\xff.png"): r"\xff.png",
    "\ud800": r"\xed\xa0\x80",
    "\x7f\x00": r"\x7f\x00",
}


@pytest.mark.parametrize(("name", "written"), HOSTILE.items(), ids=HOSTILE.values())
def test_nothing_that_steers_a_terminal_is_left(name: str, written: str) -> None:
    assert plain(name) == shown(name) == written
    assert plain(written) == written
    written.encode("utf-8")
    assert len(written.splitlines()) == 1


@pytest.mark.parametrize("name", ["日本é.png", "a b.png", "woman 👩‍🔬.png", "Bild\u202f3.png", ""])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert plain(name) == shown(name) == name


def test_some_characters_may_be_kept() -> None:
    assert plain("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes on Linux alone")
def test_a_shell_turns_every_name_back() -> None:
    names = [*HOSTILE, r"a\nb", r"a\xff", "\\", "日本é.png", "%s"]
    assert len({shown(name) for name in names}) == len(names)
    for name in names:
        if "\0" not in name and name != "\ud800":  # neither is any file's name
            back = subprocess.run(
                ["/bin/bash", "-c", "printf '%b' \"$1\"", "-", shown(name)],
                capture_output=True,
                check=True,
            )
            assert back.stdout == os.fsencode(name)


@pytest.mark.parametrize(
    "text", ["=1+2", "+cmd", "-x", "@SUM(A1)", " =1", "'quoted", "＝1", "-1-2"]
)
def test_no_spreadsheet_takes_a_cell_for_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-4", "+4", "12.50", "-1,234.5", "-7%", "a=b", "", 3, "1-2"])
def test_numbers_and_other_text_stay_as_they_are(value: object) -> None:
    assert cell(value) == value


def test_a_cell_is_one_line() -> None:
    assert cell("=a\n\tb") == r"'=a\n\tb"
    assert json.loads(json.dumps(cell("\udcff"))) == r"\xff"
