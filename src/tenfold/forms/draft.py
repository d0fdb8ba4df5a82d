"""A template that is being edited: its fields as the tables that its TOML file has or will have.

What is wrong with it is said field by field and does no harm; it is saved whole or not at all.
Comments that people wrote into the file stay where they are, and so does every line of a field that
was not changed.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from tenfold.errors import UsageError
from tenfold.files import read_file, write_whole
from tenfold.forms.checks import RENAME, FieldError, complaints
from tenfold.forms.schema import FieldTable, field_of, head_of, slips_in
from tenfold.forms.template import MOST_BYTES, Field, Template, TemplatePage, make, rounded
from tenfold.forms.toml import toml_of

Table = dict[str, Any]
HALF, BOTH = "range = None", "range needs both ends, the least value and the largest."


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a form that is being edited.

    Parameters
    ----------
    field : int or None
        Place of the field in the list; None where it concerns all.
    key : str
        The key of its table, where it is known.
    text : str
        One sentence.
    """

    field: int | None
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Edited:
    """A field as somebody has changed it.

    Parameters
    ----------
    table : dict
        As its table in the TOML file.
    origin : int or None
        Place of the table in the file that it came from; None for a new field.
    """

    table: Table
    origin: int | None = None


class WrongFormError(UsageError):
    """A form that cannot be saved or read as it stands; `problems` say why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].text)
        self.problems = tuple(problems)


class ChangedError(UsageError):
    """The file was changed by somebody else in the meantime."""


class Draft:
    """A template in the making.

    Parameters
    ----------
    path : Path
        Its TOML file, which need not exist.
    title : str
    pages : sequence of TemplatePage
        Their images do.
    tables : sequence of dict
        The fields.
    code : int, optional

    Attributes
    ----------
    digest : str
        Of the file as it was read or written last; empty where there is none.
    """

    def __init__(
        self,
        path: Path,
        title: str,
        pages: Sequence[TemplatePage],
        tables: Sequence[Table] = (),
        code: int | None = None,
    ) -> None:
        self.path, self.title, self.code = path, title, code
        self.pages = tuple(pages)
        self.tables = [dict(table) for table in tables]
        self.digest = ""

    @classmethod
    def open(cls, path: str | Path) -> Draft:
        """Open a TOML file; its fields may contradict each other.

        Raises
        ------
        UsageError
            If it is no TOML, or has keys that there are none of or values of a wrong kind.
        DataError
            If it cannot be read.
        """
        path = Path(path)
        content = read_file(path, MOST_BYTES)
        try:
            record = tomllib.loads(content.decode("utf-8-sig"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{path}: is no TOML: {error}. Mend that line.") from None
        title, code, pages = head_of(record, path)
        tables = record.get("field", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise UsageError(f"{path}: field must be tables: write [[field]] above each.")
        for number, table in enumerate(tables, 1):
            for _, slip in slips_in(table):
                raise UsageError(f"{path}: field {table.get('name', number)!r}: {slip}")
        draft = cls(path, title, pages, tables, code)
        draft.digest = _digest(content)
        return draft

    def reload(self) -> None:
        """Take the file as it is now, if there is one; raises as `open`."""
        if self.path.exists():
            now = Draft.open(self.path)
            self.title, self.code, self.pages = now.title, now.code, now.pages
            self.tables, self.digest = now.tables, now.digest

    def problems(self, fields: Sequence[Edited]) -> list[Problem]:
        """Return all that is wrong with the form if it had these fields."""
        return self._checked(fields)[1]

    def template(self, fields: Sequence[Edited], title: str = "") -> Template:
        """Return the form with these fields.

        Raises
        ------
        WrongFormError
            If something is wrong with it.
        """
        found, problems = self._checked(fields)
        if problems:
            raise WrongFormError(problems)
        return make(self.path, title or self.title, self.pages, found, self.code)

    def save(
        self, fields: Sequence[Edited], title: str, digest: str, *, insist: bool = False
    ) -> None:
        """Write the file, whole or not at all.

        Parameters
        ----------
        fields : sequence of Edited
        title : str
        digest : str
            Of the file that was edited.
        insist : bool
            Whether to write over what somebody else has changed in the meantime.

        Raises
        ------
        WrongFormError
            If something is wrong with it; nothing is written then.
        ChangedError
            If the file is another one by now.
        TenfoldError
            If it cannot be written.
        """
        template = self.template(fields, title)
        content = read_file(self.path, MOST_BYTES) if self.path.exists() else b""
        if not insist and _digest(content) != digest:
            raise ChangedError(
                f"{self.path.name} was changed by somebody else since it was opened here."
            )
        wanted = [_in_order(field.table) for field in fields]
        origins = [field.origin if _digest(content) == digest else None for field in fields]
        text = _merged(content, title, wanted, origins) or toml_of(template, self.path)
        write_whole(self.path, text)
        self.title, self.tables, self.digest = title, wanted, _digest(text.encode())

    def _checked(self, fields: Sequence[Edited]) -> tuple[list[Field], list[Problem]]:
        if not fields:
            return [], [Problem(None, "", "A form has one field at least: draw one.")]
        found: dict[int, Field] = {}
        problems = []
        for place, field in enumerate(fields):
            slips = slips_in(field.table)
            problems += [
                Problem(place, key, BOTH if key == "range" and slip.startswith(HALF) else slip)
                for key, slip in slips
            ]
            if not slips:
                try:
                    found[place] = field_of(
                        FieldTable.model_validate(field.table), self.path.parent
                    )
                except FieldError as error:
                    problems.append(Problem(place, "", error.what))
        places: dict[str, list[int]] = {}
        for place, one in found.items():
            places.setdefault(one.name, []).append(place)
        for complaint in complaints(list(found.values()), len(self.pages)):
            own = places[complaint.name]
            if complaint.what.endswith(RENAME):  # said of each of them in turn
                own.append(own.pop(0))
            problems.append(Problem(own[-1], "", complaint.what))
        whole = len(found) == len(fields)
        return list(found.values()) if whole else [], problems


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if content else ""


_ORDER = tuple(FieldTable.model_fields)


def _in_order(table: Table) -> Table:
    """Return a table with its keys in the order of the documentation, its box rounded."""
    box = table["box"]
    whole = table | {"box": list(rounded((box[0], box[1], box[2], box[3])))}
    return {key: whole[key] for key in _ORDER if key in whole}


def _merged(
    content: bytes, title: str, tables: Sequence[Table], origins: Sequence[int | None]
) -> str | None:
    """Return the file with its fields changed and all else left alone; None if that cannot be."""
    if not content:
        return None
    try:
        document = tomlkit.parse(content.decode("utf-8-sig"))
        old = document["field"]
        if not isinstance(old, AoT):
            return None
        if title != document.get("title", ""):
            document["title"] = title
        kept = [tomlkit.table() if origin is None else old[origin] for origin in origins]
        new = AoT([], parsed=True)  # or it would part even the tables that lie as they lay
        for place, (one, table) in enumerate(zip(kept, tables, strict=True)):
            before = one.unwrap()
            for key in before.keys() - table.keys():
                one.remove(key)
            for key, value in table.items():
                if key not in before or not _same(before[key], value):
                    one[key] = value
            before_it, own = (origins[place - 1] if place else None), origins[place]
            follows = before_it is not None and own == before_it + 1
            if place and not follows and not new[-1].as_string().endswith("\n\n"):
                one.trivia.indent = "\n"
            new.append(one)
        document["field"] = new
        text = tomlkit.dumps(document)
        again = tomllib.loads(text)
    except (TOMLKitError, tomllib.TOMLDecodeError, LookupError, TypeError, ValueError):
        return None
    right = again.get("field") == list(tables) and again.get("title", "") == title
    return text if right else None


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)
