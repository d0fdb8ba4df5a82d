from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenfold.errors import DataError, TenfoldError, UsageError
from tenfold.forms import TemplatePage, load
from tenfold.forms.draft import ChangedError, Draft, Edited, Problem, WrongFormError

FORM = """\
# drawn by Ada
title = "Marks"
[[page]]
image = "marks-1.png"  # scanned on Monday

# the student
[[field]]
name = "id"
box = [0.1, 0.1, 0.2, 0.05]
digits = 8   # as on the card

[[field]]
name = "q1"
box = [0.1, 0.3, 0.1, 0.05]
range = [0, 10]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Image.fromarray(np.full((297, 210), 255, np.uint8)).save(tmp_path / "marks-1.png")
    path = tmp_path / "form.toml"
    path.write_text(FORM)
    return path


def edited(draft: Draft) -> list[Edited]:
    return [Edited(dict(table), place) for place, table in enumerate(draft.tables)]


def test_saving_what_was_not_changed_changes_no_byte(path: Path) -> None:
    draft = Draft.open(path)
    draft.save(edited(draft), draft.title, draft.digest)
    assert path.read_text() == FORM


def test_comments_and_what_was_not_touched_stay(path: Path) -> None:
    draft = Draft.open(path)
    fields = edited(draft)
    fields[1].table["range"] = [0, 20]
    new: dict[str, Any] = {
        "unique": True,
        "box": [0.1234567, 0.5, 0.1, 0.05],
        "page": 1,
        "name": "q2",
    }
    draft.save([*fields, Edited(new)], 'The "marks"', draft.digest)
    text = path.read_text()
    for kept in ("# drawn by Ada", "# scanned on Monday", "# the student", "8   # as on the card"):
        assert kept in text
    assert text.endswith(
        '[[field]]\nname = "q2"\npage = 1\nbox = [0.12346, 0.5, 0.1, 0.05]\nunique = true\n'
    )
    assert load(path).title == 'The "marks"'
    assert [field.name for field in load(path).fields] == ["id", "q1", "q2"]
    assert [field.range for field in load(path).fields] == [None, (0, 20), None]
    # And once more, from what lies there now.
    fields = edited(draft)
    del fields[0].table["digits"]
    draft.save([fields[2], fields[0]], 'The "marks"', draft.digest)
    assert [field.name for field in load(path).fields] == ["q2", "id"]
    assert [field.digits for field in load(path).fields] == [None, None]
    assert "# drawn by Ada" in path.read_text()


def test_a_file_that_cannot_be_changed_in_place_is_written_anew(path: Path) -> None:
    table = '{ name = "id", box = [0.1, 0.1, 0.2, 0.05] }'
    path.write_text(
        FORM.split("\n# the student")[0].replace("[[page]]", f"field = [{table}]\n[[page]]")
    )
    draft = Draft.open(path)
    fields = edited(draft)
    fields[0].table["name"] = "student"
    draft.save(fields, draft.title, draft.digest)
    assert load(path).fields[0].name == "student"


def test_a_form_without_a_file_gets_one_at_its_first_save(path: Path) -> None:
    other = path.with_name("new.toml")
    draft = Draft(other, "New", [TemplatePage(path.with_name("marks-1.png"), (210.0, 297.0))])
    assert draft.problems([]) == [Problem(None, "", "A form has one field at least: draw one.")]
    with pytest.raises(WrongFormError):
        draft.save([], "New", draft.digest)
    assert not other.exists()
    one = Edited({"name": "a", "page": 1, "box": [0.1, 0.1, 0.2, 0.05], "digits": "4-6"})
    draft.save([one], "New", draft.digest)
    assert load(other).fields[0].digits == (4, 6)
    draft.save(edited(draft), "Newer", draft.digest)
    assert tomllib.loads(other.read_text())["title"] == "Newer"


def test_all_that_is_wrong_is_said_of_its_field(path: Path) -> None:
    box = [0.1, 0.1, 0.2, 0.05]
    tables: list[dict[str, Any]] = [
        {"name": "a", "box": box, "digits": 3, "range": [0, 5]},
        {"name": "a", "box": [0.9, 0.1, 0.2, 0.05]},
        {"name": "", "box": box, "decimals": "two"},
        {"name": "t", "box": box, "one_of": "none.csv"},
        {"name": "u", "box": box, "digits": "many"},
        {"name": "ok", "box": box, "range": [None, 5]},
    ]
    found = Draft.open(path).problems([Edited(table) for table in tables])
    said = [(problem.field, problem.key, problem.text) for problem in found]
    assert [(place, key) for place, key, _ in said] == [
        (2, "name"), (2, "decimals"), (3, ""), (4, ""), (5, "range"),
        (0, ""), (0, ""), (1, ""), (1, ""),
    ]  # fmt: skip
    assert said[2][2].startswith("one_of: ")
    assert said[3][2] == "digits = 'many': give a number, or \"4-6\"."
    assert said[4][2] == "range needs both ends, the least value and the largest."
    assert said[5][2] == said[7][2] == "there are 2 fields of this name; rename one."
    assert said[6][2].startswith("digits 3 and range 0..5")
    assert said[8][2].startswith("box [0.9, 0.1, 0.2, 0.05] reaches beyond the page")


def test_what_fields_say_together_is_checked_when_each_is_right(path: Path) -> None:
    draft = Draft.open(path)
    fields = edited(draft)
    fields[0].table["sum_of"] = ["q9"]
    (problem,) = draft.problems(fields)
    assert (problem.field, problem.text) == (0, "sum_of names 'q9', and there is no such field.")
    with pytest.raises(WrongFormError, match="q9"):
        draft.save(fields, draft.title, draft.digest)
    assert path.read_text() == FORM


def test_what_somebody_else_has_changed_is_not_overwritten(path: Path) -> None:
    draft = Draft.open(path)
    path.write_text(FORM.replace("digits = 8", "digits = 7"))
    fields = edited(draft)
    fields[1].table["range"] = [0, 30]
    with pytest.raises(ChangedError, match=r"form\.toml was changed"):
        draft.save(fields, draft.title, draft.digest)
    assert load(path).fields[0].digits == (7, 7)
    draft.save(fields, draft.title, draft.digest, insist=True)
    assert [field.digits for field in load(path).fields] == [(8, 8), None]
    assert load(path).fields[1].range == (0, 30)


def test_a_folder_that_cannot_be_written_leaves_the_file_alone(path: Path) -> None:
    draft = Draft.open(path)
    draft.path = path.parent / "gone" / "form.toml"
    with pytest.raises(TenfoldError, match="cannot be written"):
        draft.save(edited(draft), draft.title, "")
    assert path.read_text() == FORM


def test_only_slips_of_constraints_can_be_opened(path: Path) -> None:
    path.write_text(FORM.replace("digits = 8", "digits = 8\nrange = [0, 5]"))
    assert len(Draft.open(path).problems(edited(Draft.open(path)))) == 1
    path.write_text(FORM.replace("digits", "digit"))
    with pytest.raises(UsageError, match=r"field 'id': there is no key 'digit'\. Did you mean dig"):
        Draft.open(path)
    path.write_text("[")
    with pytest.raises(UsageError, match="is no TOML"):
        Draft.open(path)
    with pytest.raises(DataError, match="no such file"):
        Draft.open(path.with_name("none.toml"))
