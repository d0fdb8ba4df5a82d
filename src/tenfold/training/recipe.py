"""A recipe: every choice of a training run, in one TOML file a person can read, copy and change.

Built-in recipes are files in the same format, in the folder ``recipes`` beside this module. What a
file leaves out takes the defaults below; what it misspells is refused with the names that exist.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from tenfold.errors import UsageError
from tenfold.training.sections import (
    Augment,
    Backpropagation,
    Count,
    Fraction,
    Loss,
    Network,
    Optimizer,
    Precision,
    Schedule,
    Section,
    Synthesis,
)

BUILT_IN = Path(__file__).with_name("recipes")


class Recipe(Section):
    """Every choice of a training run.

    Parameters
    ----------
    name : str
        What a person calls it.
    epochs, batch : int
        How often all pictures are seen, and how many go into one step.
    validation : float
        The share of the training part held out (stratified) to watch the run; 0 trains on all.
    precision : "float32" or "bfloat16"
        What the forward pass computes in; bfloat16 needs a processor that has it.
    channels_last : bool
        Keep pictures as height × width × channels, which convolutions like better on most CPUs.
    backpropagation : "autograd" or "by-hand"
        How gradients are found; by hand is faster for small plain networks in small batches.
    ema : float
        Decay per step of the weights' exponential moving average, which is then the result; 0: off.
    threads : int
        Cores for the loop, 0 for all; very small batches run faster on one.
    seed : int
        Decides the first weights, the order and the augmentation.

    Examples
    --------
    >>> from tenfold import Recipe
    >>> from tenfold.training.recipe import load_recipe
    >>> load_recipe("tutorial").optimizer.name
    'rmsprop'
    """

    # part of the run folder's name
    name: Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f]{1,100}$")] = "custom"
    epochs: Count = 10
    batch: Count = 64
    validation: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    precision: Precision = "float32"
    channels_last: bool = False
    backpropagation: Backpropagation = "autograd"
    ema: Fraction = 0.0
    threads: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    network: Network = Network()
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    augment: Augment = Augment()
    synthesis: Synthesis = Synthesis()

    def to_toml(self) -> str:
        """Write the recipe out in full, defaults included."""
        record = self.model_dump()
        plain = {k: v for k, v in record.items() if not isinstance(v, dict)}
        lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
        for section, values in record.items():
            if isinstance(values, dict):
                lines += ["", f"[{section}]", *(f"{k} = {_toml(v)}" for k, v in values.items())]
        return "\n".join(lines) + "\n"

    def replace(self, changes: dict[str, Any]) -> Recipe:
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
                    raise UsageError(_unknown(key, "recipe"))
                table = inner
            inner = table.get(last)
            both = isinstance(inner, dict) and isinstance(value, dict)
            table[last] = inner | value if both else value
        return _validate(record, "recipe")


def built_in_recipes() -> list[str]:
    """Names of the recipes that come with tenfold."""
    return sorted(path.stem for path in BUILT_IN.glob("*.toml"))


def built_in_path(name: str) -> Path:
    """Return the file of a built-in recipe; raises UsageError if there is none of this name."""
    if name not in built_in_recipes():
        raise UsageError(
            f"recipe {name!r} is not known. Built in: {', '.join(built_in_recipes())}; "
            "or give a .toml file."
        )
    return BUILT_IN / f"{name}.toml"


def load_recipe(recipe: str | Path) -> Recipe:
    """Load a built-in recipe by name, or one from a TOML file.

    Raises
    ------
    UsageError
        If there is no such recipe, the file is no TOML, or a key or value is not allowed.
    """
    path = Path(recipe)
    if path.suffix != ".toml":
        path = built_in_path(str(recipe))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a recipe ({_why(error)}).") from error
    return parse_recipe(text, str(path), default_name=path.stem)


def parse_recipe(text: str, where: str, default_name: str = "custom") -> Recipe:
    """Parse a recipe's TOML text; ``where`` names it in messages. Raises UsageError."""
    try:
        record = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: not a TOML file ({error}).") from error
    return _validate({"name": default_name} | record, where)


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """Turn ``key=value`` words from the command line into changes for `Recipe.replace`.

    Examples
    --------
    >>> parse_settings(["epochs=3", "loss.name=focal", "network.channels=[16, 32]"])
    {'epochs': 3, 'loss.name': 'focal', 'network.channels': [16, 32]}
    """
    changes: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {setting!r}: write it as key=value, such as epochs=3.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text.strip()  # a bare word is a string: --set loss.name=focal
        changes[key.strip()] = value
    return changes


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _validate(record: dict[str, Any], where: str) -> Recipe:
    try:
        return Recipe.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise UsageError(_unknown(key, where)) from None
        raise UsageError(f"{where}: {key} = {first['input']!r}: {_sentence(first)}.") from None


def _sentence(error: Any) -> str:
    allowed = error.get("ctx", {}).get("expected")
    if error["type"] == "literal_error":
        return f"must be one of {allowed}"
    message: str = error["msg"]
    return message[0].lower() + message[1:]


def known_keys() -> list[str]:
    """Every key a recipe may have, dotted."""
    keys = []
    for name, value in Recipe().model_dump().items():
        keys += [f"{name}.{inner}" for inner in value] if isinstance(value, dict) else [name]
    return keys


def _unknown(key: str, where: str) -> str:
    known = {name: name.rpartition(".")[2] for name in known_keys()}
    last = key.rpartition(".")[2]
    initials = {"".join(word[0] for word in leaf.split("_")): leaf for leaf in known.values()}
    leaf = initials.get(last, last)  # lr is meant to be learning_rate
    close = difflib.get_close_matches(leaf, known.values(), n=1, cutoff=0.7)
    meant = [name for name in known if close and known[name] == close[0]]
    advice = f"Did you mean {' or '.join(meant)}?" if meant else f"Known keys: {', '.join(known)}."
    return f"{where}: there is no key {key!r}. {advice}"


def _toml(value: object) -> str:
    # JSON and TOML write strings, numbers, booleans and flat lists alike, but for two details:
    # TOML knows no surrogate pairs, and wants the delete character escaped.
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")
