"""The pages say what the program says."""

import re
import subprocess
import sys
from pathlib import Path

from tenfold.training.pages.recipe import PagesRecipe
from tenfold.training.recipe import Recipe, built_in_recipes

ROOT = Path(__file__).parent.parent


def test_the_command_page_is_what_the_help_says(tmp_path: Path) -> None:
    page = tmp_path / "commands.md"
    command = ["-m", "typer", "tenfold.cli", "utils", "docs", "--name", "tenfold"]
    subprocess.run([sys.executable, *command, "--output", str(page)], check=True)
    assert page.read_text() == (ROOT / "docs" / "commands.md").read_text(), "run: make docs"


def test_the_recipe_page_names_every_key_and_recipe() -> None:
    page = (ROOT / "docs" / "recipes.md").read_text()
    keys = [*Recipe.known_keys(), *PagesRecipe.known_keys()]
    assert [key for key in keys if f"`{key}`" not in page] == []
    assert [name for name in built_in_recipes() if f"`{name}`" not in page] == []


def test_links_between_pages_lead_somewhere() -> None:
    links = [
        (page, target)
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text())
    ]
    assert {page.name for page, _ in links} >= {"README.md", "index.md"}
    broken = [f"{page}: {target}" for page, target in links if not (page.parent / target).exists()]
    assert broken == []


def test_the_tables_of_figures_are_what_the_result_files_say() -> None:
    code = (
        "import readme_table\n"
        "for page in readme_table.PAGES:\n"
        "    same = readme_table.with_tables(page) == page.read_text(encoding='utf-8')\n"
        "    assert same, f'{page.name}: run: python benchmarks/readme_table.py'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "benchmarks", capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_tutorials_code_is_that_of_the_examples() -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    *steps, keras = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for code, name in (("".join(steps), "tutorial.py"), (keras, "tutorial_keras.py")):
        file = (ROOT / "examples" / name).read_text(encoding="utf-8")
        assert [line for line in code.splitlines() if line] == [
            line for line in file.splitlines() if line
        ], name
