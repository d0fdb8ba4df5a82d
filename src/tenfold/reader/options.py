"""Options of a reader, checked when they are given and not at the first picture."""

from __future__ import annotations

from numbers import Real
from os import PathLike

from tenfold.errors import ModelError, UsageError
from tenfold.model import Model, load_model
from tenfold.preprocess.normalize import FIELD
from tenfold.reader.expect import Expect
from tenfold.reader.networks import bundled_model
from tenfold.reader.scaled import Classifier, Scaled, warn_of_size
from tenfold.signature import DIGITS


def check_choice(option: str, value: object, allowed: tuple[str, ...]) -> None:
    """Raise UsageError unless an option has one of its values."""
    if not isinstance(value, str) or value not in allowed:
        raise UsageError(f"{option} is {value!r}; choose one of {', '.join(allowed)}.")


def check_share(option: str, value: object) -> None:
    """Raise UsageError unless an option is a number from 0 to 1."""
    if not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise UsageError(f"{option} is {value!r}; give a number from 0 to 1.")


def expectation(expect: object) -> Expect | None:
    """Return what an option says is expected: an Expect, words, or None.

    Raises
    ------
    UsageError
        If it is none of these, the words are not understood, or no number fits them.
    DataError
        If a list that they name cannot be read.
    """
    if expect is None or isinstance(expect, Expect):
        return expect
    if not isinstance(expect, str):
        raise UsageError(f"expect is a {type(expect).__name__}; give words, an Expect, or None.")
    return Expect.parse(expect)


def classifier(model: object) -> Classifier:
    """Return the classifier that an option names: a Model, a path, or None for the bundled one.

    One of another size than 28×28 sees glyphs in its own size, with a warning of what that costs.

    Raises
    ------
    UsageError
        If it is none of these.
    ModelError
        If its file cannot be used, or does not read pictures of digits.
    """
    if model is None:
        return bundled_model()
    if isinstance(model, Scaled):
        return model
    if not isinstance(model, Model | str | PathLike):
        raise UsageError(f"model is a {type(model).__name__}; give a Model, a path, or None.")
    # A picture's few glyphs are read fastest on one thread.
    opened = model if isinstance(model, Model) else load_model(model, threads=1)
    info = opened.info
    if info.classes != tuple(DIGITS):
        names = ", ".join(info.classes[:10]) + (", …" if len(info.classes) > 10 else "")
        raise ModelError(
            f"{opened.path}: takes pictures of {names}; pictures are read with a model of the "
            "digits 0 to 9. 'tenfold train --data mnist' makes one."
        )
    if info.size == FIELD:
        return opened
    warn_of_size(opened)
    return Scaled(opened)
