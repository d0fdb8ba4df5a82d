from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tenfold.errors import TenfoldError, UsageError
from tenfold.forms import Field, Template, TemplatePage, load, make

PAGE = """
title = "Marks"
[[page]]
image = "marks-1.png"
size = [210, 297]
"""
BOX = (0.62, 0.245, 0.25, 0.03)


def field(name: str, *lines: str) -> str:
    return "\n".join(
        ["[[field]]", f'name = "{name}"', "box = [0.62, 0.245, 0.25, 0.03]", *lines, ""]
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(np.full((297, 210), 255, np.uint8)).save(tmp_path / "marks-1.png")
    return tmp_path


def written(folder: Path, *fields: str, head: str = PAGE) -> Path:
    path = folder / "form.toml"
    path.write_text(head + "".join(fields))
    return path


def test_a_template_is_loaded_from_what_people_write(folder: Path) -> None:
    (folder / "class.csv").write_text("name,id\nAda,12345678\nBob,87654321\n")
    form = load(
        written(
            folder,
            field("student_id", "digits = 8", 'one_of = "class.csv"', "unique = true"),
            field("q1", "range = [0, 50]"),
            field("q2", "range = [0, 50]", "optional = true"),
            field("total", "range = [0, 100]", "decimals = 1", 'sum_of = ["q1", "q2"]'),
            field("room", 'digits = "4-6"', "comb = true", "page = 1"),
            field("yes", 'kind = "tick"', 'group = "agree"'),
            field("no", 'kind = "tick"', 'group = "agree"'),
        )
    )
    student, _, q2, total, room, yes, _ = form.on(1)
    assert (form.title, form.pages) == (
        "Marks", (TemplatePage(folder / "marks-1.png", (210, 297), False),)
    )  # fmt: skip
    assert student == Field(
        "student_id", 1, BOX, digits=(8, 8), one_of=("12345678", "87654321"),
        one_of_file="class.csv", unique=True,
    )  # fmt: skip
    assert q2.optional
    assert (total.range, total.decimals, total.sum_of) == ((0, 100), 1, ("q1", "q2"))
    assert (room.digits, room.cells) == ((4, 6), 6)
    assert (yes.kind, yes.group, yes.expect) == ("tick", "agree", None)
    assert total.expect is not None
    assert total.expect.value("87,5") == "87.5"
    assert form.on(2) == []


def test_what_is_written_is_loaded_again(folder: Path) -> None:
    (folder / "list.csv").write_text("x,y\n7,1\n8,2\n")
    form = make(
        folder / "form.toml",
        'A "quoted" form\twith\x7f',
        [TemplatePage(folder / "marks-1.png", (210.0, 297.0), True)],
        [
            Field("a", 1, (0.1234567, 0.2, 0.3, 0.05), digits=(8, 8), cells=8, checksum="luhn"),
            Field("b", 1, BOX, digits=(4, 6), cells=9, optional=True),
            Field("c", 1, BOX, range=(-2.5, 10), decimals=1),
            Field("d", 1, BOX, one_of=("10", "2,5"), unique=True),
            Field("e", 1, BOX, date="DD/MM/YYYY"),
            Field("f", 1, BOX, pattern=r"\d{2}-\d{4}"),
            Field("g", 1, BOX, sum_of=("c", "d")),
            Field("h", 1, BOX, kind="tick"),
            Field("i", 1, BOX, one_of=("7", "8"), one_of_file="list.csv:x"),
        ],
        code=4711,
    )
    again = load(form.write())
    assert again == form
    assert again.code == 4711
    assert "comb = true\n" in form.path.read_text()
    assert "box = [0.12346, 0.2, 0.3, 0.05]\n" in form.path.read_text()
    elsewhere = load(form.write(_below(folder, "other") / "form.toml"))
    assert elsewhere.version == form.version
    assert elsewhere.fields[-1].one_of_file == "../list.csv:x"
    assert elsewhere.pages[0].image.resolve() == form.pages[0].image.resolve()


def _below(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def test_the_version_is_of_all_that_matters_for_reading(folder: Path) -> None:
    page = TemplatePage(folder / "marks-1.png")
    one = Field("a", 1, BOX, digits=(8, 8))

    def version(*fields: Field, title: str = "") -> Template:
        return make(folder / "form.toml", title, [page], fields)

    form = version(one)
    assert version(one, title="new").version == form.version
    assert version(replace(one, box=(0.62, 0.245, 0.25, 0.031))).version != form.version
    assert version(one.with_values(("12345678",))).version != form.version
    assert version(replace(one, digits=(8, 9))).code == form.code
    Image.fromarray(np.zeros((297, 210), np.uint8)).save(folder / "marks-1.png")
    assert version(one).version != form.version


def test_a_sum_over_two_pages_is_refused(folder: Path) -> None:
    pages = [TemplatePage(folder / "marks-1.png"), TemplatePage(folder / "marks-1.png")]
    part, whole = Field("q1", 1, BOX), Field("total", 2, BOX, sum_of=("q1",))
    said = "'total': sum_of names 'q1', which is on page 1, and this is on page 2; a sum and its"
    with pytest.raises(UsageError, match=said):
        make(folder / "form.toml", "", pages, [part, whole])
    make(folder / "form.toml", "", pages, [replace(part, page=2), whole])


A, B = field("a", "range = [0, 10]"), field("b", "range = [0, 10]")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ((field("a", "digit = 8"),), "field 'a': there is no key 'digit'. Did you mean digits?"),
        ((field("a", 'digits = "many"'),), "field 'a': digits = 'many': give a number, or"),
        ((field("a", "range = [0]"),), "field 'a': range = [0]: list should have at least 2"),
        ((field("a", 'unique = "yes"'),), "field 'a': unique = 'yes': input should be a valid bo"),
        ((field("a", 'kind = "box"'),), "field 'a': kind = 'box': must be one of"),
        ((field("a", "digits = 8", "range = [0, 100]"),), "field 'a': digits 8 and range 0..100"),
        ((field("a", "digits = 2", 'one_of = ["12", "123"]'),), "field 'a': one_of has '123'"),
        ((field("a", "digits = 2", 'one_of = "no.csv"'),), "field 'a': one_of: "),
        ((A, field("t", 'sum_of = ["a", "z"]')), "field 't': sum_of names 'z'"),
        ((field("a", 'sum_of = ["b"]'), field("b", 'sum_of = ["a"]')), "in a circle (a → b → a)"),
        ((A, field("t", 'sum_of = ["a", "a"]')), "field 't': sum_of names a field twice"),
        ((A, B, field("t", "range = [21, 30]", 'sum_of = ["a", "b"]')), "field 't': the sum of"),
        ((field("a", "range = [9, 1]"),), "field 'a': range 9..1 is empty"),
        ((A, A), "field 'a': there are 2 fields of this name"),
        ((field("a", "page = 2"),), "field 'a': page 2: the form has pages 1 to 1"),
        ((A.replace("0.62", "0.8"),), "field 'a': box [0.8, 0.245, 0.25, 0.03] reaches beyond"),
        ((A.replace("0.62", "1.2"),), "field 'a': box = 1.2: input should be less than or equal"),
        ((A.replace("0.03", "0"),), "field 'a': box [0.62, 0.245, 0.25, 0.0]: width and height"),
        ((field("a", "digits = 4", "pattern = '\\d{3}'"),), "field 'a': digits 4 and pattern"),
        ((field("a", "pattern = '[a-z]'"),), "field 'a': pattern '[a-z]': 'a' at 2 cannot be"),
        ((field("a", 'kind = "tick"', 'group = "g"'),), "field 'a': group 'g' has this tick alone"),
        ((field("a", 'kind = "tick"', "digits = 2"),), "field 'a': digits is for numbers"),
        ((field("a", 'group = "g"'),), "field 'a': group is for ticks"),
        ((field("a", 'date = "DD/MM/YY"', "digits = 6"),), "field 'a': date DD/MM/YY says all"),
        ((field("a", 'date = "day"'),), "field 'a': 'day' is no format of dates"),
        ((field("a", 'checksum = "crc"'),), "field 'a': checksum 'crc' is not known"),
        ((field("a", "comb = true"),), "field 'a': comb = true needs digits"),
        ((field("a", "comb = 3", "digits = 4"),), "field 'a': comb of 3 cells has no room for 4"),
        ((field("a\\n"),), "field 'a\\n': name = 'a\\n': string should match"),
        (("[[field]]\nname = 'a'\n",), "field 'a': box is missing."),
        (("[[fields]]\n",), "there is no [[field]]"),
        ((A, "code = 70000\n[x]\n"), "field 'a': there is no key 'code'"),
        ((A, "["), "is no TOML: "),
    ],
)
def test_each_slip_is_one_sentence_that_names_the_field(
    folder: Path, toml: tuple[str, ...], said: str
) -> None:
    path = written(folder, *toml)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value).replace("\\\\", "\\")
    assert str(caught.value)[-1] in ".?"


def test_pages_are_checked_too(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no \[\[page\]\]"):
        load(written(folder, A, head=""))
    missing = PAGE.replace("marks-1.png", "gone.png")
    with pytest.raises(TenfoldError, match=r"gone\.png: no such file"):
        load(written(folder, A, head=missing))
    with pytest.raises(UsageError, match="page 1: size"):
        load(written(folder, A, head=PAGE.replace("210", "-1")))
    with pytest.raises(TenfoldError, match="no such file"):
        load(folder / "other.toml")
    (folder / "form.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        load(folder / "form.toml")


def test_a_missing_library_is_said_with_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(folder, A)
    monkeypatch.delitem(sys.modules, "tenfold.forms.schema", raising=False)
    monkeypatch.setitem(sys.modules, "pydantic", None)
    with pytest.raises(UsageError, match=r"pip install '(tenfold|\.)\[forms\]'"):
        load(path)
