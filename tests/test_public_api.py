from __future__ import annotations

import doctest
import importlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import tenfold
from tenfold.data.splits import Splits
from tenfold.training.result import Run

VERBS = ["evaluate", "load_dataset", "load_model", "train"]


def test_the_names_a_person_is_promised() -> None:
    assert {*VERBS, "DigitClassifier", "Dataset", "Model", "Recipe"} <= set(tenfold.__all__)
    assert set(tenfold.__all__) <= set(dir(tenfold))
    assert sorted(tenfold.__all__, key=str.lower) == sorted(set(tenfold.__all__), key=str.lower)


@pytest.mark.parametrize("name", tenfold.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    thing = getattr(tenfold, name)
    assert thing.__name__ == name
    documentation = inspect.getdoc(thing)
    assert documentation
    first = documentation.splitlines()[0]
    assert first.endswith((".", ";", "`."))
    assert len(first) < 100
    assert getattr(importlib.import_module(thing.__module__), name) is thing


@pytest.mark.parametrize("name", [*VERBS, "DigitClassifier", "Dataset", "Recipe"])
def test_every_verb_and_what_a_person_makes_has_an_example(name: str) -> None:
    thing = getattr(tenfold, name)
    documentation = inspect.getdoc(thing) or ""
    examples = doctest.DocTestParser().get_examples(documentation)
    assert any(name in example.source for example in examples)
    assert examples
    assert "Examples\n--------" in documentation


@pytest.mark.parametrize("name", VERBS)
def test_every_argument_is_documented(name: str) -> None:
    thing = getattr(tenfold, name)
    documentation = inspect.getdoc(thing) or ""
    parameters = documentation.partition("Parameters\n----------")[2].partition("\nReturns")[0]
    documented = re.findall(r"^([\w, ]+?) : ", parameters, flags=re.MULTILINE)
    names = {word.strip() for line in documented for word in line.split(",")}
    assert names == set(inspect.signature(thing).parameters)


def test_names_that_are_not_there_are_told() -> None:
    with pytest.raises(AttributeError, match="module 'tenfold' has no attribute 'raed'"):
        _ = tenfold.raed


def test_the_version_is_the_packages() -> None:
    assert tenfold.__version__ == version("tenfold")


def test_from_data_to_figures_in_python(run: Run, few: Splits, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", images=few.test.images, labels=few.test.targets)
    data = tenfold.load_dataset(tmp_path / "mine.npz", "all")
    model = tenfold.load_model(run.model, threads=1)
    evaluation = tenfold.evaluate(model, data)
    assert evaluation.accuracy == np.mean(model.predict(data.images) == data.targets)
    assert evaluation.accuracy == run.evaluation.accuracy
