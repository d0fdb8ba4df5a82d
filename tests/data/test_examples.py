"""Every example in the docstrings and on the docs page of the data half shows what it says."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
MODULES = [
    "tenfold.data.dataset",
    "tenfold.data.digits",
    "tenfold.data.registry",
    "tenfold.data.splits",
    "tenfold.data.arrays",
    "tenfold.sheets",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_show_what_they_say(name: str) -> None:
    failed, attempted = doctest.testmod(import_module(name))
    assert attempted
    assert not failed


def test_the_docs_page_shows_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the page saves files of its own
    failed, attempted = doctest.testfile(str(PAGE), module_relative=False)
    assert attempted
    assert not failed
