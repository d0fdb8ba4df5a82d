"""Options of a reader, checked when they are given and not at the first picture."""

from __future__ import annotations

from functools import cache
from numbers import Real
from os import PathLike
from pathlib import Path

from tenfold.errors import ModelError, UsageError
from tenfold.model import Model, load_model, read_content
from tenfold.modelfile import MAX_WORK, SIDE, checked
from tenfold.preprocess.normalize import FIELD
from tenfold.reader.expect import Expect
from tenfold.reader.networks import (
    FILES,
    FINDER,
    LINE,
    LineRecogniser,
    Networks,
    bundled_content,
    bundled_model,
)
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


def networks(model: object) -> Networks:
    """Return what an option names: networks, a Model, a model file, a folder of them, or None.

    Of a folder, such as ``tenfold fine-tune`` writes, ``digits.onnx`` and ``line.onnx`` are taken;
    what is not there is the bundled one.

    Raises
    ------
    UsageError
        If it is none of these.
    ModelError
        If a file cannot be used, or the folder holds neither.
    """
    if isinstance(model, Networks):
        return model
    if not isinstance(model, str | PathLike):
        return Networks(classifier(model))
    path, line = Path(model), line_of(model)
    if not path.is_dir():
        return Networks(classifier(path if line is None else None), line)
    own = path / FILES["classifier"]
    return Networks(classifier(own if own.is_file() else None), line)


def line_of(model: str | PathLike[str]) -> LineRecogniser | None:
    """Open the line recogniser that a path leads to: itself, or in its folder; None without one.

    Raises
    ------
    ModelError
        If it cannot be used, or a folder holds no network at all.
    """
    path = Path(model)
    if path.is_dir():
        if not any((path / name).is_file() for name in FILES.values()):
            raise ModelError(
                f"{path}: holds no {' and no '.join(FILES.values())}. Name a model file, or a "
                "folder that 'tenfold fine-tune' wrote."
            )
        path /= FILES["line"]
        if not path.is_file():
            return None
    content = read_content(path)
    _, graph, _ = checked(content, str(path), free=SIDE, work=MAX_WORK)
    return LineRecogniser(content, str(path)) if "frames" in graph.outputs else None


def contents(model: str | None) -> dict[str, bytes]:
    """Return the content of each network's file, those that ``model`` leads to and the bundled.

    Raises
    ------
    ModelError
        If a file cannot be used.
    """
    own = {name: bundled_content(name) for name in (FINDER, LINE, FILES["classifier"])}
    if model is None:
        return own
    found = networks(model)
    if found.line is not None:
        own[LINE] = found.line.content
    path = Path(model)
    if path.is_dir() and (path / FILES["classifier"]).is_file():
        own[FILES["classifier"]] = read_content(path / FILES["classifier"])
    elif not path.is_dir() and found.line is None:
        own[FILES["classifier"]] = read_content(path)
    return own


@cache
def networks_version(model: str | None = None) -> str:
    """Return `Networks.version` of what ``model`` leads to, without opening it twice."""
    return networks(model).version


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
