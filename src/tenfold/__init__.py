"""tenfold reads handwritten digits: train on labelled images, evaluate, read your own pictures.

The names below are the public API. They load on first use, so ``import tenfold`` stays cheap and
the reading half never pulls in torch.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

# From 1.29 on, ONNX Runtime's builds report usage to their maker unless told not to before they are
# loaded. tenfold asks nothing of other machines that nobody asked it for.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tenfold.data.dataset import Dataset as Dataset
    from tenfold.errors import TenfoldError as TenfoldError
    from tenfold.estimator import DigitClassifier as DigitClassifier
    from tenfold.evaluation.evaluate import evaluate as evaluate
    from tenfold.evaluation.evaluation import Evaluation as Evaluation
    from tenfold.model import Model as Model
    from tenfold.model import load_model as load_model
    from tenfold.reader.read import read as read
    from tenfold.reader.read import read_pages as read_pages
    from tenfold.reader.reader import Reader as Reader
    from tenfold.reader.reading import Reading as Reading
    from tenfold.samples.load import load_dataset as load_dataset
    from tenfold.training.recipe import Recipe as Recipe
    from tenfold.training.run import train as train

_HOMES = {
    "Dataset": "tenfold.data.dataset",
    "DigitClassifier": "tenfold.estimator",
    "Evaluation": "tenfold.evaluation.evaluation",
    "Model": "tenfold.model",
    "Reader": "tenfold.reader.reader",
    "Reading": "tenfold.reader.reading",
    "Recipe": "tenfold.training.recipe",
    "TenfoldError": "tenfold.errors",
    "evaluate": "tenfold.evaluation.evaluate",
    "load_dataset": "tenfold.samples.load",
    "load_model": "tenfold.model",
    "read": "tenfold.reader.read",
    "read_pages": "tenfold.reader.read",
    "train": "tenfold.training.run",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'tenfold' has no attribute {name!r}")
    try:
        value: object = getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if (error.name or "tenfold").partition(".")[0] == "tenfold":
            raise
        return _stand_in(name, error.name)
    globals()[name] = value
    return value


def _stand_in(name: str, package: str | None) -> object:
    """Take the place of what lacks a package, so that help, dir and ``import *`` work without it.

    Called, it says what to install.
    """
    from tenfold.errors import install

    words = f"tenfold.{name} needs the package {package}. {install('train')}"

    def missing(*_: object, **__: object) -> object:
        raise ModuleNotFoundError(words, name=package)

    missing.__name__ = missing.__qualname__ = name
    missing.__doc__ = f"{words}."
    return missing


def __dir__() -> list[str]:
    # Nobody looks for what this module itself needs.
    needed = {"TYPE_CHECKING", "annotations", "import_module", "os", "__dir__", "__getattr__"}
    return sorted({*globals(), *__all__} - needed)
