"""An experiment as code to copy: the same in tenfold, in PyTorch and in Keras.

Each is a whole script. Tests run them and compare them with what the lab trains.
"""

from __future__ import annotations

from typing import Any

from tenfold.lab import code_keras, code_torch
from tenfold.lab.code_data import mnist_parts
from tenfold.lab.experiment import Experiment

BROKEN = {
    "scaled": "# tenfold always scales images to 0-1; PyTorch and Keras show it without.",
    "swapped": "# tenfold keeps the axes in order; PyTorch and Keras show them swapped.",
}


def code_of(experiment: Experiment) -> dict[str, str]:
    """Return the three scripts by the name of the library.

    Examples
    --------
    >>> "tenfold.train" in code_of(Experiment())["tenfold"]
    True
    """
    return {
        "tenfold": _tenfold(experiment),
        "pytorch": code_torch.script(experiment),
        "keras": code_keras.script(experiment),
    }


def _tenfold(experiment: Experiment) -> str:
    head = ['"""A digit recogniser with tenfold, as set in tenfold lab.', ""]
    head += ["pip install '.[train]'", '"""', ""]
    body = ["import tenfold", "from tenfold import Recipe", ""]
    data = f'"{experiment.data}"'
    if experiment.shuffled or experiment.data == "mnist":
        body, data = _parts(experiment), "splits"
    body += [BROKEN["scaled"]] if not experiment.scaled else []
    body += [BROKEN["swapped"]] if experiment.swapped else []
    run = [
        f"run = tenfold.train({data}, recipe)",
        'print(f"validation accuracy {run.history[-1].validation_accuracy:.2%}")',
        'print(f"test accuracy {run.evaluation.accuracy:.2%}")',
    ]
    return "\n".join([*head, *body, *_recipe(experiment), *run]) + "\n"


def _recipe(experiment: Experiment) -> list[str]:
    """Write the recipe as a call, with what differs from the defaults."""
    record = experiment.recipe().model_dump(exclude_unset=True)
    lines = [f"    {key}={_value(value)}," for key, value in record.items()]
    return ["recipe = Recipe(", *lines, ")"]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f'"{key}": {_value(each)}' for key, each in value.items())
        return f"{{{inside}}}"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _parts(experiment: Experiment) -> list[str]:
    """Write how the parts of the data are taken, where that is more than a name."""
    lines = ["from dataclasses import replace", ""] if experiment.shuffled else []
    lines += ["import numpy as np", "import tenfold", "from tenfold import Recipe"]
    lines += ["from tenfold.data.registry import load_splits"]
    lines += ["from tenfold.data.splits import Splits"] if experiment.data == "mnist" else []
    lines += ["", f'splits = load_splits("{experiment.data}")']
    if experiment.data == "mnist":
        lines += mnist_parts(experiment)
    if experiment.shuffled:
        lines += [
            "# All training labels are shuffled, those held out for validation too; in the lab,",
            "# these stay right.",
            f"labels = np.random.default_rng({experiment.seed}).permutation(splits.train.labels)",
            "splits = replace(splits, train=replace(splits.train, labels=labels))",
        ]
    return [*lines, ""]
