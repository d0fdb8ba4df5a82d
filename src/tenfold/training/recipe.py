"""A recipe: every choice of a training run, in one TOML file a person can read, copy and change.

Built-in recipes are files in the same format, in the folder ``recipes`` beside this module. What a
file leaves out takes the defaults below; what it misspells is refused with the names that exist.
"""

from __future__ import annotations

import tomllib
import warnings
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from tenfold.errors import OldFormatWarning, UsageError
from tenfold.files import kind_of
from tenfold.training.pages.recipe import PagesRecipe
from tenfold.training.recipe_file import Choices, Name, Seed
from tenfold.training.recipe_sections import (
    Augment,
    Count,
    Fraction,
    Loss,
    Network,
    Optimizer,
    Precision,
    Schedule,
    Synthesis,
)

BUILT_IN = Path(__file__).with_name("recipes")
MOST = 1 << 20  # bytes of a recipe


class Recipe(Choices):
    """Every choice of a training run.

    Parameters
    ----------
    name : str
        What a person calls it.
    epochs, batch : int
        How often all pictures are seen, and how many go into one step.
    validation : float
        The share of the training set held out (stratified) to watch the run; 0 trains on all.
    folds : int
        Into how many parts the training set is cut for cross-fitting: each is judged by a network
        trained on the others, and the one that is kept learns from all; 0: off.
    precision : "float32" or "bfloat16"
        What the forward pass computes in; bfloat16 needs a processor that has it.
    channels_last : bool
        Keep pictures as height × width × channels, which convolutions like better on most CPUs.
    fast_path : bool
        Find gradients without autograd, to the same numbers: for the plain networks ``tutorial``,
        ``mlp`` and ``linear``, faster in batches of ten. Needs float32 and a processor.
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

    name: Name = "custom"
    epochs: Count = 10
    batch: Count = 64
    validation: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    folds: Annotated[int, Field(ge=0, le=20)] = 0
    precision: Precision = "float32"
    channels_last: bool = False
    fast_path: bool = False
    ema: Fraction = 0.0
    threads: Annotated[int, Field(ge=0)] = 0
    seed: Seed = 0
    network: Network = Network()
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    augment: Augment = Augment()
    synthesis: Synthesis = Synthesis()

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, record: Any) -> Any:
        """Take a key by its name of before, and say what it is called now."""
        if isinstance(record, dict) and record.get("backpropagation") in ("autograd", "by-hand"):
            fast = record["backpropagation"] == "by-hand"
            record = {k: v for k, v in record.items() if k != "backpropagation"}
            record["fast_path"] = fast
            hint = f"backpropagation is called fast_path now: fast_path = {str(fast).lower()}"
            hint += "; the old name goes with the next release."
            warnings.warn(hint, OldFormatWarning, stacklevel=2)
        return record


# What a file may hold: a network on a data set, or one of those that learn from composed pages.
AnyRecipe = Recipe | PagesRecipe


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
        If there is no such recipe, the file is no TOML, a key or value is not allowed, or it is of
        the kind that composes what it learns from.
    """
    return on_pictures(load_any(recipe))


def load_any(recipe: str | Path) -> AnyRecipe:
    """Load a recipe of either kind, as `load_recipe` does."""
    path = Path(recipe)
    if path.suffix != ".toml":
        path = built_in_path(str(recipe))
    try:
        if (kind := kind_of(path)) is not None:
            raise UsageError(f"{path}: is {kind}, not a recipe.")
        if path.stat().st_size > MOST:
            raise UsageError(f"{path}: is larger than {MOST >> 20} MB, which no recipe is.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a recipe ({_why(error)}).") from error
    return parse_any(text, str(path), default_name=path.stem)


def parse_recipe(text: str, where: str, default_name: str = "custom") -> Recipe:
    """Parse a recipe's TOML text; ``where`` names it in messages. Raises UsageError."""
    return on_pictures(parse_any(text, where, default_name))


def parse_any(text: str, where: str, default_name: str = "custom") -> AnyRecipe:
    """Parse the TOML text of a recipe of either kind; the key ``task`` tells them apart."""
    try:
        record = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where}: not a TOML file ({error}).") from error
    kind = PagesRecipe if "task" in record else Recipe
    return kind.checked({"name": default_name} | record, where)


def on_pictures(recipe: AnyRecipe) -> Recipe:
    """Return a recipe that learns from a data set's pictures; raises UsageError for others."""
    if isinstance(recipe, PagesRecipe):
        raise UsageError(
            f"recipe {recipe.name!r} learns from composed pages (task = {recipe.task!r}). "
            "Only 'tenfold train' takes it, one seed at a time."
        )
    return recipe


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
            raise UsageError(f"setting {setting!r}: write it as key=value, such as epochs=3.")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text.strip()  # a bare word is a string: --set loss.name=focal
        changes[key.strip()] = value
    return changes


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
