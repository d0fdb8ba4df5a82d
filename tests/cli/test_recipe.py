from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tenfold.cli import app
from tenfold.errors import UsageError
from tenfold.training.recipe import built_in_recipes, load_any, parse_any


def _recipe(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["recipe", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr == ""
    return result.stdout


def test_without_a_name_it_lists_all_with_what_they_are() -> None:
    # What a line has no room for goes on below, indented.
    lines = [line for line in _recipe().splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in lines] == built_in_recipes()
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("name", built_in_recipes())
def test_what_it_prints_is_the_recipe(name: str) -> None:
    assert parse_any(_recipe(name), "printed", default_name=name) == load_any(name)


def test_an_unknown_name_is_told_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"recipe 'mnits' is not known\. Built in: best, digits"):
        _recipe("mnits")
