"""Where a search looks: for each key of a recipe a range or a choice, written as TOML.

A table with ``low`` and ``high`` is a range, of whole numbers if both are; ``log = true`` spreads
it evenly over sizes, ``step`` makes it one of steps. A list is a choice of its entries. Keys are
those of recipes, in sections or dotted; what is not named stays as the recipe has it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from tenfold.errors import UsageError
from tenfold.files import read_file
from tenfold.training.recipe import Recipe

USUAL = Path(__file__).with_suffix(".toml")
MOST = 1 << 20  # bytes of a file
FIXED = {
    "name": "names the recipe",
    "seed": "is luck, not a choice",
    "validation": "is the search's own: --validation",
}
_HOW = "Write { low = 0.001, high = 0.1, log = true }, or a list of choices."


@dataclass(frozen=True)
class Space:
    """Where a search looks.

    Parameters
    ----------
    ranges : mapping of str to optuna.distributions.BaseDistribution
        By dotted key. A choice among lists holds them as JSON text, for Optuna keeps no lists.
    """

    ranges: Mapping[str, BaseDistribution]

    def changes(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what Optuna chose as changes for `Recipe.replace`."""
        return {
            key: json.loads(value) if isinstance(value, str) and value.startswith("[") else value
            for key, value in values.items()
        }

    def start(self, base: Recipe) -> dict[str, Any]:
        """Return the recipe's own values, as far as they lie in here, as Optuna holds them."""
        found = {}
        for key, where in self.ranges.items():
            value = _kept(_value(base, key))
            inside = (
                value in where.choices
                if isinstance(where, CategoricalDistribution)
                else isinstance(where, FloatDistribution | IntDistribution)
                and where.low <= value <= where.high
                and _on_a_step(value - where.low, where.step)
            )
            if inside:
                found[key] = value
        return found


def load_space(path: str | Path | None, base: Recipe) -> Space:
    """Read a search space, the usual one for None, and try it on the recipe it is for.

    Raises
    ------
    DataError
        If the file cannot be read.
    UsageError
        If it is no TOML, or a key, a range or a choice is none that the recipe may have.
    """
    source = USUAL if path is None else Path(path)
    try:
        record = tomllib.loads(read_file(source, MOST).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{source}: not a TOML file ({error}).") from error
    ranges: dict[str, BaseDistribution] = {}
    for key, value in _leaves(record, ""):
        if key in FIXED:
            raise UsageError(f"{source}: {key} {FIXED[key]}; leave it out.")
        ranges[key] = _distribution(f"{source}: {key}", value)
        for example in _ends(ranges[key]):
            try:
                base.replace(Space({}).changes({key: example}))
            except UsageError as error:
                raise UsageError(f"{source}: {str(error).removeprefix('recipe: ')}") from None
    if not ranges:
        raise UsageError(f"{source}: names no key to search. {_HOW}")
    return Space(ranges)


def _leaves(record: dict[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in record.items():
        if isinstance(value, dict) and not value.keys() & {"low", "high"}:
            found += _leaves(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found


def _distribution(where: str, value: Any) -> BaseDistribution:
    if isinstance(value, list) and value:
        return CategoricalDistribution([_kept(each) for each in value])
    if not isinstance(value, dict):
        raise UsageError(f"{where} = {value!r}: neither a range nor a choice. {_HOW}")
    if unknown := value.keys() - {"low", "high", "log", "step"}:
        raise UsageError(f"{where}: a range has no {sorted(unknown)[0]!r}. {_HOW}")
    low, high, step = (value.get("low"), value.get("high"), value.get("step"))
    if not _is_number(low) or not _is_number(high):
        raise UsageError(f"{where}: a range needs numbers for low and high. {_HOW}")
    log, whole = value.get("log", False), all(isinstance(n, int) for n in (low, high, step or 0))
    try:
        if whole:
            return IntDistribution(int(low), int(high), log=log, step=1 if step is None else step)
        return FloatDistribution(float(low), float(high), log=log, step=step)
    except (ValueError, TypeError) as error:  # low above high, log of zero, log with step
        raise UsageError(f"{where}: {str(error).rstrip('.')}.") from None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ends(where: BaseDistribution) -> tuple[Any, ...]:
    if isinstance(where, CategoricalDistribution):
        return tuple(where.choices)
    assert isinstance(where, FloatDistribution | IntDistribution)  # noqa: S101 (made above)
    return where.low, where.high


def _on_a_step(distance: float, step: float | None) -> bool:
    return step is None or abs(distance / step - round(distance / step)) < 1e-9


def _kept(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | tuple) else value


def _value(base: Recipe, key: str) -> Any:
    found: Any = base
    for part in key.split("."):
        found = getattr(found, part)
    return found
