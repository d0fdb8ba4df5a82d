"""Write a template as TOML that people like to read: defaults left out, a key a line."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tenfold.forms.template import Field, Template, rounded


def toml_of(template: Template, path: Path) -> str:
    """Return the TOML of a template whose file will have this path."""
    lines = [
        "# A form for tenfold. A box is left, top, width, height as shares of the page.",
        f"title = {_toml(template.title)}",
        f"code = {template.code}",
    ]
    for page in template.pages:
        table = {"image": _from(path, page.image), "size": page.size, "marks": page.marks}
        lines += ["", "[[page]]", *_lines(table)]
    for table in tables_of(template, path):
        lines += ["", "[[field]]", *_lines(table)]
    return "\n".join(lines) + "\n"


def tables_of(template: Template, path: Path) -> list[dict[str, Any]]:
    """Return the fields of a template whose file will have this path, as tables of TOML."""
    tables = []
    for field in template.fields:
        table = _table(field)
        if field.one_of_file is not None:
            table["one_of"] = _from(path, template.path.parent / field.one_of_file)
        tables.append(table)
    return tables


def _from(path: Path, other: Path) -> str:
    """Name a file as seen from the folder of the TOML file."""
    return Path(os.path.relpath(other.absolute(), path.parent.absolute())).as_posix()


def _table(field: Field) -> dict[str, Any]:
    """Return a field's keys and values as the TOML file has them; defaults are left out."""
    digits = field.digits
    defaults = asdict(Field(field.name, 0, field.box))
    table = {key: value for key, value in asdict(field).items() if value != defaults[key]}
    if digits is not None:
        table["digits"] = digits[0] if digits[0] == digits[1] else f"{digits[0]}-{digits[1]}"
    if field.cells is not None:
        table["comb"] = True if digits and field.cells == digits[1] else field.cells
    table |= {"name": field.name, "box": rounded(field.box)}
    order = ("name", "page", "box", "kind", "digits", "comb")
    rest = [key for key in table if key not in (*order, "cells", "one_of_file")]
    return {key: table[key] for key in (*order, *rest) if key in table}


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in table.items() if value is not None]


def _toml(value: object) -> str:
    """Write a value in one line; JSON and TOML write strings, numbers and flat lists alike."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    # But for two details: TOML knows no surrogate pairs, and wants the delete character escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
