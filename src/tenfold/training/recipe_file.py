"""What all recipes have in common: TOML in and out, changes, and plain words for mistakes."""

from __future__ import annotations

import difflib
import json
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError

from tenfold.errors import UsageError
from tenfold.training.recipe_sections import Section

# part of the run folder's name
Name = Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f]{1,100}$")]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Choices(Section):
    """Every choice of a training run, of whatever kind; each kind has its keys in its own order."""

    def to_toml(self) -> str:
        """Write the recipe out in full, defaults included."""
        record = self.model_dump()
        plain = {k: v for k, v in record.items() if not isinstance(v, dict)}
        lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
        for section, values in record.items():
            if isinstance(values, dict):
                lines += ["", f"[{section}]", *(f"{k} = {_toml(v)}" for k, v in values.items())]
        return "\n".join(lines) + "\n"

    def replace(self, changes: dict[str, Any]) -> Self:
        """Return a recipe with some keys changed; dotted keys reach into sections.

        Raises
        ------
        UsageError
            If a key does not exist or a value is not allowed.
        """
        record = self.model_dump()
        for key, value in changes.items():
            *sections, last = key.split(".")
            table = record
            for section in sections:
                inner = table.get(section)
                if not isinstance(inner, dict):
                    raise UsageError(self._unknown(key, "recipe"))
                table = inner
            inner = table.get(last)
            both = isinstance(inner, dict) and isinstance(value, dict)
            table[last] = inner | value if both else value
        return self.checked(record, "recipe")

    @classmethod
    def checked(cls, record: dict[str, Any], where: str) -> Self:
        """Make a recipe of a record; ``where`` names it in messages. Raises UsageError."""
        try:
            return cls.model_validate(record)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                raise UsageError(cls._unknown(key, where)) from None
            if first["type"] == "missing":
                raise UsageError(f"{where}: {key} is missing.") from None
            raise UsageError(f"{where}: {key} = {first['input']!r}: {_sentence(first)}.") from None

    @classmethod
    def known_keys(cls) -> list[str]:
        """Every key a recipe of this kind may have, dotted."""
        keys = []
        for name, value in cls.model_fields.items():
            inner = value.annotation
            if isinstance(inner, type) and issubclass(inner, Section):
                keys += [f"{name}.{key}" for key in inner.model_fields]
            else:
                keys.append(name)
        return keys

    @classmethod
    def _unknown(cls, key: str, where: str) -> str:
        known = {name: name.rpartition(".")[2] for name in cls.known_keys()}
        last = key.rpartition(".")[2]
        initials = {"".join(word[0] for word in leaf.split("_")): leaf for leaf in known.values()}
        leaf = initials.get(last, last)  # lr is meant to be learning_rate
        close = difflib.get_close_matches(leaf, known.values(), n=1, cutoff=0.7)
        meant = [name for name in known if close and known[name] == close[0]]
        every = f"Known keys: {', '.join(known)}."
        advice = f"Did you mean {' or '.join(meant)}?" if meant else every
        return f"{where}: there is no key {key!r}. {advice}"


# pydantic's words for a value of the wrong kind are those of programmers.
_WORDS = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
}


def _sentence(error: Any) -> str:
    allowed = error.get("ctx", {}).get("expected")
    if error["type"] == "literal_error":
        return f"must be one of {allowed}"
    if error["type"] in _WORDS:
        return f"must be {_WORDS[error['type']]}"
    message: str = error["msg"]
    return message[0].lower() + message[1:]


def _toml(value: object) -> str:
    # JSON and TOML write strings, numbers, booleans and flat lists alike, but for two details:
    # TOML knows no surrogate pairs, and wants the delete character escaped.
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")
