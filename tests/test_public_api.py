from __future__ import annotations

import base64
import dataclasses
import doctest
import importlib
import inspect
import io
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

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


def test_help_and_import_all_work_without_the_training_half() -> None:
    code = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "sklearn", "scipy", "pydantic"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
import pydoc, tenfold
from tenfold import *
assert "DigitClassifier" in pydoc.render_doc(tenfold) and "train" in dir(tenfold)
assert not {"os", "annotations", "import_module"} & {*dir(tenfold)}
assert Model.__module__ == "tenfold.model"
try:
    train("digits")
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"tenfold\.train needs the package \w+\. "
        r"In tenfold's source folder, run: pip install '\.\[train\]'\. .* about 3 GB; .*\n",
        done.stdout,
    )


def test_a_notebook_shows_what_matters(run: Run, few: Splits) -> None:
    reading = tenfold.read(Path(__file__).parents[1] / "docs" / "pictures" / "sample.png")
    model = tenfold.load_model(run.model, threads=1)
    for thing, words in (
        (few.test, f"{len(few.test)} images of 8×8, 10 classes"),
        (run, f"test accuracy {100 * run.evaluation.accuracy:.2f} %"),
        (model, f"{model.info.parameters:,} parameters"),
        (reading, repr(reading.text)),
    ):
        assert words in repr(thing)
        assert len(repr(thing)) < 400
    drawing = ElementTree.fromstring(reading._repr_html_().partition("</p>")[2])  # noqa: S314
    read = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert read == [str(digit.digit) for digit in reading.digits]
    for thing, count in ((few.test, 1), (run, 2)):
        pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', thing._repr_html_())
        assert len(pictures) == count
        for picture in pictures:
            Image.open(io.BytesIO(base64.b64decode(picture))).verify()
    hostile = dataclasses.replace(reading, file="<script>.png")
    assert "<script>" not in hostile._repr_html_()
