"""The pages say what the program says."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import tenfold
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


class _Loaded(HTMLParser):
    """What a page makes a browser load."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect addresses of whatever is no mere link."""
        if tag != "a":
            self.addresses += [v for k, v in attrs if k in ("src", "href", "srcset", "data") and v]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation's site, without the page that reads, built strictly."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    command = [*build, "--site-dir", str(folder)]
    quiet = {"TENFOLD_TRY_PAGE": "no", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        assert [each for each in loaded.addresses if "//" in each] == [], page
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", styles) == []


def test_the_reference_documents_every_public_name(site: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in (site / "reference").rglob("*.html")]
    homes = tenfold._HOMES
    missing = [n for n, home in homes.items() if not any(f'id="{home}.{n}"' in p for p in pages)]
    assert missing == []
    assert (site / "search" / "search_index.json").exists()
