"""Write each notebook from the Python file beside it: python notebooks/pair.py.

The notebooks hold no outputs. Where pyproject.toml names the project's repository on GitHub
([project.urls], Repository), each gets a badge that opens it in Colab, and its first cell
clones that repository where tenfold is missing; otherwise it needs the clone that it lies in.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import jupytext

FOLDER = Path(__file__).parent
PYPROJECT = FOLDER.parent / "pyproject.toml"


def repository() -> str | None:
    """Return the project's address on GitHub, if pyproject.toml names one."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    for address in project.get("urls", {}).values():
        if found := re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?", address):
            return found[1]
    return None


def notebook(source: Path, where: str | None) -> Any:
    """Return the notebook of a Python file, with a badge if the repository is named."""
    made = jupytext.read(source)
    made.metadata.pop("jupytext", None)
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number:02}"
    if where is not None:
        path = f"github/{where}/blob/main/notebooks/{source.stem}.ipynb"
        badge = "https://colab.research.google.com/assets/colab-badge.svg"
        first = made.cells[0]
        address = f"https://colab.research.google.com/{path}"
        first["source"] += f"\n\n[![Open in Colab]({badge})]({address})"
        for cell in made.cells:
            if "install" in cell.metadata.get("tags", []):
                clone = f"    !git clone --quiet --depth 1 https://github.com/{where}\n"
                clone += f"    %cd {where.partition('/')[2]}/notebooks\n"
                cell["source"] = cell["source"].replace("    %pip", clone + "    %pip")
    return made


def main() -> None:
    """Write them all."""
    where = repository()
    for source in sorted(FOLDER.glob("[0-9]*.py")):
        jupytext.write(notebook(source, where), source.with_suffix(".ipynb"))
        print(source.with_suffix(".ipynb").name)


if __name__ == "__main__":
    main()
